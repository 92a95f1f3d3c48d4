//! What `lifecycle.plan` does for each operation.

use windlass_sdk::arguments::Arguments;
use windlass_sdk::steps::container;
use windlass_sdk::types::{
    Action, Area, ContainerAction, ContainerList, Context, Intent, Observation, Phase, Problem,
    Step,
};
use windlass_sdk::{All, joined};

use crate::observe::Facts;
use crate::scope::{NOUN, chosen, concerns, hosts};
use crate::settings::Settings;
use crate::subject::Subject;
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
            let subject = Subject { context, settings, arguments, accessory, host, facts, first };
            found.push(on_host(&subject));
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

fn on_host(subject: &Subject) -> Result<Vec<Step>, Problem> {
    let (host, prefix) = (&subject.host.name, subject.prefix());
    match subject.context.verb(NOUN) {
        None => shared(subject),
        Some("boot") => rollout::boot(subject),
        Some("reboot" | "downgrade") => rollout::reboot(subject),
        Some("start") => rollout::start(subject),
        Some("stop") => rollout::stop(subject),
        Some("restart") => rollout::restart(subject),
        Some("details") => Ok(vec![details(subject)]),
        Some("exec") => exec::exec(subject),
        Some("logs") => logs::logs(subject),
        Some("remove") => remove::all(subject),
        Some("upload") => files::upload(subject.accessory, host, &prefix),
        Some("directories") => files::make(subject.accessory, host, &prefix),
        Some("remove_container") => remove::container(subject),
        Some("remove_image") => remove::image(subject),
        Some("remove_service_directory") => Ok(vec![remove::directory(subject)]),
        Some(_) => Ok(Vec::new()),
    }
}

/// The part in a command that is not the plugin's own.
fn shared(subject: &Subject) -> Result<Vec<Step>, Problem> {
    let aims = |intent, area| subject.context.aims(intent, area);
    let mut steps = Vec::new();
    if aims(Intent::Prepare, Area::Env) {
        steps.push(rollout::push(subject));
    }
    if aims(Intent::Remove, Area::Env) {
        steps.extend(remove::env_file(subject, Phase::Prepare));
    }
    if aims(Intent::Look, Area::Accessories) {
        steps.push(details(subject));
    }
    if aims(Intent::Prepare, Area::Accessories) {
        steps.extend(rollout::boot(subject)?);
    }
    if aims(Intent::Replace, Area::Accessories) {
        steps.extend(rollout::reboot_last(subject)?);
    }
    if aims(Intent::Remove, Area::Accessories) {
        steps.extend(remove::all(subject)?);
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

fn details(subject: &Subject) -> Step {
    let labels = vec![("service".to_string(), subject.accessory.service.clone())];
    let list = container(ContainerAction::ListContainers(ContainerList { labels, all: false }));
    let title = format!("List the running containers of {}", subject.accessory.name);
    subject.step("details", Phase::Start, title, list)
}
