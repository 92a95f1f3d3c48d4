//! `windlass audit`: who did what on each host.

use serde_json::{Value, json};

use super::super::view::View;
use super::{Cli, Failure, Operation};

/// Lines that are shown of each host, as Kamal shows them.
const LINES: usize = 50;

/// Prints the end of every host's audit log.
pub fn run(cli: &Cli) -> Result<(), Failure> {
    let workspace = cli.workspace()?;
    let operation = Operation { prints: true, ..Operation::new("audit") };
    let logs = cli.ask(&workspace, &operation, async |run| run.audit_logs(LINES).await)?;
    for (host, lines) in logs {
        cli.output.show(&Log { host, lines });
    }
    Ok(())
}

/// The end of a host's audit log.
struct Log {
    host: String,
    lines: Vec<String>,
}

impl View for Log {
    fn human(&self) -> String {
        let text = format!("App Host: {}\n{}", self.host, self.lines.join("\n"));
        text.trim_end_matches('\n').to_string()
    }

    fn json(&self) -> Value {
        json!({"host": self.host, "lines": self.lines})
    }
}
