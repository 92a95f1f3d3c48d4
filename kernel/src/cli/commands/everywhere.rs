//! Operations of one word in which every plugin does its part: `details`, `remove`.

use super::{Cli, Failure, Operation, confirm, operate};

/// Prints what is up, host by host.
pub fn details(cli: &Cli) -> Result<(), Failure> {
    run(cli, Operation { prints: true, ..Operation::new("details") })
}

/// Takes everything of this service off its hosts.
pub fn remove(cli: &Cli) -> Result<(), Failure> {
    if !cli.globals.yes {
        confirm("This will remove all containers and images. Are you sure?")?;
    }
    run(cli, Operation::new("remove"))
}

fn run(cli: &Cli, operation: Operation) -> Result<(), Failure> {
    let workspace = cli.workspace()?;
    cli.block(operate(&workspace, operation, &cli.globals, &cli.output))
}
