//! What `lifecycle.plan` does for each operation.

use windlass_sdk::arguments::Arguments;
use windlass_sdk::env_files::Seen;
use windlass_sdk::names::{enumerate, id_part, nearest};
use windlass_sdk::steps::{container, step};
use windlass_sdk::types::{
    Action, Area, ContainerAction, ContainerList, Context, HostInfo, Intent, Observation, Phase,
    Problem, Severity, Step,
};

use crate::observe::{Facts, NOUN, concerns};
use crate::settings::{Accessory, Settings};
use crate::{exec, files, logs, remove, rollout};

/// One accessory on one host.
pub struct Scene<'a> {
    pub context: &'a Context,
    pub settings: &'a Settings,
    pub arguments: &'a Arguments,
    pub accessory: &'a Accessory,
    pub host: &'a HostInfo,
    pub facts: Facts<'a>,
    /// It is the first of the accessory's hosts: interactive commands go there.
    pub first: bool,
}

impl Scene<'_> {
    /// A step for the accessory.
    pub fn step(&self, id: &str, phase: Phase, title: String, action: Action) -> Step {
        let id = format!("{}.{id}", self.prefix());
        step(id, &self.host.name, phase, title, action).why(self.accessory.pointer.as_str())
    }

    /// Why its container must not be started, if the host lacks secrets of it.
    pub fn lacking(&self, seen: &Seen) -> Option<Problem> {
        let file = self.accessory.env_file(self.context);
        file.lacking(self.context, &self.host.name, &self.accessory.env, seen)
    }

    /// The beginning of its steps' ids.
    pub fn prefix(&self) -> String {
        id_part(&self.accessory.name)
    }
}

/// The steps of an operation: accessories in the order of the file, each on all its hosts.
pub fn plan(context: &Context, observations: &[Observation]) -> Result<Vec<Step>, Vec<Problem>> {
    if !concerns(context) {
        return Ok(Vec::new());
    }
    let settings = Settings::of(context).map_err(|problem| vec![problem])?;
    let arguments = Arguments::of(context);
    let (mut steps, mut problems): (Vec<Step>, Vec<Problem>) = (Vec::new(), Vec::new());
    for accessory in chosen(context, &settings).map_err(|problem| vec![problem])? {
        for (index, host) in hosts(context, accessory).into_iter().enumerate() {
            let facts = Facts { observations, host, accessory };
            let (settings, arguments, first) = (&settings, &arguments, index == 0);
            let scene = Scene { context, settings, arguments, accessory, host, facts, first };
            match on_host(&scene) {
                Ok(found) => steps.extend(found),
                Err(problem) => problems.push(problem),
            }
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
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

/// The accessories that an operation is about: for a command on them the named one, or all.
pub fn chosen<'a>(
    context: &Context,
    settings: &'a Settings,
) -> Result<Vec<&'a Accessory>, Problem> {
    let all: Vec<&Accessory> = settings.accessories.iter().collect();
    let Some(verb) = context.verb(NOUN) else { return Ok(all) };
    let name = Arguments::of(context).text("name").unwrap_or_default();
    if let Some(one) = all.iter().find(|accessory| accessory.name == name) {
        return Ok(vec![*one]);
    }
    if name == "all" && !matches!(verb, "exec" | "logs") {
        return Ok(all);
    }
    let names: Vec<&str> = all.iter().map(|accessory| accessory.name.as_str()).collect();
    let known = match names.as_slice() {
        [] => "deploy.yml has no `accessories`".to_string(),
        names => format!("the accessories are {}", enumerate(names)),
    };
    let help = match nearest(&name, &names) {
        Some(near) => format!("did you mean `{near}`? {known}"),
        None => known,
    };
    Err(Problem {
        severity: Severity::Error,
        message: format!("there is no accessory `{name}`"),
        pointer: None,
        host: None,
        help: Some(help),
    })
}

/// Its hosts that are in play, in its own order.
pub fn hosts<'a>(context: &'a Context, accessory: &Accessory) -> Vec<&'a HostInfo> {
    let in_play = |name: &String| context.hosts.iter().find(|host| host.name == *name);
    accessory.hosts.iter().filter_map(in_play).collect()
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
