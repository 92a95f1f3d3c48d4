//! `windlass apply`: exactly what a saved plan says, or nothing.

use std::path::Path;
use std::time::Instant;

use clap::ArgMatches;

use crate::deploy::saved::Saved;

use super::super::operate;
use super::{Cli, Failure, Operation};

/// Checks that config, plugins and CLI are those that the plan was made with; then performs
/// it. Hosts that changed since are found out under the lock.
pub fn run(cli: &Cli, matches: &ArgMatches) -> Result<(), Failure> {
    let path = Path::new(matches.get_one::<String>("FILE").expect("clap requires it"));
    let saved = Saved::read(path)?;
    let mut globals = cli.globals.clone();
    globals.version = Some(saved.plan.version.clone());
    globals.destination.clone_from(&saved.plan.destination);
    let mut workspace = cli.open(&globals)?;
    saved.bind(path, &workspace.crew, &mut workspace.request)?;
    let Saved { operation, arguments, plan, seen, .. } = saved;
    let (name, aims) = (operation.name, operation.aims);
    let operation = Operation { aims, arguments, deploys: true, ..Operation::new(&name) };
    cli.block(async {
        let mut ready = operate::ready(&workspace, &operation, &globals, &cli.output).await?;
        ready.run.settings.strict = true;
        let began = Instant::now();
        let done = operate::perform(&ready, &operation, plan, seen, &workspace).await;
        let hooks = ready.run.hooks.clone();
        ready.close().await;
        done?;
        Ok(hooks.after_deploy(began.elapsed().as_secs_f64().round() as u64).await?)
    })
}
