//! Which new containers an operation starts, and by which steps.

use windlass_sdk::composition::{Move, Workload};
use windlass_sdk::containers::rolls;
use windlass_sdk::types::{Context, Observation, Problem, Step};

use crate::observe::roles_on;
use crate::settings::Settings;
use crate::{exec, rollout, spec};

/// The operation whose containers live only as long as one command.
const EXEC: &str = "app exec";

/// The containers of the operation, host by host, the primary role first.
pub fn workloads(context: &Context) -> Result<Vec<Workload>, Vec<Problem>> {
    let operation = context.operation.as_str();
    if !(rolls(operation) || operation == EXEC) {
        return Ok(Vec::new());
    }
    let settings = Settings::of(context).map_err(|problem| vec![problem])?;
    let mut workloads = Vec::new();
    for host in &context.hosts {
        if operation == EXEC {
            workloads.extend(exec::workloads(context, &settings, host).map_err(|p| vec![p])?);
            continue;
        }
        for role in roles_on(context, host) {
            // The same mistake on every host is told once.
            let workload = spec::workload(context, &settings, host, role).map_err(|p| vec![p])?;
            workloads.push(workload);
        }
    }
    Ok(workloads)
}

/// The steps of the merged containers.
///
/// `proxied` needs no attention: the phases already put the stop of old containers after the
/// proxy's confirmation, and in other roles after their own readiness and the gate.
pub fn roll(
    context: &Context,
    observations: &[Observation],
    workloads: &[Workload],
) -> Result<(Vec<Step>, Vec<Move>), Vec<Problem>> {
    match context.operation.as_str() {
        EXEC => Ok((exec::in_new(context, workloads).map_err(|p| vec![p])?, Vec::new())),
        operation if rolls(operation) => rollout::roll(context, observations, workloads),
        _ => Ok((Vec::new(), Vec::new())),
    }
}
