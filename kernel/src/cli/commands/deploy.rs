//! `windlass setup`, `deploy`, `redeploy`.

use clap::ArgMatches;

use crate::deploy::operation::BOOTSTRAP;

use super::{Cli, Failure, Operation, envify, operate};

/// Observes, plans, and performs the plan, with whatever it is once the lock is held. `setup`
/// begins with the secrets' file, if there is a template, and with the servers themselves:
/// without Docker nothing else could be observed.
pub fn run(cli: &Cli, name: &str, matches: &ArgMatches) -> Result<(), Failure> {
    if name == "setup" {
        envify::write(cli)?;
    }
    let workspace = cli.workspace_with_version()?;
    let operation = Operation::deploy(name, matches.get_flag("skip-push"));
    if name == "setup" {
        let arguments = operation.arguments.clone();
        let first = Operation { arguments, ..Operation::new(BOOTSTRAP) };
        cli.block(operate(&workspace, first, &cli.globals, &cli.output))?;
    }
    cli.block(operate(&workspace, operation, &cli.globals, &cli.output))
}
