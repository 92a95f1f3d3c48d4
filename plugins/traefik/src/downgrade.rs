//! `windlass downgrade`: from Kamal 2 back to Traefik.
//!
//! Kamal 2 has a proxy of its own at the ports of the host. Only one can have them, so users are
//! cut off for the moment between the two: as late as can be, when the new container answers.
//! Whatever fails until Traefik routes to it, the other proxy is started again.

use windlass_sdk::containers::is_up;
use windlass_sdk::steps::container;
use windlass_sdk::types::{ContainerAction, ImageFilter, Phase, Problem, Step, StopOptions};

use crate::boot::TraefikHost;
use crate::observe::kamal_proxy;
use crate::reboot;

/// Stops Kamal 2's proxy and starts a new Traefik.
pub fn switch(place: &TraefikHost) -> Result<Vec<Step>, Problem> {
    let up = place.facts.kamal_proxies()?.iter().filter(|proxy| is_up(proxy));
    let stops = up.enumerate().map(|(n, proxy)| {
        let stop = StopOptions { container: proxy.id.clone(), timeout_s: None };
        let (id, title) = (format!("stop-kamal-proxy-{}", n + 1), format!("Stop {}", proxy.name));
        place
            .step(&id, Phase::Start, &title, container(ContainerAction::Stop(stop)))
            .undo(container(ContainerAction::Start(proxy.id.clone())))
            .why("Traefik needs its ports")
    });
    Ok([stops.collect(), reboot::on_host(place)?].concat())
}

/// Removes Kamal 2's proxy and its image.
pub fn clear(place: &TraefikHost) -> Result<Vec<Step>, Problem> {
    let found = place.facts.kamal_proxies()?;
    let why = "Traefik is in its place";
    let removed = found.iter().enumerate().map(|(n, proxy)| {
        let stop = StopOptions { container: proxy.id.clone(), timeout_s: None };
        let (id, title) =
            (format!("remove-kamal-proxy-{}", n + 1), format!("Remove {}", proxy.name));
        place
            .step(&id, Phase::Cleanup, &title, container(ContainerAction::Remove(stop)))
            .may_fail()
            .why(why)
    });
    let mut steps: Vec<Step> = removed.collect();
    if !found.is_empty() {
        let images = ImageFilter { labels: vec![kamal_proxy()], all: true };
        let prune = container(ContainerAction::PruneImages(images));
        let title = "Remove the images of kamal-proxy";
        let step = place.step("prune-kamal-proxy", Phase::Cleanup, title, prune);
        steps.push(step.may_fail().why(why));
    }
    Ok(steps)
}
