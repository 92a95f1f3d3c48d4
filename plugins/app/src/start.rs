//! `windlass app start`: starts a container that was stopped, and waits for it.

use windlass_sdk::containers::{has_role, is_stopped, is_up, version};
use windlass_sdk::steps::{container, error_on, last_lines, role_prefix};
use windlass_sdk::types::{
    Action, Condition, ContainerAction, ContainerCondition, ContainerState, ContainerWait,
    Incoming, Phase, Problem, Rollout, Wait,
};

use crate::current::newest_first;
use crate::subject::Subject;

/// The container of `--version`, else of the context's version, else the newest. Kamal starts
/// the one of the context's version, ignores that there is none, and does not wait.
pub fn start(subject: &Subject) -> Result<Rollout, Problem> {
    let (context, role) = (subject.context, subject.role);
    let asked_for = subject.arguments.text("version");
    let Some(target) = to_start(subject, asked_for.as_deref()) else {
        return already_up(subject, asked_for);
    };
    let name = &target.name;
    let version = version(context, target, role);
    let start = subject
        .step(
            "start",
            Phase::Start,
            format!("Start {name}"),
            container(ContainerAction::Start(target.id.clone())),
        )
        .audit(format!("Started app version {version}"));
    let wait = Wait::Container(ContainerWait {
        container: target.id.clone(),
        until: ContainerCondition::Ready,
        steady_ms: subject.settings.steady_ms(),
    });
    let ready = subject
        .step("ready", Phase::Route, format!("Wait until {name} is ready"), Action::Wait(wait))
        .limit(subject.settings.ready_limit_ms(role));
    let lines = subject.settings.log_lines(role);
    let logs = last_lines(target.id.as_str(), lines);
    let explain = subject
        .step("logs", Phase::Route, format!("Show the last {lines} lines of {name}"), logs)
        .when(Condition::Failed(ready.id.clone()))
        .may_fail();
    let outgoing = subject.up().into_iter().cloned().collect();
    let moved = subject.moving(Incoming::Started(target.clone()), outgoing);
    Ok(Rollout { steps: vec![start, ready, explain], moves: vec![moved] })
}

/// The stopped container of the version that was asked for; else, if nothing of the role is up, the
/// one of the context's version or the newest.
fn to_start<'a>(subject: &Subject<'a>, asked_for: Option<&str>) -> Option<&'a ContainerState> {
    let (context, role) = (subject.context, subject.role);
    let ours = || subject.facts.containers.iter().filter(|c| has_role(context, c, role));
    let mut stopped: Vec<_> = ours().filter(|c| is_stopped(c)).collect();
    stopped.sort_by(|a, b| newest_first(a, b));
    let prefix = role_prefix(context, role);
    let named = |version: &str| {
        let name = format!("{prefix}-{version}");
        stopped.iter().copied().find(|c| c.name == name)
    };
    match asked_for {
        Some(version) => named(version),
        None if ours().any(is_up) => None,
        None => named(&context.version).or_else(|| stopped.first().copied()),
    }
}

fn already_up(subject: &Subject, asked_for: Option<String>) -> Result<Rollout, Problem> {
    let prefix = role_prefix(subject.context, subject.role);
    let up = subject.up();
    let wanted = asked_for.as_ref().map(|version| format!("{prefix}-{version}"));
    match (up.iter().find(|c| wanted.as_ref().is_none_or(|name| c.name == *name)), wanted) {
        (Some(running), _) => {
            let steps = vec![subject.say("start", &format!("{} is up", running.name))];
            Ok(Rollout { steps, moves: Vec::new() })
        }
        (None, wanted) => {
            let what = wanted.unwrap_or_else(|| format!("of the role {}", subject.role));
            let message = format!("there is no container {what}");
            Err(error_on(&subject.host.name, message, "see what there is: windlass app containers"))
        }
    }
}
