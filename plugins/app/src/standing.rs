//! What the kernel asks of a role plugin between the user's commands: which version is in
//! service, and which ones could be.

use windlass_sdk::containers::{has_role, newest_first, version};
use windlass_sdk::types::{Problem, Step};

use crate::commands::Scene;

/// The version of the current container; empty if none is up.
pub fn standing(scene: &Scene) -> Result<Vec<Step>, Problem> {
    let up = scene.up();
    let current = up.first().map(|c| version(scene.context, c, scene.role)).unwrap_or_default();
    Ok(vec![scene.say("standing", current)])
}

/// A JSON list of the versions of the role's containers, newest first, whose image is still
/// there.
pub fn versions(scene: &Scene) -> Result<Vec<Step>, Problem> {
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
    let text = serde_json::to_string(&versions).unwrap_or_default();
    Ok(vec![scene.say("versions", &text)])
}
