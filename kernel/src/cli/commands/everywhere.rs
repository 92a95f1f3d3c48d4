//! Operations of one word in which every plugin does its part: `details`, `remove`.

use super::{Failure, Operation, Shell, confirm, operate};

/// Prints what is up, host by host.
pub fn details(shell: &Shell) -> Result<(), Failure> {
    run(shell, Operation { prints: true, ..Operation::new("details") })
}

/// Takes everything of this service off its hosts.
pub fn remove(shell: &Shell) -> Result<(), Failure> {
    if !shell.globals.yes {
        confirm("This will remove all containers and images. Are you sure?")?;
    }
    run(shell, Operation::new("remove"))
}

fn run(shell: &Shell, operation: Operation) -> Result<(), Failure> {
    let workspace = shell.workspace()?;
    shell.block(operate(&workspace, operation, &shell.globals, &shell.output))
}
