//! What `lifecycle.plan` does for each operation.

use windlass_sdk::arguments::Arguments;
use windlass_sdk::steps::container;
use windlass_sdk::types::{
    Action, Area, ContainerAction, ContainerList, Context, Intent, Observation, Phase, Problem,
    Step,
};
use windlass_sdk::{All, joined};

use crate::observe::Facts;
use crate::scene::Scene;
use crate::scope::{NOUN, chosen, concerns, hosts};
use crate::settings::Settings;
use crate::{exec, files, logs, remove, rollout};

/// The steps of an operation: accessories in the order of the file, each on all its hosts.
pub fn plan(context: &Context, observations: &[Observation]) -> All<Step> {
    if !concerns(context) {
        return Ok(Vec::new());
    }
    let settings = Settings::of(context).map_err(|problem| vec![problem])?;
    let arguments = Arguments::of(context);
    let mut found = Vec::new();
    for accessory in chosen(context, &settings).map_err(|problem| vec![problem])? {
        for (index, host) in hosts(context, accessory).into_iter().enumerate() {
            let facts = Facts { observations, host, accessory };
            let (settings, arguments, first) = (&settings, &arguments, index == 0);
            let scene = Scene { context, settings, arguments, accessory, host, facts, first };
            found.push(on_host(&scene));
        }
    }
    let mut steps = joined(found)?;
    if context.aims(Intent::Prepare, Area::Env) {
        audit_push(context, &mut steps);
    }
    if context.verb(NOUN) == Some("downgrade") && arguments.switch("rolling") {
        steps = steps.into_iter().map(Step::rolling).collect();
    }
    Ok(steps)
}

fn on_host(scene: &Scene) -> Result<Vec<Step>, Problem> {
    let (host, prefix) = (&scene.host.name, scene.prefix());
    match scene.context.verb(NOUN) {
        None => shared(scene),
        Some("boot") => rollout::boot(scene),
        Some("reboot" | "downgrade") => rollout::reboot(scene),
        Some("start") => rollout::start(scene),
        Some("stop") => rollout::stop(scene),
        Some("restart") => rollout::restart(scene),
        Some("details") => Ok(vec![details(scene)]),
        Some("exec") => exec::exec(scene),
        Some("logs") => logs::logs(scene),
        Some("remove") => remove::all(scene),
        Some("upload") => files::upload(scene.accessory, host, &prefix),
        Some("directories") => files::make(scene.accessory, host, &prefix),
        Some("remove_container") => remove::container(scene),
        Some("remove_image") => remove::image(scene),
        Some("remove_service_directory") => Ok(vec![remove::directory(scene)]),
        Some(_) => Ok(Vec::new()),
    }
}

/// The part in a command that is not the plugin's own.
fn shared(scene: &Scene) -> Result<Vec<Step>, Problem> {
    let aims = |intent, area| scene.context.aims(intent, area);
    let mut steps = Vec::new();
    if aims(Intent::Prepare, Area::Env) {
        steps.push(rollout::push(scene));
    }
    if aims(Intent::Remove, Area::Env) {
        steps.extend(remove::env_file(scene, Phase::Prepare));
    }
    if aims(Intent::Look, Area::Accessories) {
        steps.push(details(scene));
    }
    if aims(Intent::Prepare, Area::Accessories) {
        steps.extend(rollout::boot(scene)?);
    }
    if aims(Intent::Replace, Area::Accessories) {
        steps.extend(rollout::reboot_last(scene)?);
    }
    if aims(Intent::Remove, Area::Accessories) {
        steps.extend(remove::all(scene)?);
    }
    Ok(steps)
}

/// Where roles are, the push of their env files is audited with theirs.
fn audit_push(context: &Context, steps: &mut [Step]) {
    for host in context.hosts.iter().filter(|host| host.roles.is_empty()) {
        let written = |step: &&mut Step| {
            step.host == host.name && matches!(step.action, Action::WriteEnvFile(_))
        };
        if let Some(first) = steps.iter_mut().find(written) {
            first.audit = Some("Pushed env files".to_string());
        }
    }
}

fn details(scene: &Scene) -> Step {
    let labels = vec![("service".to_string(), scene.accessory.service.clone())];
    let list = container(ContainerAction::ListContainers(ContainerList { labels, all: false }));
    let title = format!("List what is up of {}", scene.accessory.name);
    scene.step("details", Phase::Start, title, list)
}
