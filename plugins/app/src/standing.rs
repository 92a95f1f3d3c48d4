//! What the kernel asks of a role plugin between the user's commands: which version is in
//! service, and which ones could be.

use windlass_sdk::All;
use windlass_sdk::containers::{has_role, version};
use windlass_sdk::types::{Context, InService, Kept, Observation};

use crate::current::newest_first;
use crate::scene::{Scene, on_roles};

/// The versions of the current containers.
pub fn standing(context: &Context, observations: &[Observation]) -> All<InService> {
    on_roles(context, observations, |scene| {
        let up = scene.up();
        let current = up.first().map(|c| version(context, c, scene.role).to_string());
        let (host, role) = (scene.host.name.clone(), scene.role.to_string());
        Ok(InService { host, role, version: current })
    })
}

/// The versions of all containers whose image is still there.
pub fn versions(context: &Context, observations: &[Observation]) -> All<Kept> {
    on_roles(context, observations, |scene| {
        let (host, role) = (scene.host.name.clone(), scene.role.to_string());
        Ok(Kept { host, role, versions: kept(scene) })
    })
}

/// Newest first, each once.
fn kept(scene: &Scene) -> Vec<String> {
    let mut all: Vec<_> = scene
        .facts
        .containers
        .iter()
        .filter(|c| has_role(scene.context, c, scene.role))
        .filter(|c| scene.facts.images.iter().any(|image| image.id == c.image_id))
        .collect();
    all.sort_by(|a, b| newest_first(a, b));
    let mut versions: Vec<String> = Vec::new();
    for container in all {
        let version = version(scene.context, container, scene.role).to_string();
        if !versions.contains(&version) {
            versions.push(version);
        }
    }
    versions
}
