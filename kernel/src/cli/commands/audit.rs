//! `windlass audit`: who did what on each host.

use super::{Failure, Operation, Shell};

/// Lines that are shown of each host, as Kamal shows them.
const LINES: usize = 50;

/// Prints the end of every host's audit log.
pub fn run(shell: &Shell) -> Result<(), Failure> {
    let workspace = shell.workspace()?;
    let operation = Operation { prints: true, ..Operation::new("audit") };
    let logs = shell.ask(&workspace, &operation, async |run| run.audit_logs(LINES).await)?;
    for (host, lines) in logs {
        shell.output.result(&match shell.globals.json {
            true => serde_json::json!({"host": host, "lines": lines}).to_string(),
            false => format!("App Host: {host}\n{}\n", lines.join("\n")),
        });
    }
    Ok(())
}
