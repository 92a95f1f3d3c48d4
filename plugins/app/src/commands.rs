//! The commands `windlass app …`, except those that start new containers.

use windlass_sdk::All;
use windlass_sdk::arguments::log_options;
use windlass_sdk::containers::{has_role, is_up, version};
use windlass_sdk::steps::container;
use windlass_sdk::types::{
    Area, ContainerAction, ContainerList, Context, Intent, Observation, Phase, Problem, Rollout,
    Step,
};

use crate::current::newest_first;
use crate::scene::{NO_LIMIT_MS, Scene, on_hosts, on_roles};
use crate::{cleanup, exec, remove};

/// The steps of a command that neither starts nor stops a role; see [`crate::workloads::roll`]
/// for the others.
pub fn plan(context: &Context, observations: &[Observation]) -> All<Step> {
    type Plan = fn(&Scene) -> Result<Vec<Step>, Problem>;
    let (per_role, by_host): (Plan, bool) = match context.operation.name.as_str() {
        "app version" => (show_version, false),
        "app details" => (details, false),
        "app containers" | "app images" => (list, true),
        "app stale_containers" => (stale, false),
        "app logs" => (logs, false),
        "app exec" => (exec::in_running, false),
        "app remove_container" => (remove::container_of_version, false),
        "app remove_containers" => (remove::stopped, false),
        "app remove_images" => (remove::unused_images, true),
        "prune all" | "prune containers" | "prune images" => (prune, true),
        _ if context.aims(Intent::Look, Area::Roles) => (details, false),
        _ => return Ok(Vec::new()),
    };
    let found = if by_host {
        on_hosts(context, observations, per_role)
    } else {
        on_roles(context, observations, per_role)
    };
    Ok(found?.into_iter().flatten().collect())
}

/// What a deploy removes at its end, by itself.
fn prune(scene: &Scene) -> Result<Vec<Step>, Problem> {
    let old = cleanup::too_old(scene.context, scene.settings, scene.facts.containers, &[]);
    let (mut steps, mut removed) = (Vec::new(), Vec::new());
    if !scene.context.is("prune images") {
        steps.extend(cleanup::containers(scene.context, scene.facts, &old, &[]));
        removed = old;
    }
    if !scene.context.is("prune containers") {
        steps.extend(cleanup::images(scene.context, scene.facts, &removed));
    }
    Ok(steps)
}

/// What current containers run. On a host with several roles each line names its role.
fn show_version(scene: &Scene) -> Result<Vec<Step>, Problem> {
    let text = match scene.up().first() {
        Some(current) => {
            let version = version(scene.context, current, scene.role);
            match scene.host.roles.len() {
                1 => version.to_string(),
                _ => format!("{} {version}", scene.role),
            }
        }
        None => format!("no container of {} is up", scene.role),
    };
    Ok(vec![scene.say("version", &text)])
}

fn labels(scene: &Scene) -> Vec<(String, String)> {
    let destination = scene.context.destination.clone().unwrap_or_default();
    let mut labels = vec![
        ("service".to_string(), scene.context.service.clone()),
        ("destination".to_string(), destination),
    ];
    if !scene.role.is_empty() {
        labels.push(("role".to_string(), scene.role.to_string()));
    }
    labels
}

fn list_of(scene: &Scene, all: bool) -> ContainerAction {
    ContainerAction::ListContainers(ContainerList { labels: labels(scene), all })
}

fn details(scene: &Scene) -> Result<Vec<Step>, Problem> {
    let list = container(list_of(scene, false));
    let title = format!("List what is up of {}", scene.role);
    Ok(vec![scene.step("details", Phase::Start, title, list)])
}

fn list(scene: &Scene) -> Result<Vec<Step>, Problem> {
    let (title, action) = if scene.context.is("app images") {
        let repository = scene.context.repository.clone();
        (format!("List images of {repository}"), ContainerAction::ListImages(repository))
    } else {
        let title = format!("List containers of {}", scene.context.service);
        (title, list_of(scene, true))
    };
    Ok(vec![scene.step("list", Phase::Start, title, container(action))])
}

/// Containers that are up beside the current one: named, or stopped with `--stop`.
fn stale(scene: &Scene) -> Result<Vec<Step>, Problem> {
    let steps = scene.up().into_iter().skip(1).enumerate().map(|(n, old)| {
        let id = format!("stale-{}", n + 1);
        if scene.arguments.switch("stop") {
            scene.stop(&id, old).may_fail()
        } else {
            scene.say(&id, &format!("{} is stale; stop it with --stop", old.name))
        }
    });
    Ok(steps.collect())
}

/// Lines of the current container, or of the last one if none is up.
fn logs(scene: &Scene) -> Result<Vec<Step>, Problem> {
    let follow = scene.arguments.switch("follow");
    if follow && !scene.is_primary() {
        return Ok(Vec::new());
    }
    let last = || {
        let mut down: Vec<_> = scene.facts.containers.iter().collect();
        down.retain(|c| has_role(scene.context, c, scene.role));
        down.sort_by(|a, b| newest_first(a, b));
        down.into_iter().next()
    };
    let Some(target) = scene.up().into_iter().next().or_else(last) else {
        return Ok(vec![scene.say("logs", &format!("there is no container of {}", scene.role))]);
    };
    let options = log_options(scene.arguments, &target.id, follow)?;
    let state = if is_up(target) { "" } else { ", which is down" };
    let title = format!("Show lines of {}{state}", target.name);
    let step = scene.step("logs", Phase::Start, title, container(ContainerAction::Logs(options)));
    Ok(vec![if follow { step.limit(NO_LIMIT_MS) } else { step }])
}

/// Stops all that is up, the current container last: if it does not stop, that is the result.
pub fn stop(scene: &Scene) -> Result<Rollout, Problem> {
    let mut steps: Vec<Step> = Vec::new();
    for (n, old) in scene.up().into_iter().enumerate().rev() {
        let step = scene.stop(&format!("stop-{}", n + 1), old);
        steps.push(if n == 0 { step } else { step.may_fail() });
    }
    if let Some(first) = steps.first_mut() {
        first.audit = Some("Stopped app".to_string());
    }
    Ok(Rollout { steps, moves: scene.leaving() })
}
