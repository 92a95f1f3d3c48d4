//! `windlass audit`: who did what on each host.

use crate::model::paths::Paths;
use crate::ssh::quote;

use super::super::operate;
use super::{Failure, Operation, Shell};

/// Lines that are shown of each host, as Kamal shows them.
const LINES: usize = 50;

/// Prints the end of every host's audit log.
pub fn run(shell: &Shell) -> Result<(), Failure> {
    let workspace = shell.workspace()?;
    let operation = Operation { prints: true, ..Operation::new("audit") };
    shell.block(async {
        let ready = operate::ready(&workspace, &operation, &shell.globals, &shell.output).await?;
        let project = &workspace.brief.project;
        let paths = Paths::new(&project.run_directory, &project.service, project.destination.as_deref());
        let log = quote(&paths.audit());
        let part = format!(
            "if [ -r {log} ]; then tail -n {LINES} {log} | while IFS= read -r line; do ev line \"$line\"; done; fi\n"
        );
        for host in &workspace.brief.hosts {
            let mut lines = Vec::new();
            let asked = ready.run.hosts.ask(host, &part, |words| lines.push(words[1..].join(" "))).await;
            if let Err(error) = asked {
                ready.close().await;
                return Err(error.into());
            }
            if shell.globals.json {
                shell.output.result(&serde_json::json!({"host": host, "lines": lines}).to_string());
            } else {
                shell.output.result(&format!("App Host: {host}\n{}\n", lines.join("\n")));
            }
        }
        ready.close().await;
        Ok(())
    })
}
