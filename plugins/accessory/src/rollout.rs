//! Starting, replacing and stopping accessories.
//!
//! An accessory is not replaced without a gap: its data has one owner at a time. So the image
//! is pulled, before anything is stopped.

use windlass_sdk::containers::is_up;
use windlass_sdk::env_files::EnvFileState;
use windlass_sdk::steps::{container as act, error_on, last_lines};
use windlass_sdk::types::{
    Action, Area, Condition, ContainerAction, ContainerCondition, ContainerState, ContainerStatus,
    ContainerWait, Intent, Phase, Problem, Step, StopOptions, Wait,
};

use crate::subject::Subject;
use crate::{container, files};

/// For what moves layers.
const PULL_LIMIT_MS: u32 = 20 * 60 * 1000;
/// Starting may include waiting for a busy engine.
const RUN_LIMIT_MS: u32 = 300_000;
/// How long it may take until an accessory is healthy, or runs without a restart.
const READY_LIMIT_MS: u32 = 120_000;
const STEADY_MS: u32 = 2_000;
/// All of it happens before the app's own containers start.
const PHASE: Phase = Phase::Prepare;

/// Starts it where it is not: one that is there keeps its configuration until it is rebooted.
pub fn boot(subject: &Subject) -> Result<Vec<Step>, Problem> {
    use ContainerStatus::{Created, Dead};
    match subject.facts.container()? {
        Some(found) if is_up(found) => Ok(Vec::new()),
        // It holds nothing but a configuration that did not work.
        Some(found) if matches!(found.status, Created | Dead) => {
            let pull = pull_if_missing(subject)?;
            Ok([pull, vec![remove(subject, PHASE)], install(subject)?].concat())
        }
        Some(_) => Ok(started(subject)),
        None => Ok([pull_if_missing(subject)?, install(subject)?].concat()),
    }
}

/// Replaces it by one of the present configuration.
pub fn reboot(subject: &Subject) -> Result<Vec<Step>, Problem> {
    let mut steps = vec![pull(subject)];
    let old = subject.facts.container()?;
    let mut new = install(subject)?;
    // What can be made beside the old one is made before it stops.
    let run = new.iter().position(|step| step.id.ends_with(".run")).unwrap_or(0);
    let rest = new.split_off(run);
    steps.extend(new);
    steps.extend(old.filter(|old| is_up(old)).map(|old| halt(subject, old, PHASE)));
    steps.extend(old.map(|_| remove(subject, PHASE)));
    steps.extend(rest);
    Ok(steps)
}

/// The same, after the app has moved: until then its old containers need the old one.
pub fn reboot_last(subject: &Subject) -> Result<Vec<Step>, Problem> {
    let last = |step: Step| match step.phase {
        PHASE => Step { phase: Phase::Cleanup, ..step },
        _ => step,
    };
    Ok(reboot(subject)?.into_iter().map(last).collect())
}

/// Starts what is stopped.
pub fn start(subject: &Subject) -> Result<Vec<Step>, Problem> {
    Ok(if is_up(present(subject)?) { Vec::new() } else { started(subject) })
}

/// Stops what is up.
pub fn stop(subject: &Subject) -> Result<Vec<Step>, Problem> {
    let up = subject.facts.container()?.filter(|found| is_up(found));
    Ok(up.map(|found| halt(subject, found, PHASE)).into_iter().collect())
}

/// Both.
pub fn restart(subject: &Subject) -> Result<Vec<Step>, Problem> {
    present(subject)?;
    Ok([stop(subject)?, started(subject)].concat())
}

/// Writes the values of its secrets.
pub fn push(subject: &Subject) -> Step {
    let file = subject.accessory.env_file(subject.context);
    let title = format!("Write the secrets of {} to {}", subject.accessory.name, file.path);
    subject.step("env-file", PHASE, title, file.write(&subject.accessory.env.secret))
}

/// Its container, which must be there.
pub fn present<'a>(subject: &Subject<'a>) -> Result<&'a ContainerState, Problem> {
    let accessory = subject.accessory;
    subject.facts.container()?.ok_or_else(|| {
        let message = format!("there is no container {}", accessory.service);
        let help = format!("start one: windlass accessory boot {}", accessory.name);
        error_on(&subject.host.name, message, help)
    })
}

/// Stops the container gracefully.
pub fn halt(subject: &Subject, found: &ContainerState, phase: Phase) -> Step {
    let action =
        ContainerAction::Stop(StopOptions { container: found.id.clone(), timeout_s: None });
    subject
        .step("stop", phase, format!("Stop {}", found.name), act(action))
        .audit(format!("Stopped {} accessory", subject.accessory.name))
}

/// Removes the container.
pub fn remove(subject: &Subject, phase: Phase) -> Step {
    let (name, service) = (&subject.accessory.name, &subject.accessory.service);
    let action = StopOptions { container: service.clone(), timeout_s: None };
    subject
        .step("remove", phase, format!("Remove {service}"), act(ContainerAction::Remove(action)))
        .audit(format!("Remove {name} accessory container"))
}

fn pull(subject: &Subject) -> Step {
    let image = subject.accessory.image();
    let action = act(ContainerAction::Pull(image.to_string()));
    let title = format!("Pull {image}");
    let why = subject.accessory.at("image");
    subject.step("pull", Phase::Stage, title, action).limit(PULL_LIMIT_MS).why(why)
}

fn pull_if_missing(subject: &Subject) -> Result<Vec<Step>, Problem> {
    Ok(if subject.facts.has_image()? { Vec::new() } else { vec![pull(subject)] })
}

/// Directories, files, env file and container of an accessory that is not there.
fn install(subject: &Subject) -> Result<Vec<Step>, Problem> {
    let accessory = subject.accessory;
    let mut steps = files::make(accessory, &subject.host.name, &subject.prefix())?;
    steps.extend(files::upload(accessory, &subject.host.name, &subject.prefix())?);
    let written = subject.context.aims(Intent::Prepare, Area::Env);
    let seen =
        if written { EnvFileState::Unasked } else { subject.facts.env_file(subject.context)? };
    if let Some(problem) = subject.lacking(&seen) {
        return Err(problem);
    }
    if seen == EnvFileState::Absent {
        steps.push(push(subject).why("there is no env file"));
    }
    let run = act(ContainerAction::Run(container::spec(subject, &seen)?));
    steps.push(
        subject
            .step("run", PHASE, format!("Run {}", accessory.service), run)
            .limit(RUN_LIMIT_MS)
            .audit(format!("Booted {} accessory", accessory.name)),
    );
    steps.extend(ready(subject));
    Ok(steps)
}

fn started(subject: &Subject) -> Vec<Step> {
    let accessory = subject.accessory;
    let start = act(ContainerAction::Start(accessory.service.clone()));
    let start = subject
        .step("start", PHASE, format!("Start {}", accessory.service), start)
        .audit(format!("Started {} accessory", accessory.name));
    [vec![start], ready(subject)].concat()
}

/// Waits until it is up, and shows its log if it does not come up. Where the app is set
/// up too, that is no reason to give up: it may do without, and a database may fill itself for
/// long.
fn ready(subject: &Subject) -> Vec<Step> {
    let service = &subject.accessory.service;
    let wait = Action::Wait(Wait::Container(ContainerWait {
        container: service.clone(),
        until: ContainerCondition::Ready,
        steady_ms: STEADY_MS,
    }));
    let logs = last_lines(service.as_str(), 20);
    let mut wait = subject
        .step("ready", PHASE, format!("Wait until {service} is up"), wait)
        .limit(READY_LIMIT_MS)
        .why("a container that is configured wrongly ends at once");
    wait.may_fail = subject.context.aims(Intent::Prepare, Area::Accessories);
    let waited = Condition::Failed(wait.id.clone());
    let title = format!("Show the last 20 lines of {service}");
    let explain = subject.step("ready-logs", PHASE, title, logs).when(waited).may_fail();
    vec![wait, explain.why("it did not come up")]
}
