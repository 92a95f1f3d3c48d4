//! `windlass audit`: who did what on each host.

use super::super::operate;
use super::{Failure, Operation, Shell};

/// Lines that are shown of each host, as Kamal shows them.
const LINES: usize = 50;

/// Prints the end of every host's audit log.
pub fn run(shell: &Shell) -> Result<(), Failure> {
    let workspace = shell.workspace()?;
    let operation = Operation { prints: true, ..Operation::new("audit") };
    let logs = shell.block(async {
        let ready = operate::ready(&workspace, &operation, &shell.globals, &shell.output).await?;
        let logs = ready.run.audit_logs(LINES).await;
        ready.close().await;
        Ok(logs?)
    })?;
    for (host, lines) in logs {
        shell.output.result(&match shell.globals.json {
            true => serde_json::json!({"host": host, "lines": lines}).to_string(),
            false => format!("App Host: {host}\n{}\n", lines.join("\n")),
        });
    }
    Ok(())
}
