//! How a new container takes the place of those that run.
//!
//! Per host and role: make room for its name, start it beside the old ones, wait until it is
//! ready; and when the proxy (or, for other roles, the gate) has said yes, stop every old one.
//! Whatever fails before that is taken back, so that the old version goes on alone: unlike
//! Kamal, which leaves the failed container stopped, a failed deploy leaves none.

use windlass_sdk::containers::{REPLACED, in_service};
use windlass_sdk::names::id_part;
use windlass_sdk::steps::{container, error_on, last_lines, run_suffix, step};
use windlass_sdk::types::{
    Action, Area, Condition, ContainerAction, ContainerCondition, ContainerState, ContainerWait,
    Context, Incoming, Intent, Move, Observation, Phase, Problem, Rename, Rollout, Step,
    StopOptions, Wait, Workload,
};
use windlass_sdk::{Problems, all};

use crate::cleanup::Renamed;
use crate::current::up;
use crate::observe::HostFacts;
use crate::settings::Settings;
use crate::{assets, cleanup, names};

/// Starting may include waiting for a busy engine.
const RUN_LIMIT_MS: u32 = 300_000;

/// All steps, host by host and role by role, and what moves where.
pub fn roll(
    context: &Context,
    observations: &[Observation],
    workloads: &[Workload],
) -> Result<Rollout, Problems> {
    let settings = Settings::of(context).map_err(|problem| vec![problem])?;
    let parts = context.hosts.iter().filter_map(|host| {
        let ours: Vec<_> = workloads.iter().filter(|w| w.host == host.name).collect();
        let facts = || HostFacts::of(context, observations, &host.name);
        (!ours.is_empty())
            .then(|| facts().and_then(|facts| host_steps(context, &settings, &facts, &ours)))
    });
    Ok(joined(all(parts)?))
}

/// What hosts and roles do, as one.
pub fn joined(parts: Vec<Rollout>) -> Rollout {
    let (mut steps, mut moves) = (Vec::new(), Vec::new());
    for part in parts {
        steps.extend(part.steps);
        moves.extend(part.moves);
    }
    Rollout { steps, moves }
}

fn host_steps(
    context: &Context,
    settings: &Settings,
    facts: &HostFacts,
    workloads: &[&Workload],
) -> Result<Rollout, Problem> {
    if brings_no_image(context) {
        require_image(context, facts)?;
    }
    let (mut steps, mut moves, mut renamed) = (Vec::new(), Vec::new(), Vec::new());
    for workload in workloads {
        let role_move =
            RoleMove { context, settings, facts, workload, id: id_part(&workload.role) };
        let old = role_move.old(&mut renamed)?;
        steps.extend(role_move.assets(&old));
        steps.extend(role_move.make_room(&renamed));
        steps.push(role_move.start());
        steps.extend(role_move.wait());
        steps.extend(old.iter().enumerate().map(|(n, old)| role_move.stop(n, old)));
        moves.push(Move {
            host: workload.host.clone(),
            role: workload.role.clone(),
            incoming: Incoming::New((*workload).clone()),
            outgoing: old,
        });
    }
    let outgoing = moves.iter().flat_map(|moved: &Move| &moved.outgoing);
    let stopped: Vec<_> = outgoing.map(|old| old.id.as_str()).collect();
    steps.extend(cleanup::steps(context, settings, facts, &stopped, &renamed));
    Ok(Rollout { steps, moves })
}

/// True for a rollback: nobody pulls the image, and nobody logs in, so that the engine could
/// not either. `app boot` starts again what runs, whose image is there.
fn brings_no_image(context: &Context) -> bool {
    let prepares = |area| context.aims(Intent::Prepare, area);
    !prepares(Area::Image) && !prepares(Area::Registry) && !context.is("app boot")
}

/// What is not on the host cannot be rolled back to.
fn require_image(context: &Context, facts: &HostFacts) -> Result<(), Problem> {
    let image = names::image(context);
    if facts.images.iter().any(|known| known.reference == image) {
        return Ok(());
    }
    let help = format!(
        "to bring it back, pull it: windlass deploy --skip-push --version {}",
        context.version
    );
    Err(error_on(facts.host, format!("the image {image} is no longer on the host"), help))
}

/// One role on one host.
struct RoleMove<'a> {
    context: &'a Context,
    settings: &'a Settings,
    facts: &'a HostFacts<'a>,
    workload: &'a Workload,
    id: String,
}

impl RoleMove<'_> {
    fn step(&self, id: &str, phase: Phase, title: String, action: Action) -> Step {
        step(format!("{}.{id}", self.id), self.facts.host, phase, title, action)
            .role(&self.workload.role)
    }

    fn name(&self) -> &str {
        &self.workload.container.name
    }

    /// What is up of the role, the current one first, under the names that they will have.
    fn old(&self, renamed: &mut Vec<Renamed>) -> Result<Vec<ContainerState>, Problem> {
        if let Some(holder) = self.facts.named(self.name(), &self.workload.role)? {
            renamed.push(Renamed {
                id: holder.id.clone(),
                role: self.workload.role.clone(),
                from: holder.name.clone(),
                to: format!("{}{REPLACED}{}", self.name(), run_suffix(self.context, 16)),
            });
        }
        let up = up(self.context, self.facts.containers, &self.workload.role, self.facts.latest);
        let under_new_name = |old: &ContainerState| {
            let new = renamed.iter().find(|r| r.id == old.id).map(|r| r.to.clone());
            ContainerState { name: new.unwrap_or_else(|| old.name.clone()), ..old.clone() }
        };
        Ok(up.into_iter().map(under_new_name).collect())
    }

    /// What the new container and the old ones serve of each other's files.
    fn assets(&self, old: &[ContainerState]) -> Vec<Step> {
        let (context, settings, role) = (self.context, self.settings, &self.workload.role);
        let HostFacts { host, containers, .. } = self.facts;
        let mut steps = assets::share(context, settings, host, role, old);
        steps.extend(assets::hold(context, settings, host, role, containers));
        steps
    }

    /// Renames the container that has the new one's name. It may be the current one, which
    /// goes on serving.
    fn make_room(&self, renamed: &[Renamed]) -> Option<Step> {
        let Renamed { from, to, .. } = renamed.iter().find(|r| r.role == self.workload.role)?;
        let version = &self.context.version;
        let rename = |from: &str, to: &str| {
            let (from, name) = (from.to_string(), to.to_string());
            container(ContainerAction::Rename(Rename { container: from, name }))
        };
        let step = self
            .step("rename", Phase::Start, format!("Rename {from} to {to}"), rename(from, to))
            .undo(rename(to, from))
            .audit(format!("Renaming container {version} to {version}{}", &to[from.len()..]))
            .why(format!("the host has a container {from}"));
        Some(step)
    }

    fn start(&self) -> Step {
        let run = container(ContainerAction::Run(self.workload.container.clone()));
        self.step("run", Phase::Start, format!("Start {}", self.name()), run)
            .undo(container(ContainerAction::Remove(StopOptions {
                container: self.name().to_string(),
                timeout_s: self.settings.stop_wait_time,
            })))
            .limit(RUN_LIMIT_MS)
            .audit(format!("Booted app version {}", self.context.version))
            .why(format!("/servers/{}", self.workload.role))
    }

    /// The wait for the new container, and what is shown if it never becomes ready.
    fn wait(&self) -> Vec<Step> {
        let name = self.name().to_string();
        let steady_ms = self.settings.steady_ms();
        let health = self.workload.container.health.as_ref();
        let title = match health {
            Some(_) => format!("Wait until {name} is healthy"),
            None => format!("Wait until {name} has run for {} s", f64::from(steady_ms) / 1000.0),
        };
        let until = ContainerCondition::Ready;
        let wait = Wait::Container(ContainerWait { container: name.clone(), until, steady_ms });
        let why = health.map_or("it has no health check".to_string(), |h| h.command.clone());
        let ready = self
            .step("ready", Phase::Route, title, Action::Wait(wait))
            .limit(self.settings.ready_limit_ms(&self.workload.role))
            .why(why);
        let lines = self.settings.log_lines(&self.workload.role);
        let failed = Condition::Failed(ready.id.clone());
        let explain = |id: &str, title: String, action: Action| {
            self.step(id, Phase::Route, title, action)
                .when(failed.clone())
                .may_fail()
                .why(format!("{name} was not ready in time"))
        };
        let check = health.map(|health| {
            let title =
                format!("Show what the health check of {name} answered: {}", health.command);
            explain("health-log", title, container(ContainerAction::HealthLog(name.clone())))
        });
        let title = format!("Show the last {lines} lines of {name}");
        let logs = explain("logs", title, last_lines(name.as_str(), lines));
        [ready].into_iter().chain(check).chain([logs]).collect()
    }

    /// Stops an old container. The current one, and any other that still serves, must stop:
    /// two versions that answer users are no finished deploy. One that does not serve anyway
    /// is reported and left to the next run.
    fn stop(&self, n: usize, old: &ContainerState) -> Step {
        let stop = container(ContainerAction::Stop(StopOptions {
            container: old.id.clone(),
            timeout_s: self.settings.stop_wait_time,
        }));
        let (id, kind) = match n {
            0 => ("stop".to_string(), "current"),
            n => (format!("stop-stale-{n}"), "stale"),
        };
        let step = self
            .step(&id, Phase::Retire, format!("Stop {}", old.name), stop)
            .limit(self.settings.stop_limit_ms())
            .why(format!("{kind} container of the role, from {}", old.image));
        if n == 0 || in_service(old) { step } else { step.may_fail() }
    }
}
