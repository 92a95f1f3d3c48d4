//! `windlass setup`, `deploy`, `redeploy`.

use clap::ArgMatches;

use super::{Failure, Operation, Shell, deploy_arguments, operate};

/// Observes, plans, and performs the plan, with whatever it is once the lock is held.
pub fn run(shell: &Shell, name: &str, matches: &ArgMatches) -> Result<(), Failure> {
    let workspace = shell.workspace_with_version()?;
    let arguments = deploy_arguments(matches);
    let operation = Operation { name, arguments, prints: false, deploys: true };
    shell.block(operate(&workspace, operation, &shell.globals, &shell.output))
}
