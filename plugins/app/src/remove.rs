//! `windlass app remove`: takes the app off its hosts. Kamal leaves stale containers and their
//! images behind.

use windlass_sdk::containers::{has_role, is_ours, latest_reference, same_image};
use windlass_sdk::names::id_part;
use windlass_sdk::steps::{StepExt, container};
use windlass_sdk::types::{ContainerAction, ImageState, Phase, Problem, Step, StopOptions};

use crate::assets;
use crate::commands::Scene;
use crate::observe::roles_on;

/// All containers of the role; after the last role of the host, the images.
pub fn remove(scene: &Scene) -> Result<Vec<Step>, Problem> {
    let mut steps = Vec::new();
    let ours = || scene.facts.containers.iter().filter(|c| has_role(scene.context, c, scene.role));
    for (n, old) in ours().enumerate() {
        let timeout_s = scene.settings.stop_wait_time;
        let stop = StopOptions { container: old.id.clone(), timeout_s };
        let action = container(ContainerAction::Remove(stop));
        let id = format!("remove-{}", n + 1);
        let step = scene
            .step(&id, Phase::Retire, format!("Remove {}", old.name), action)
            .limit(scene.settings.stop_limit_ms());
        steps.push(if n == 0 { step.audit("Removed all app containers") } else { step });
    }
    let gone: Vec<_> = ours().collect();
    steps.extend(assets::remove(
        scene.context,
        scene.facts.host,
        &gone,
        scene.facts.containers,
        &[],
    ));
    if roles_on(scene.context, scene.host).last() == Some(&scene.role) {
        let images = scene.facts.images.iter().filter(|image| is_free(scene, image));
        steps.extend(images.enumerate().map(|(n, image)| {
            let tag = image.reference.rsplit(':').next().unwrap_or_default();
            let action = container(ContainerAction::RemoveImage(image.reference.clone()));
            let title = format!("Remove the image {}", image.reference);
            let id = format!("remove-image.{}", id_part(tag));
            let step = scene.step(&id, Phase::Cleanup, title, action).may_fail();
            if n == 0 { step.audit("Removed all app images") } else { step }
        }));
    }
    Ok(steps)
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
