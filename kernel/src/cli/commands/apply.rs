//! `windlass apply`: exactly what a saved plan says, or nothing.

use std::time::Instant;

use clap::ArgMatches;

use super::super::operate;
use super::plan::{FORMAT, PlanFile};
use super::{Failure, Operation, Shell};

/// Checks that config, plugins and CLI are those that the plan was made with; then performs
/// it. Hosts that changed since are found out under the lock.
pub fn run(shell: &Shell, matches: &ArgMatches) -> Result<(), Failure> {
    let path = matches.get_one::<String>("FILE").expect("clap requires it");
    let again = "make a new one: windlass plan -o FILE";
    let text =
        std::fs::read_to_string(path).map_err(|e| Failure::Message(format!("{path}: {e}")))?;
    let file: PlanFile = serde_json::from_str(&text).map_err(|e| {
        Failure::with_help(format!("{path} is no plan of this version: {e}"), again)
    })?;
    let differs =
        |what: &str| Failure::with_help(format!("{path}: {what} since this plan was made"), again);
    if file.format != FORMAT || file.windlass != env!("CARGO_PKG_VERSION") {
        return Err(differs("Windlass has changed"));
    }
    let mut globals = shell.globals.clone();
    globals.version = Some(file.plan.version.clone());
    globals.destination = file.plan.destination.clone();
    let mut workspace = shell.open(&globals)?;
    let plugins: Vec<(String, String)> =
        workspace.crew.iter().map(|p| (p.name().into(), p.digest().into())).collect();
    if plugins != file.plugins {
        return Err(differs("the plugins have changed"));
    }
    if workspace.brief.project != file.project {
        return Err(differs("the configuration has changed"));
    }
    workspace.brief.run_id = file.plan.run_id.clone();
    workspace.brief.hosts = file.hosts;
    workspace.brief.roles = file.roles;
    // The planned revision is built, whatever has been committed since.
    workspace.brief.annotations = file.annotations;
    let name = file.plan.operation.clone();
    let operation = Operation { arguments: file.arguments, deploys: true, ..Operation::new(&name) };
    shell.block(async {
        let mut ready = operate::ready(&workspace, &operation, &globals, &shell.output).await?;
        ready.run.settings.strict = true;
        let began = Instant::now();
        let done = operate::perform(&ready, &operation, file.plan, file.seen, &workspace).await;
        let hooks = ready.hooks.clone();
        ready.close().await;
        done?;
        hooks.run("post-deploy", Some(began.elapsed().as_secs_f64().round() as u64)).await?;
        Ok(())
    })
}
