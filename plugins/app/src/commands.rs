//! The commands `windlass app …`, except those that start new containers.

use windlass_sdk::arguments::{Arguments, search};
use windlass_sdk::containers::{has_role, is_up, version};
use windlass_sdk::names::id_part;
use windlass_sdk::steps::{container, error_at, say, step};
use windlass_sdk::types::{
    Action, Area, ContainerAction, ContainerList, ContainerState, Context, HostInfo, Incoming,
    Intent, LogOptions, Move, Observation, Phase, Problem, Rollout, Step, StopOptions,
};

use crate::current::{newest_first, up};
use crate::observe::{HostFacts, hosts, roles_on};
use crate::settings::Settings;
use crate::{cleanup, exec, remove};

/// For what ends when the user says so.
pub const NO_LIMIT_MS: u32 = u32::MAX;

/// One host, or one role on a host, in a command.
pub struct Scene<'a> {
    pub context: &'a Context,
    pub settings: &'a Settings,
    pub arguments: &'a Arguments,
    pub facts: &'a HostFacts<'a>,
    pub host: &'a HostInfo,
    /// Empty where a command is about whole hosts.
    pub role: &'a str,
}

impl<'a> Scene<'a> {
    /// A step of this command.
    pub fn step(&self, id: &str, phase: Phase, title: String, action: Action) -> Step {
        let why = self.context.typed();
        if self.role.is_empty() {
            return step(id, &self.host.name, phase, title, action).why(why);
        }
        let id = format!("{}.{id}", id_part(self.role));
        step(id, &self.host.name, phase, title, action).role(self.role).why(why)
    }

    /// A step whose text is the answer.
    pub fn say(&self, id: &str, text: &str) -> Step {
        let title =
            format!("Tell about {}", if self.role.is_empty() { "the host" } else { self.role });
        self.step(id, Phase::Start, title, say(text))
    }

    /// What is up of the role, the current container first.
    pub fn up(&self) -> Vec<&'a ContainerState> {
        up(self.context, self.facts.containers, self.role, self.facts.latest)
    }

    /// What takes the place of what is up: nothing.
    pub fn leaving(&self) -> Vec<Move> {
        let outgoing: Vec<_> = self.up().into_iter().cloned().collect();
        let moves = (!outgoing.is_empty()).then(|| self.moving(Incoming::None, outgoing));
        moves.into_iter().collect()
    }

    /// What happens to the role on the host.
    pub fn moving(&self, incoming: Incoming, outgoing: Vec<ContainerState>) -> Move {
        let (host, role) = (self.host.name.clone(), self.role.to_string());
        Move { host, role, incoming, outgoing }
    }

    /// Stops a container with the time that the user grants it.
    pub fn stop(&self, id: &str, old: &ContainerState) -> Step {
        let timeout_s = self.settings.stop_wait_time;
        let stop = ContainerAction::Stop(StopOptions { container: old.id.clone(), timeout_s });
        self.step(id, Phase::Retire, format!("Stop {}", old.name), container(stop))
            .limit(self.settings.stop_limit_ms())
    }
}

/// The steps of a command that neither starts nor stops a role; see [`crate::workloads::roll`]
/// for the others.
pub fn plan(context: &Context, observations: &[Observation]) -> Result<Vec<Step>, Vec<Problem>> {
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

/// What each host with roles makes of it.
fn on_hosts<T>(
    context: &Context,
    observations: &[Observation],
    what: impl Fn(&Scene) -> Result<T, Problem>,
) -> Result<Vec<T>, Vec<Problem>> {
    on_scenes(context, observations, |_| vec![""], what)
}

/// What each role on each host makes of it.
pub fn on_roles<T>(
    context: &Context,
    observations: &[Observation],
    what: impl Fn(&Scene) -> Result<T, Problem>,
) -> Result<Vec<T>, Vec<Problem>> {
    on_scenes(context, observations, |host| roles_on(context, host), what)
}

fn on_scenes<'a, T>(
    context: &'a Context,
    observations: &[Observation],
    roles: impl Fn(&'a HostInfo) -> Vec<&'a str>,
    what: impl Fn(&Scene) -> Result<T, Problem>,
) -> Result<Vec<T>, Vec<Problem>> {
    let mut settings = Settings::of(context).map_err(|problem| vec![problem])?;
    let arguments = Arguments::of(context);
    if let Some(retain) = retain(&arguments)? {
        settings.retain_containers = Some(retain);
    }
    let (mut all, mut problems) = (Vec::new(), Vec::new());
    for host in hosts(context) {
        let facts = match HostFacts::of(context, observations, &host.name) {
            Ok(facts) => facts,
            Err(problem) => {
                problems.push(problem);
                continue;
            }
        };
        let (settings, arguments, facts) = (&settings, &arguments, &facts);
        for role in roles(host) {
            match what(&Scene { context, settings, arguments, facts, host, role }) {
                Ok(found) => all.push(found),
                Err(problem) => problems.push(problem),
            }
        }
    }
    if problems.is_empty() { Ok(all) } else { Err(problems) }
}

/// Finds what is typed wrongly, before a host is asked.
pub fn check_arguments(context: &Context) -> Result<(), Vec<Problem>> {
    retain(&Arguments::of(context)).map(drop)
}

/// How many stopped containers `--retain` leaves.
fn retain(arguments: &Arguments) -> Result<Option<u32>, Vec<Problem>> {
    if arguments.text("retain").is_none() {
        return Ok(None);
    }
    let count = arguments.number("retain").filter(|count| *count > 0);
    count.map(Some).ok_or_else(|| {
        let problem = error_at("", "--retain takes a number of containers, at least 1");
        let help = Some("windlass prune containers --retain 5".to_string());
        vec![Problem { pointer: None, help, ..problem }]
    })
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
    if follow && !is_primary(scene) {
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
    let (since, grep) = (scene.arguments.text("since"), scene.arguments.text("grep"));
    let all = since.is_some() || grep.is_some();
    let default = if all { None } else { Some(if follow { 10 } else { 100 }) };
    let options = LogOptions {
        container: target.id.clone(),
        tail: scene.arguments.number("lines").or(default),
        since,
        timestamps: follow,
        follow,
        search: search(scene.arguments)?,
    };
    let state = if is_up(target) { "" } else { ", which is down" };
    let title = format!("Show lines of {}{state}", target.name);
    let step = scene.step("logs", Phase::Start, title, container(ContainerAction::Logs(options)));
    Ok(vec![if follow { step.limit(NO_LIMIT_MS) } else { step }])
}

/// True on the primary host for the first of its roles: where interactive commands go.
pub fn is_primary(scene: &Scene) -> bool {
    scene.host.name == scene.context.primary_host
        && roles_on(scene.context, scene.host).first() == Some(&scene.role)
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
