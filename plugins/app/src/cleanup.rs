//! After a good deploy: tag the image, and remove what is too old to look back at.

use std::collections::BTreeMap;

use windlass_sdk::containers::{is_ours, is_stopped, label, latest_reference, same_image};
use windlass_sdk::names::id_part;
use windlass_sdk::steps::{container, step};
use windlass_sdk::types::{
    Area, ContainerAction, ContainerState, Context, ImageFilter, ImageState, ImageTag, Intent,
    Phase, Step, StopOptions,
};

use crate::current::newest_first;
use crate::observe::HostFacts;
use crate::settings::Settings;
use crate::{assets, names};

/// A container that got another name in this plan.
pub struct Renamed {
    pub id: String,
    pub role: String,
    pub from: String,
    pub to: String,
}

/// The steps of one host. `stopped` are the containers that the plan stops before.
pub fn steps(
    context: &Context,
    settings: &Settings,
    facts: &HostFacts,
    stopped: &[&str],
    renamed: &[Renamed],
) -> Vec<Step> {
    let mut steps = vec![tag(context, facts.host)];
    if context.aims(Intent::Remove, Area::Leftovers) {
        let old = too_old(context, settings, facts.containers, stopped);
        steps.extend(containers(context, facts, &old, renamed));
        steps.extend(images(context, facts, &old));
    }
    steps
}

/// Removes these containers and their assets.
pub fn containers(
    context: &Context,
    facts: &HostFacts,
    old: &[&ContainerState],
    renamed: &[Renamed],
) -> Vec<Step> {
    let removed = old.iter().enumerate().map(|(n, old)| remove(facts.host, n, old, renamed));
    // What a deploy starts is not among the facts.
    let new: Vec<_> = context.roles.iter().map(|role| names::name(context, &role.name)).collect();
    let assets = assets::remove(context, facts.host, old, facts.containers, &new);
    removed.chain(assets).collect()
}

/// Removes the images that nothing needs once the containers `removed` are gone.
pub fn images(context: &Context, facts: &HostFacts, removed: &[&ContainerState]) -> Vec<Step> {
    let unused = unused_images(context, facts, removed);
    let unused = unused.into_iter().map(|image| remove_image(facts.host, image));
    [prune_untagged(context, facts.host)].into_iter().chain(unused).collect()
}

fn tag(context: &Context, host: &str) -> Step {
    let (image, latest) = (names::image(context), latest_reference(context));
    let title = format!("Tag {image} as {latest}");
    let audit = format!("Tagging {image} as the latest image");
    let action = container(ContainerAction::Tag(ImageTag { image, reference: latest }));
    step("tag", host, Phase::Cleanup, title, action)
        .audit(audit)
        .why("the tag tells the next run which container is current")
}

/// Stopped containers beyond those that are retained for each role of this service and exactly
/// this destination. Kamal counts all roles and destinations together.
pub fn too_old<'a>(
    context: &Context,
    settings: &Settings,
    containers: &'a [ContainerState],
    stopped: &[&str],
) -> Vec<&'a ContainerState> {
    let mut down: Vec<_> = containers
        .iter()
        .filter(|c| is_ours(context, c))
        .filter(|c| is_stopped(c) || stopped.contains(&c.id.as_str()))
        .collect();
    down.sort_by(|a, b| newest_first(a, b));
    let mut newer: BTreeMap<&str, usize> = BTreeMap::new();
    down.retain(|&old| {
        let newer = newer.entry(label(old, "role")).or_default();
        *newer += 1;
        *newer > settings.retain()
    });
    down
}

fn remove(host: &str, n: usize, old: &ContainerState, renamed: &[Renamed]) -> Step {
    let name = renamed.iter().find(|r| r.id == old.id).map_or(&old.name, |r| &r.to);
    let stop = StopOptions { container: old.id.clone(), timeout_s: None };
    let action = container(ContainerAction::Remove(stop));
    let step =
        step(format!("prune-{}", n + 1), host, Phase::Cleanup, format!("Remove {name}"), action)
            .may_fail()
            .why("/retain_containers: newer stopped containers are kept");
    if n == 0 { step.audit("Pruned containers") } else { step }
}

fn prune_untagged(context: &Context, host: &str) -> Step {
    let labels = vec![("service".to_string(), context.service.clone())];
    let action = container(ContainerAction::PruneImages(ImageFilter { labels, all: false }));
    let title = format!("Remove images of {} that lost their tag", context.service);
    step("prune-untagged", host, Phase::Cleanup, title, action)
        .may_fail()
        .audit("Pruned images")
        .why("its tag has moved to a newer image")
}

/// Images of the repository that no container needs any more. Neither the deployed version nor
/// any `latest` tag is among them, whether or not this host has pulled it yet: a plan made
/// before the pull must be the same after it.
fn unused_images<'a>(
    context: &Context,
    facts: &HostFacts<'a>,
    removed: &[&ContainerState],
) -> Vec<&'a ImageState> {
    let remain: Vec<_> =
        facts.containers.iter().filter(|c| !removed.iter().any(|r| r.id == c.id)).collect();
    let prefix = format!("{}:", context.repository);
    let is_used = |image: &ImageState| {
        remain.iter().any(|c| {
            // Started by a name that is gone: only the id tells.
            let lost = !facts.images.iter().any(|known| known.reference == c.image);
            c.image == image.reference || lost && same_image(&c.image_id, &image.id)
        })
    };
    let is_kept = |image: &ImageState| match image.reference.strip_prefix(&prefix) {
        Some(tag) => {
            tag == context.version
                || tag == "latest"
                || tag.starts_with("latest-")
                || tag == "<none>"
        }
        None => true,
    };
    facts.images.iter().filter(|image| !is_kept(image) && !is_used(image)).collect()
}

fn remove_image(host: &str, image: &ImageState) -> Step {
    let tag = image.reference.rsplit(':').next().unwrap_or_default();
    let action = container(ContainerAction::RemoveImage(image.reference.clone()));
    let id = format!("prune-image.{}", id_part(tag));
    step(id, host, Phase::Cleanup, format!("Remove the image {}", image.reference), action)
        .may_fail()
        .why("no container that is kept was started from it")
}
