//! `windlass audit`: who did what on each host.

use serde_json::{Value, json};

use super::super::view::View;
use super::{Failure, Operation, Shell};

/// Lines that are shown of each host, as Kamal shows them.
const LINES: usize = 50;

/// Prints the end of every host's audit log.
pub fn run(shell: &Shell) -> Result<(), Failure> {
    let workspace = shell.workspace()?;
    let operation = Operation { prints: true, ..Operation::new("audit") };
    let logs = shell.ask(&workspace, &operation, async |run| run.audit_logs(LINES).await)?;
    for (host, lines) in logs {
        shell.output.show(&Log { host, lines });
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
