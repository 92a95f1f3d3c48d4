//! Operations of one word in which every plugin does its part: `details`, `remove`.

use serde_json::json;

use super::{Failure, Operation, Shell, confirm, operate};

/// Prints what is up, host by host.
pub fn details(shell: &Shell) -> Result<(), Failure> {
    run(shell, "details", true)
}

/// Takes everything of this service off its hosts.
pub fn remove(shell: &Shell) -> Result<(), Failure> {
    if !shell.globals.yes {
        confirm("This will remove all containers and images. Are you sure?")?;
    }
    run(shell, "remove", false)
}

fn run(shell: &Shell, name: &str, prints: bool) -> Result<(), Failure> {
    let workspace = shell.workspace()?;
    let operation = Operation { name, arguments: json!({}), prints, deploys: false };
    shell.block(operate(&workspace, operation, &shell.globals, &shell.output))
}
