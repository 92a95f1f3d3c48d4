//! Operations of one word in which every plugin does its part: `details`, `remove`, `downgrade`.

use clap::ArgMatches;
use serde_json::json;

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

/// Goes back from Kamal 2 on running hosts: Traefik takes the place of kamal-proxy.
pub fn downgrade(shell: &Shell, matches: &ArgMatches) -> Result<(), Failure> {
    if !shell.globals.yes {
        confirm(
            "Requests fail on each host while Traefik takes the place of kamal-proxy, and all \
             accessories are rebooted. Go on?",
        )?;
    }
    let arguments = json!({ "rolling": matches.get_flag("rolling") });
    run(shell, Operation { arguments, in_service: true, ..Operation::new("downgrade") })
}

fn run(shell: &Shell, operation: Operation) -> Result<(), Failure> {
    let workspace = shell.workspace()?;
    shell.block(operate(&workspace, operation, &shell.globals, &shell.output))
}
