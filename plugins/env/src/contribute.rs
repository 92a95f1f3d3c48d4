//! What the environment adds to the containers of a new version.

use windlass_sdk::env_files::EnvFileState;
use windlass_sdk::steps::contribution;
use windlass_sdk::types::{Context, Contribution, Observation, Problem, Workload};
use windlass_sdk::{All, all};

use crate::files;
use crate::settings::Settings;

/// One contribution per workload, or all the hosts that lack their secrets.
pub fn contribute(
    context: &Context,
    observations: &[Observation],
    workloads: &[Workload],
) -> All<Contribution> {
    let settings = Settings::of(context).map_err(|problem| vec![problem])?;
    all(workloads.iter().map(|workload| one(context, &settings, observations, workload)))
}

fn one(
    context: &Context,
    settings: &Settings,
    observations: &[Observation],
    workload: &Workload,
) -> Result<Contribution, Problem> {
    let (host, role) = (&workload.host, &workload.role);
    let tags = context.host(host).map(|host| settings.tags_on(role, host)).unwrap_or_default();
    let env = settings.effective(role, tags);
    let file = files::file(context, role);
    let seen = file.seen(observations, host)?;
    if let Some(problem) = file.lacking(context, host, &env, &seen) {
        return Err(problem);
    }
    // An absent file without secrets is written before a deploy, and by nothing else.
    let has_file = seen != EnvFileState::Absent || files::replaces(context);
    let mut vars = env.clear_vars();
    vars.extend(file.exact(context, &env, &seen));
    Ok(Contribution {
        env: vars,
        env_files: has_file.then_some(file.path).into_iter().collect(),
        ..contribution(workload)
    })
}
