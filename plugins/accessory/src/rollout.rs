//! Starting, replacing and stopping accessories.
//!
//! An accessory is not replaced without a gap: its data has one owner at a time. So the image
//! is pulled, before anything is stopped.

use windlass_sdk::containers::is_up;
use windlass_sdk::env_files::Seen;
use windlass_sdk::steps::{container as act, error_on, last_lines};
use windlass_sdk::types::{
    Action, Area, Condition, ContainerAction, ContainerCondition, ContainerState, ContainerStatus,
    ContainerWait, Intent, Phase, Problem, Step, StopOptions, Wait,
};

use crate::scene::Scene;
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
pub fn boot(scene: &Scene) -> Result<Vec<Step>, Problem> {
    use ContainerStatus::{Created, Dead};
    match scene.facts.container()? {
        Some(found) if is_up(found) => Ok(Vec::new()),
        // It holds nothing but a configuration that did not work.
        Some(found) if matches!(found.status, Created | Dead) => {
            let pull = pull_if_missing(scene)?;
            Ok([pull, vec![remove(scene, PHASE)], install(scene)?].concat())
        }
        Some(_) => Ok(started(scene)),
        None => Ok([pull_if_missing(scene)?, install(scene)?].concat()),
    }
}

/// Replaces it by one of the present configuration.
pub fn reboot(scene: &Scene) -> Result<Vec<Step>, Problem> {
    let mut steps = vec![pull(scene)];
    let old = scene.facts.container()?;
    let mut new = install(scene)?;
    // What can be made beside the old one is made before it stops.
    let run = new.iter().position(|step| step.id.ends_with(".run")).unwrap_or(0);
    let rest = new.split_off(run);
    steps.extend(new);
    steps.extend(old.filter(|old| is_up(old)).map(|old| halt(scene, old, PHASE)));
    steps.extend(old.map(|_| remove(scene, PHASE)));
    steps.extend(rest);
    Ok(steps)
}

/// The same, after the app has moved: until then its old containers need the old one.
pub fn reboot_last(scene: &Scene) -> Result<Vec<Step>, Problem> {
    let last = |step: Step| match step.phase {
        PHASE => Step { phase: Phase::Cleanup, ..step },
        _ => step,
    };
    Ok(reboot(scene)?.into_iter().map(last).collect())
}

/// Starts what is stopped.
pub fn start(scene: &Scene) -> Result<Vec<Step>, Problem> {
    Ok(if is_up(present(scene)?) { Vec::new() } else { started(scene) })
}

/// Stops what is up.
pub fn stop(scene: &Scene) -> Result<Vec<Step>, Problem> {
    let up = scene.facts.container()?.filter(|found| is_up(found));
    Ok(up.map(|found| halt(scene, found, PHASE)).into_iter().collect())
}

/// Both.
pub fn restart(scene: &Scene) -> Result<Vec<Step>, Problem> {
    present(scene)?;
    Ok([stop(scene)?, started(scene)].concat())
}

/// Writes the values of its secrets.
pub fn push(scene: &Scene) -> Step {
    let file = scene.accessory.env_file(scene.context);
    let title = format!("Write the secrets of {} to {}", scene.accessory.name, file.path);
    scene.step("env-file", PHASE, title, file.write(&scene.accessory.env.secret))
}

/// Its container, which must be there.
pub fn present<'a>(scene: &Scene<'a>) -> Result<&'a ContainerState, Problem> {
    let accessory = scene.accessory;
    scene.facts.container()?.ok_or_else(|| {
        let message = format!("there is no container {}", accessory.service);
        let help = format!("start one: windlass accessory boot {}", accessory.name);
        error_on(&scene.host.name, message, help)
    })
}

/// Stops the container gracefully.
pub fn halt(scene: &Scene, found: &ContainerState, phase: Phase) -> Step {
    let action =
        ContainerAction::Stop(StopOptions { container: found.id.clone(), timeout_s: None });
    scene
        .step("stop", phase, format!("Stop {}", found.name), act(action))
        .audit(format!("Stopped {} accessory", scene.accessory.name))
}

/// Removes the container.
pub fn remove(scene: &Scene, phase: Phase) -> Step {
    let (name, service) = (&scene.accessory.name, &scene.accessory.service);
    let action = StopOptions { container: service.clone(), timeout_s: None };
    scene
        .step("remove", phase, format!("Remove {service}"), act(ContainerAction::Remove(action)))
        .audit(format!("Remove {name} accessory container"))
}

fn pull(scene: &Scene) -> Step {
    let image = scene.accessory.image();
    let action = act(ContainerAction::Pull(image.to_string()));
    let title = format!("Pull {image}");
    let why = scene.accessory.at("image");
    scene.step("pull", Phase::Stage, title, action).limit(PULL_LIMIT_MS).why(why)
}

fn pull_if_missing(scene: &Scene) -> Result<Vec<Step>, Problem> {
    Ok(if scene.facts.has_image()? { Vec::new() } else { vec![pull(scene)] })
}

/// Directories, files, env file and container of an accessory that is not there.
fn install(scene: &Scene) -> Result<Vec<Step>, Problem> {
    let accessory = scene.accessory;
    let mut steps = files::make(accessory, &scene.host.name, &scene.prefix())?;
    steps.extend(files::upload(accessory, &scene.host.name, &scene.prefix())?);
    let written = scene.context.aims(Intent::Prepare, Area::Env);
    let seen = if written { Seen::Unasked } else { scene.facts.env_file(scene.context)? };
    if let Some(problem) = scene.lacking(&seen) {
        return Err(problem);
    }
    if seen == Seen::Absent {
        steps.push(push(scene).why("there is no env file"));
    }
    let run = act(ContainerAction::Run(container::spec(scene, &seen)?));
    steps.push(
        scene
            .step("run", PHASE, format!("Run {}", accessory.service), run)
            .limit(RUN_LIMIT_MS)
            .audit(format!("Booted {} accessory", accessory.name)),
    );
    steps.extend(ready(scene));
    Ok(steps)
}

fn started(scene: &Scene) -> Vec<Step> {
    let accessory = scene.accessory;
    let start = act(ContainerAction::Start(accessory.service.clone()));
    let start = scene
        .step("start", PHASE, format!("Start {}", accessory.service), start)
        .audit(format!("Started {} accessory", accessory.name));
    [vec![start], ready(scene)].concat()
}

/// Waits until it is up, and shows its log if it does not come up. Where the app is set
/// up too, that is no reason to give up: it may do without, and a database may fill itself for
/// long.
fn ready(scene: &Scene) -> Vec<Step> {
    let service = &scene.accessory.service;
    let wait = Action::Wait(Wait::Container(ContainerWait {
        container: service.clone(),
        until: ContainerCondition::Ready,
        steady_ms: STEADY_MS,
    }));
    let logs = last_lines(service.as_str(), 20);
    let mut wait = scene
        .step("ready", PHASE, format!("Wait until {service} is up"), wait)
        .limit(READY_LIMIT_MS)
        .why("what was configured wrongly ends at once");
    wait.may_fail = scene.context.aims(Intent::Prepare, Area::Accessories);
    let waited = Condition::Failed(wait.id.clone());
    let title = format!("Show the last 20 lines of {service}");
    let explain = scene.step("ready-logs", PHASE, title, logs).when(waited).may_fail();
    vec![wait, explain.why("it did not come up")]
}
