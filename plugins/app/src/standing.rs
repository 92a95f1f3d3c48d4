//! What the kernel asks of a role plugin between the user's commands: which version is in
//! service, and which ones could be.

use windlass_sdk::All;
use windlass_sdk::containers::{has_role, version};
use windlass_sdk::types::{Context, InService, Kept, Observation};

use crate::current::newest_first;
use crate::subject::{Subject, on_roles};

/// The versions of the current containers.
pub fn standing(context: &Context, observations: &[Observation]) -> All<InService> {
    on_roles(context, observations, |subject| {
        let up = subject.up();
        let current = up.first().map(|c| version(context, c, subject.role).to_string());
        let (host, role) = (subject.host.name.clone(), subject.role.to_string());
        Ok(InService { host, role, version: current })
    })
}

/// The versions of all containers whose image is still there.
pub fn versions(context: &Context, observations: &[Observation]) -> All<Kept> {
    on_roles(context, observations, |subject| {
        let (host, role) = (subject.host.name.clone(), subject.role.to_string());
        Ok(Kept { host, role, versions: kept(subject) })
    })
}

/// Newest first, each once.
fn kept(subject: &Subject) -> Vec<String> {
    let mut all: Vec<_> = subject
        .facts
        .containers
        .iter()
        .filter(|c| has_role(subject.context, c, subject.role))
        .filter(|c| subject.facts.images.iter().any(|image| image.id == c.image_id))
        .collect();
    all.sort_by(|a, b| newest_first(a, b));
    let mut versions: Vec<String> = Vec::new();
    for container in all {
        let version = version(subject.context, container, subject.role).to_string();
        if !versions.contains(&version) {
            versions.push(version);
        }
    }
    versions
}
