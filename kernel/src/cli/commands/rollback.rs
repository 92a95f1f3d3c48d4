//! `windlass rollback [VERSION]`.

use clap::ArgMatches;

use super::super::operate;
use super::{Cli, Failure, Operation};

/// Deploys an earlier version whose image the hosts still have. Without a version, the last
/// one that was good on every host and is not in service now.
pub fn run(cli: &Cli, matches: &ArgMatches) -> Result<(), Failure> {
    let mut workspace = cli.workspace()?;
    let version = match matches.get_one::<String>("VERSION").or(cli.globals.version.as_ref()) {
        Some(version) => version.clone(),
        None => {
            let operation = Operation::new("rollback");
            let found = cli.ask(&workspace, &operation, async |run| run.version_before().await)?;
            found.ok_or_else(|| {
                Failure::with_help(
                    "there is no earlier version that all hosts and roles have",
                    "see what each host has with `windlass app containers`, and name one: windlass rollback VERSION",
                )
            })?
        }
    };
    cli.output.say(&format!("Rolling back to {version}"));
    workspace.request.act_on(version);
    let operation = Operation { deploys: true, ..Operation::new("rollback") };
    cli.block(operate::operate(&workspace, operation, &cli.globals, &cli.output))
}
