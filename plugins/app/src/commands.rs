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
use crate::subject::{NO_LIMIT_MS, Subject, on_hosts, on_roles};
use crate::{cleanup, exec, remove};

/// The steps of a command that neither starts nor stops a role; see [`crate::workloads::roll`]
/// for the others.
pub fn plan(context: &Context, observations: &[Observation]) -> All<Step> {
    type Plan = fn(&Subject) -> Result<Vec<Step>, Problem>;
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
fn prune(subject: &Subject) -> Result<Vec<Step>, Problem> {
    let old = cleanup::too_old(subject.context, subject.settings, subject.facts.containers, &[]);
    let (mut steps, mut removed) = (Vec::new(), Vec::new());
    if !subject.context.is("prune images") {
        steps.extend(cleanup::containers(subject.context, subject.facts, &old, &[]));
        removed = old;
    }
    if !subject.context.is("prune containers") {
        steps.extend(cleanup::images(subject.context, subject.facts, &removed));
    }
    Ok(steps)
}

/// What current containers run. On a host with several roles each line names its role.
fn show_version(subject: &Subject) -> Result<Vec<Step>, Problem> {
    let text = match subject.up().first() {
        Some(current) => {
            let version = version(subject.context, current, subject.role);
            match subject.host.roles.len() {
                1 => version.to_string(),
                _ => format!("{} {version}", subject.role),
            }
        }
        None => format!("no container of {} is up", subject.role),
    };
    Ok(vec![subject.say("version", &text)])
}

fn labels(subject: &Subject) -> Vec<(String, String)> {
    let destination = subject.context.destination.clone().unwrap_or_default();
    let mut labels = vec![
        ("service".to_string(), subject.context.service.clone()),
        ("destination".to_string(), destination),
    ];
    if !subject.role.is_empty() {
        labels.push(("role".to_string(), subject.role.to_string()));
    }
    labels
}

fn list_of(subject: &Subject, all: bool) -> ContainerAction {
    ContainerAction::ListContainers(ContainerList { labels: labels(subject), all })
}

fn details(subject: &Subject) -> Result<Vec<Step>, Problem> {
    let list = container(list_of(subject, false));
    let title = format!("List the running containers of {}", subject.role);
    Ok(vec![subject.step("details", Phase::Start, title, list)])
}

fn list(subject: &Subject) -> Result<Vec<Step>, Problem> {
    let (title, action) = if subject.context.is("app images") {
        let repository = subject.context.repository.clone();
        (format!("List images of {repository}"), ContainerAction::ListImages(repository))
    } else {
        let title = format!("List containers of {}", subject.context.service);
        (title, list_of(subject, true))
    };
    Ok(vec![subject.step("list", Phase::Start, title, container(action))])
}

/// Containers that are up beside the current one: named, or stopped with `--stop`.
fn stale(subject: &Subject) -> Result<Vec<Step>, Problem> {
    let steps = subject.up().into_iter().skip(1).enumerate().map(|(n, old)| {
        let id = format!("stale-{}", n + 1);
        if subject.arguments.switch("stop") {
            subject.stop(&id, old).may_fail()
        } else {
            subject.say(&id, &format!("{} is stale; stop it with --stop", old.name))
        }
    });
    Ok(steps.collect())
}

/// Lines of the current container, or of the last one if none is up.
fn logs(subject: &Subject) -> Result<Vec<Step>, Problem> {
    let follow = subject.arguments.switch("follow");
    if follow && !subject.is_primary() {
        return Ok(Vec::new());
    }
    let last = || {
        let mut down: Vec<_> = subject.facts.containers.iter().collect();
        down.retain(|c| has_role(subject.context, c, subject.role));
        down.sort_by(|a, b| newest_first(a, b));
        down.into_iter().next()
    };
    let Some(target) = subject.up().into_iter().next().or_else(last) else {
        return Ok(vec![
            subject.say("logs", &format!("there is no container of {}", subject.role)),
        ]);
    };
    let options = log_options(subject.arguments, &target.id, follow)?;
    let state = if is_up(target) { "" } else { ", which is down" };
    let title = format!("Show lines of {}{state}", target.name);
    let step = subject.step("logs", Phase::Start, title, container(ContainerAction::Logs(options)));
    Ok(vec![if follow { step.limit(NO_LIMIT_MS) } else { step }])
}

/// Stops all that is up, the current container last: if it does not stop, that is the result.
pub fn stop(subject: &Subject) -> Result<Rollout, Problem> {
    let mut steps: Vec<Step> = Vec::new();
    for (n, old) in subject.up().into_iter().enumerate().rev() {
        let step = subject.stop(&format!("stop-{}", n + 1), old);
        steps.push(if n == 0 { step } else { step.may_fail() });
    }
    if let Some(first) = steps.first_mut() {
        first.audit = Some("Stopped app".to_string());
    }
    Ok(Rollout { steps, moves: subject.leaving() })
}
