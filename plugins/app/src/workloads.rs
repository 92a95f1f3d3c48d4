//! Which new containers an operation starts, and what it does to those that there are.

use windlass_sdk::types::{Area, Context, Intent, Observation, Rollout, Workload};
use windlass_sdk::{All, Problems};

use crate::commands::stop;
use crate::observe::roles_on;
use crate::settings::Settings;
use crate::subject::on_roles;
use crate::{exec, remove, rollout, spec, start};

/// The command whose containers live only as long as it.
const EXEC: &str = "app exec";

/// The containers of the operation, host by host, the primary role first.
pub fn workloads(context: &Context, _: &[Observation]) -> All<Workload> {
    let rolls = context.aims(Intent::Replace, Area::Roles);
    if !(rolls || context.is(EXEC)) {
        return Ok(Vec::new());
    }
    let settings = Settings::of(context).map_err(|problem| vec![problem])?;
    let mut workloads = Vec::new();
    for host in &context.hosts {
        if !rolls {
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

/// Whatever the operation does to containers of roles.
///
/// Whether a role is routed needs no attention: the phases already put the stop of old
/// containers after the proxy's confirmation, and in other roles after their own readiness and
/// the gate.
pub fn roll(
    context: &Context,
    observations: &[Observation],
    workloads: &[Workload],
) -> Result<Rollout, Problems> {
    let parts = match context.operation.name.as_str() {
        EXEC => {
            let steps = exec::in_new(context, workloads).map_err(|problem| vec![problem])?;
            return Ok(Rollout { steps, moves: Vec::new() });
        }
        "app start" => on_roles(context, observations, start::start)?,
        "app stop" => on_roles(context, observations, stop)?,
        _ if context.aims(Intent::Replace, Area::Roles) => {
            return rollout::roll(context, observations, workloads);
        }
        _ if context.aims(Intent::Remove, Area::Roles) => {
            on_roles(context, observations, remove::remove)?
        }
        _ => Vec::new(),
    };
    Ok(rollout::joined(parts))
}
