//! `windlass traefik reboot`: a new Traefik of the present configuration.
//!
//! Unlike Kamal, which removes the old container first, the old one stays until the new one
//! answers: if it does not, the old one is started again. Its port can belong to only one of
//! them, so the host is cut off for the moment in between; the image is pulled before it.

use windlass_sdk::arguments::Arguments;
use windlass_sdk::containers::{REPLACED, is_up};
use windlass_sdk::steps::{container, run_suffix, step};
use windlass_sdk::types::{
    Action, ContainerAction, Context, Phase, Problem, Rename, Step, StopOptions,
};

use crate::api::Api;
use crate::boot::{RUN_LIMIT_MS, TraefikHost, env_file_step, never_ran, ready, run};
use crate::container::NAME;

/// The hooks before and after.
pub const HOOKS: [&str; 2] = ["pre-traefik-reboot", "post-traefik-reboot"];

/// The user's hooks around the steps of all hosts. `--rolling` is for the kernel: one host, and
/// one pair of hooks, after the other.
pub fn reboot(context: &Context, hosts: Vec<Step>) -> Vec<Step> {
    let hook = |id: &str, phase, name: &str| {
        let title = format!("Run the hook {name}");
        step(id, "local", phase, title, Action::Hook(name.to_string()))
            .limit(RUN_LIMIT_MS)
            .why("windlass traefik reboot")
    };
    let [before, after] = HOOKS;
    let mut steps = vec![hook("hook-before", Phase::Prepare, before)];
    steps.extend(hosts);
    steps.push(hook("hook-after", Phase::Cleanup, after));
    if Arguments::of(context).switch("rolling") {
        steps = steps.into_iter().map(Step::rolling).collect();
    }
    steps
}

/// The steps of one host.
pub fn on_host(place: &TraefikHost) -> Result<Vec<Step>, Problem> {
    let mut steps = Vec::new();
    let image = place.settings.traefik.image.as_str();
    if place.facts.lacks_image(image) {
        let pull = container(ContainerAction::Pull(image.to_string()));
        let title = format!("Pull {image}");
        let why = "the host must not be cut off while it is pulled";
        steps.push(place.step("pull", Phase::Stage, &title, pull).limit(RUN_LIMIT_MS).why(why));
    }
    steps.extend(env_file_step(place)?);
    let aside = format!("{NAME}{REPLACED}{}", run_suffix(place.context, 16));
    let old = place.facts.traefik()?;
    if let Some(old) = old {
        if is_up(old) {
            let stop = StopOptions { container: old.id.clone(), timeout_s: None };
            let stop = container(ContainerAction::Stop(stop));
            let start = place
                .step("stop", Phase::Start, "Stop Traefik", stop)
                .undo(container(ContainerAction::Start(old.id.clone())));
            steps.push(start.why("only one Traefik can have its port"));
        }
        let rename = |from: &str, to: &str| {
            let (container, name) = (from.to_string(), to.to_string());
            Action::Container(ContainerAction::Rename(Rename { container, name }))
        };
        steps.push(
            place
                .step(
                    "rename",
                    Phase::Start,
                    &format!("Rename {NAME} to {aside}"),
                    rename(NAME, &aside),
                )
                .undo(rename(&aside, NAME))
                .why("it is started again if the new one does not answer"),
        );
    }
    let remove = |id: &str| {
        let stop = StopOptions { container: id.to_string(), timeout_s: None };
        container(ContainerAction::Remove(stop))
    };
    // The step's own failure is taken back too: a container whose start failed must not keep
    // the name from the old one.
    let run = run(place, Phase::Start).undo(remove(NAME)).audit("Rebooted traefik");
    steps.push(run.why("windlass traefik reboot"));
    steps.extend(ready(place, Phase::Route, Api::planned(&place.settings.traefik).as_ref()));
    if let Some(old) = old {
        let title = if never_ran(old) {
            "Remove the Traefik that never ran"
        } else {
            "Remove the old Traefik"
        };
        let step = place.step("remove-old", Phase::Cleanup, title, remove(&old.id));
        steps.push(step.may_fail().why("the new one answers"));
    }
    Ok(steps)
}
