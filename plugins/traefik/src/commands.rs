//! What `lifecycle.plan` does for each operation.

use windlass_sdk::arguments::{Arguments, log_options};
use windlass_sdk::containers::is_up;
use windlass_sdk::steps::{container, error_on, say};
use windlass_sdk::types::{
    Area, ContainerAction, ContainerState, Context, Intent, Observation, Phase, Problem, Step,
    StopOptions,
};
use windlass_sdk::{All, joined};

use crate::boot::{self, TraefikHost};
use crate::observe::ProxyFacts;
use crate::operation::{NOUN, is_downgrade};
use crate::settings::Settings;
use crate::{downgrade, reboot, tidy};

/// The steps of an operation, on the hosts of roles that Traefik routes to.
pub fn plan(context: &Context, observations: &[Observation]) -> All<Step> {
    let settings = Settings::of(context).map_err(|problem| vec![problem])?;
    let steps = joined(settings.hosts(context).into_iter().map(|host| {
        let facts = ProxyFacts::of(observations, host);
        on_host(&TraefikHost { context, settings: &settings, facts: &facts })
    }))?;
    let reboots =
        is_downgrade(context) || context.verb(NOUN) == Some("reboot") && !steps.is_empty();
    Ok(if reboots { reboot::reboot(context, steps) } else { steps })
}

fn on_host(place: &TraefikHost) -> Result<Vec<Step>, Problem> {
    match place.context.verb(NOUN) {
        None | Some("downgrade") => shared(place),
        Some("boot") => boot::boot(place),
        Some("reboot") => reboot::on_host(place),
        Some("start") => start(place),
        Some("stop") => Ok(stop(place)?.into_iter().collect()),
        Some("restart") => restart(place),
        Some("details") => details(place),
        Some("logs") => logs(place),
        Some("remove") => remove(place),
        Some("remove_container") => Ok(remove_container(place)?.into_iter().collect()),
        Some("remove_image") => Ok(remove_image(place)?.into_iter().collect()),
        Some(_) => Ok(Vec::new()),
    }
}

/// The part in a command that is not about Traefik alone.
fn shared(place: &TraefikHost) -> Result<Vec<Step>, Problem> {
    let (context, settings, facts) = (place.context, place.settings, place.facts);
    let aims = |intent, area| context.aims(intent, area);
    let mut steps = Vec::new();
    if aims(Intent::Prepare, Area::Env) {
        // Also where Traefik runs already.
        steps.extend(boot::env_file_step(place)?);
    }
    if aims(Intent::Remove, Area::Env) {
        steps.extend(boot::delete_env_file(place));
    }
    if aims(Intent::Prepare, Area::Proxies) {
        let is_new = |step: &Step| !steps.iter().any(|known: &Step| known.id == step.id);
        let boot: Vec<_> = boot::boot(place)?.into_iter().filter(is_new).collect();
        steps.extend(boot);
    }
    if is_downgrade(context) {
        steps.extend(downgrade::clear(place)?);
    } else if aims(Intent::Replace, Area::Roles) && aims(Intent::Remove, Area::Leftovers) {
        steps.extend(tidy::tidy(context, settings, facts, false)?);
    }
    if aims(Intent::Look, Area::Proxies) {
        steps.extend(details(place)?);
    }
    if aims(Intent::Remove, Area::Proxies) {
        steps.extend(leave(place)?);
    }
    if aims(Intent::Remove, Area::Roles) {
        steps.extend(tidy::tidy(context, settings, facts, true)?);
    }
    Ok(steps)
}

fn absent(place: &TraefikHost) -> Problem {
    error_on(&place.host().name, "the host has no Traefik", "start one: windlass traefik boot")
}

fn start(place: &TraefikHost) -> Result<Vec<Step>, Problem> {
    let found = place.facts.traefik()?.ok_or_else(|| absent(place))?;
    if is_up(found) {
        return Ok(Vec::new());
    }
    Ok(with_audit(boot::start(place, found), "Started traefik"))
}

fn with_audit(mut steps: Vec<Step>, text: &str) -> Vec<Step> {
    if let Some(first) = steps.first_mut() {
        first.audit = Some(text.to_string());
    }
    steps
}

fn stop(place: &TraefikHost) -> Result<Option<Step>, Problem> {
    let Some(found) = place.facts.traefik()?.filter(|found| is_up(found)) else { return Ok(None) };
    let stop = StopOptions { container: found.id.clone(), timeout_s: None };
    let action = container(ContainerAction::Stop(stop));
    let step = place.step("stop", Phase::Prepare, "Stop Traefik", action);
    Ok(Some(step.audit("Stopped traefik").why(why(place))))
}

fn restart(place: &TraefikHost) -> Result<Vec<Step>, Problem> {
    let found = place.facts.traefik()?.ok_or_else(|| absent(place))?;
    let mut steps: Vec<_> = stop(place)?.into_iter().collect();
    steps.extend(with_audit(boot::start(place, found), "Started traefik"));
    Ok(steps)
}

fn details(place: &TraefikHost) -> Result<Vec<Step>, Problem> {
    let text = match place.facts.traefik()? {
        None => "no Traefik".to_string(),
        Some(found) => {
            let status = format!("{:?}", found.status);
            let status = status.rsplit("::").next().unwrap_or_default().to_lowercase();
            format!("{} {}, {status}, created {}", found.name, found.image, found.created_at)
        }
    };
    Ok(vec![place.step("details", Phase::Start, &text, say(&text)).why(why(place))])
}

fn logs(place: &TraefikHost) -> Result<Vec<Step>, Problem> {
    let arguments = Arguments::of(place.context);
    let follow = arguments.switch("follow");
    if follow && place.host().name != place.context.primary_host {
        return Ok(Vec::new());
    }
    let found: &ContainerState = place.facts.traefik()?.ok_or_else(|| absent(place))?;
    let options = log_options(&arguments, &found.id, true)?;
    let action = container(ContainerAction::Logs(options));
    let step = place.step("logs", Phase::Start, "Show lines of Traefik", action).why(why(place));
    Ok(vec![if follow { step.limit(u32::MAX) } else { step }])
}

/// Removes Traefik unless somebody else on the host is reached through it. Kamal takes it away
/// from them.
fn leave(place: &TraefikHost) -> Result<Vec<Step>, Problem> {
    let Some(other) = place.facts.neighbour(place.context)? else { return remove(place) };
    let text = format!("Traefik stays on {}: {} is behind it", place.host().name, other.name);
    Ok(vec![
        place.step("stays", Phase::Start, "Leave Traefik for others", say(&text)).why(why(place)),
    ])
}

fn remove(place: &TraefikHost) -> Result<Vec<Step>, Problem> {
    let container = remove_container(place)?;
    let image = if container.is_some() { remove_image(place)? } else { None };
    Ok(container.into_iter().chain(image).collect())
}

fn remove_container(place: &TraefikHost) -> Result<Option<Step>, Problem> {
    let Some(found) = place.facts.traefik()? else { return Ok(None) };
    let stop = StopOptions { container: found.id.clone(), timeout_s: None };
    let gone = container(ContainerAction::Remove(stop));
    let step = place.step("remove", Phase::Start, "Remove Traefik", gone);
    Ok(Some(step.audit("Removed traefik container").why(why(place))))
}

/// The image that the container was started from; without one, that of deploy.yml, if it is there.
fn remove_image(place: &TraefikHost) -> Result<Option<Step>, Problem> {
    let image = match place.facts.traefik()? {
        Some(found) => found.image.as_str(),
        None => place.settings.traefik.image.as_str(),
    };
    if place.context.verb(NOUN) == Some("remove_image") && place.facts.lacks_image(image) {
        return Ok(None);
    }
    let action = container(ContainerAction::RemoveImage(image.to_string()));
    let title = format!("Remove the image {image}");
    let step = place.step("remove-image", Phase::Cleanup, &title, action).may_fail();
    Ok(Some(step.audit("Removed traefik image").why(why(place))))
}

fn why(place: &TraefikHost) -> String {
    place.context.typed()
}
