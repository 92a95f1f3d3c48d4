//! `windlass setup`, `deploy`, `redeploy`.

use clap::ArgMatches;

use super::super::operate::BOOTSTRAP;
use super::{Failure, Operation, Shell, deploy_arguments, envify, operate};

/// Observes, plans, and performs the plan, with whatever it is once the lock is held. `setup`
/// begins with the secrets' file, if there is a template, and with the servers themselves:
/// without Docker nothing else could be observed.
pub fn run(shell: &Shell, name: &str, matches: &ArgMatches) -> Result<(), Failure> {
    if name == "setup" {
        envify::write(shell)?;
    }
    let workspace = shell.workspace_with_version()?;
    let arguments = deploy_arguments(matches);
    if name == "setup" {
        let arguments = arguments.clone();
        let first = Operation { arguments, ..Operation::new(BOOTSTRAP) };
        shell.block(operate(&workspace, first, &shell.globals, &shell.output))?;
    }
    let operation = Operation { arguments, deploys: true, ..Operation::new(name) };
    shell.block(operate(&workspace, operation, &shell.globals, &shell.output))
}
