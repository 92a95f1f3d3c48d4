//! `windlass app remove`, and its parts: takes the app off its hosts. Kamal leaves stale
//! containers and their images behind.

use windlass_sdk::containers::{has_role, is_ours, is_stopped, latest_reference, same_image};
use windlass_sdk::names::id_part;
use windlass_sdk::steps::{container, error_on, role_prefix};
use windlass_sdk::types::{
    ContainerAction, ContainerState, ImageState, Phase, Problem, Rollout, Step, StopOptions,
};

use crate::assets;
use crate::observe::{HostFacts, roles_on};
use crate::scene::Scene;

/// All containers of the role; after the last role of the host, the images.
pub fn remove(scene: &Scene) -> Result<Rollout, Problem> {
    let ours: Vec<_> = ours(scene).collect();
    let mut steps = containers(scene, &ours, "Removed all app containers");
    if roles_on(scene.context, scene.host).last() == Some(&scene.role) {
        let free: Vec<_> =
            scene.facts.images.iter().filter(|image| is_free(scene, image)).collect();
        steps.extend(images(scene, &free));
    }
    Ok(Rollout { steps, moves: scene.leaving() })
}

/// The stopped container of one version.
pub fn container_of_version(scene: &Scene) -> Result<Vec<Step>, Problem> {
    let version = scene.arguments.text("app-version").unwrap_or_default();
    let name = format!("{}-{version}", role_prefix(scene.context, scene.role));
    let named: Vec<_> = ours(scene).filter(|c| c.name == name).collect();
    if let Some(up) = named.iter().find(|c| !is_stopped(c)) {
        let message = format!("{} is up", up.name);
        return Err(error_on(&scene.host.name, message, "stop it first: windlass app stop"));
    }
    Ok(containers(scene, &named, &format!("Removed app container with version {version}")))
}

/// All stopped containers of the role.
pub fn stopped(scene: &Scene) -> Result<Vec<Step>, Problem> {
    let stopped: Vec<_> = ours(scene).filter(|c| is_stopped(c)).collect();
    Ok(containers(scene, &stopped, "Removed all app containers"))
}

/// The images that no container was started from.
pub fn unused_images(scene: &Scene) -> Result<Vec<Step>, Problem> {
    let is_used = |image: &ImageState| {
        let mut containers = scene.facts.containers.iter();
        containers.any(|c| c.image == image.reference || same_image(&c.image_id, &image.id))
    };
    let is_tagged = |image: &ImageState| !image.reference.ends_with(":<none>");
    let unused: Vec<_> =
        scene.facts.images.iter().filter(|image| is_tagged(image) && !is_used(image)).collect();
    Ok(images(scene, &unused))
}

fn ours<'a>(scene: &Scene<'a>) -> impl Iterator<Item = &'a ContainerState> {
    let (context, role) = (scene.context, scene.role);
    scene.facts.containers.iter().filter(move |c| has_role(context, c, role))
}

fn containers(scene: &Scene, gone: &[&ContainerState], audit: &str) -> Vec<Step> {
    let remove = |(n, old): (usize, &&ContainerState)| {
        let timeout_s = scene.settings.stop_wait_time;
        let stop = StopOptions { container: old.id.clone(), timeout_s };
        let action = container(ContainerAction::Remove(stop));
        let id = format!("remove-{}", n + 1);
        let step = scene
            .step(&id, Phase::Retire, format!("Remove {}", old.name), action)
            .limit(scene.settings.stop_limit_ms());
        if n == 0 { step.audit(audit) } else { step }
    };
    let removed = gone.iter().enumerate().map(remove);
    let HostFacts { host, containers, .. } = scene.facts;
    removed.chain(assets::remove(scene.context, host, gone, containers, &[])).collect()
}

fn images(scene: &Scene, unused: &[&ImageState]) -> Vec<Step> {
    let remove = |(n, image): (usize, &&ImageState)| {
        let tag = image.reference.rsplit(':').next().unwrap_or_default();
        let action = container(ContainerAction::RemoveImage(image.reference.clone()));
        let title = format!("Remove the image {}", image.reference);
        let id = format!("remove-image.{}", id_part(tag));
        let step = scene.step(&id, Phase::Cleanup, title, action).may_fail();
        if n == 0 { step.audit("Removed all app images") } else { step }
    };
    unused.iter().enumerate().map(remove).collect()
}

/// True for an image that neither another destination nor a role out of play may need.
fn is_free(scene: &Scene, image: &ImageState) -> bool {
    let tag = image.reference.rsplit(':').next().unwrap_or_default();
    let is_latest = tag == "latest" || tag.starts_with("latest-");
    let roles = roles_on(scene.context, scene.host);
    let others_use = scene.facts.containers.iter().any(|c| {
        let removed = is_ours(scene.context, c)
            && roles.contains(&windlass_sdk::containers::label(c, "role"));
        !removed && (c.image == image.reference || same_image(&c.image_id, &image.id))
    });
    tag != "<none>"
        && (!is_latest || image.reference == latest_reference(scene.context))
        && !others_use
}
