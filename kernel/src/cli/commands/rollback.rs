//! `windlass rollback [VERSION]`.

use clap::ArgMatches;

use super::super::operate;
use super::{Failure, Operation, Shell};

/// Deploys an earlier version whose image the hosts still have. Without a version, the last
/// one that was good on every host and is not in service now.
pub fn run(shell: &Shell, matches: &ArgMatches) -> Result<(), Failure> {
    let mut workspace = shell.workspace()?;
    let version = match matches.get_one::<String>("VERSION").or(shell.globals.version.as_ref()) {
        Some(version) => version.clone(),
        None => {
            let operation = Operation::new("rollback");
            let found =
                shell.ask(&workspace, &operation, async |run| run.version_before().await)?;
            found.ok_or_else(|| {
                Failure::with_help(
                    "there is no earlier version that all hosts and roles have",
                    "see what each host has with `windlass app containers`, and name one: windlass rollback VERSION",
                )
            })?
        }
    };
    shell.output.say(&format!("Rolling back to {version}"));
    workspace.brief.act_on(version);
    let operation = Operation { deploys: true, ..Operation::new("rollback") };
    shell.block(operate::operate(&workspace, operation, &shell.globals, &shell.output))
}
