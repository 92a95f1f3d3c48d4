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
use crate::subject::Subject;

/// All containers of the role; after the last role of the host, the images.
pub fn remove(subject: &Subject) -> Result<Rollout, Problem> {
    let ours: Vec<_> = ours(subject).collect();
    let mut steps = containers(subject, &ours, "Removed all app containers");
    if roles_on(subject.context, subject.host).last() == Some(&subject.role) {
        let free: Vec<_> =
            subject.facts.images.iter().filter(|image| is_free(subject, image)).collect();
        steps.extend(images(subject, &free));
    }
    Ok(Rollout { steps, moves: subject.leaving() })
}

/// The stopped container of one version.
pub fn container_of_version(subject: &Subject) -> Result<Vec<Step>, Problem> {
    let version = subject.arguments.text("app-version").unwrap_or_default();
    let name = format!("{}-{version}", role_prefix(subject.context, subject.role));
    let named: Vec<_> = ours(subject).filter(|c| c.name == name).collect();
    if let Some(up) = named.iter().find(|c| !is_stopped(c)) {
        let message = format!("{} is up", up.name);
        return Err(error_on(&subject.host.name, message, "stop it first: windlass app stop"));
    }
    Ok(containers(subject, &named, &format!("Removed app container with version {version}")))
}

/// All stopped containers of the role.
pub fn stopped(subject: &Subject) -> Result<Vec<Step>, Problem> {
    let stopped: Vec<_> = ours(subject).filter(|c| is_stopped(c)).collect();
    Ok(containers(subject, &stopped, "Removed all app containers"))
}

/// The images that no container was started from.
pub fn unused_images(subject: &Subject) -> Result<Vec<Step>, Problem> {
    let is_used = |image: &ImageState| {
        let mut containers = subject.facts.containers.iter();
        containers.any(|c| c.image == image.reference || same_image(&c.image_id, &image.id))
    };
    let is_tagged = |image: &ImageState| !image.reference.ends_with(":<none>");
    let unused: Vec<_> =
        subject.facts.images.iter().filter(|image| is_tagged(image) && !is_used(image)).collect();
    Ok(images(subject, &unused))
}

fn ours<'a>(subject: &Subject<'a>) -> impl Iterator<Item = &'a ContainerState> {
    let (context, role) = (subject.context, subject.role);
    subject.facts.containers.iter().filter(move |c| has_role(context, c, role))
}

fn containers(subject: &Subject, gone: &[&ContainerState], audit: &str) -> Vec<Step> {
    let remove = |(n, old): (usize, &&ContainerState)| {
        let timeout_s = subject.settings.stop_wait_time;
        let stop = StopOptions { container: old.id.clone(), timeout_s };
        let action = container(ContainerAction::Remove(stop));
        let id = format!("remove-{}", n + 1);
        let step = subject
            .step(&id, Phase::Retire, format!("Remove {}", old.name), action)
            .limit(subject.settings.stop_limit_ms());
        if n == 0 { step.audit(audit) } else { step }
    };
    let removed = gone.iter().enumerate().map(remove);
    let HostFacts { host, containers, .. } = subject.facts;
    removed.chain(assets::remove(subject.context, host, gone, containers, &[])).collect()
}

fn images(subject: &Subject, unused: &[&ImageState]) -> Vec<Step> {
    let remove = |(n, image): (usize, &&ImageState)| {
        let tag = image.reference.rsplit(':').next().unwrap_or_default();
        let action = container(ContainerAction::RemoveImage(image.reference.clone()));
        let title = format!("Remove the image {}", image.reference);
        let id = format!("remove-image.{}", id_part(tag));
        let step = subject.step(&id, Phase::Cleanup, title, action).may_fail();
        if n == 0 { step.audit("Removed all app images") } else { step }
    };
    unused.iter().enumerate().map(remove).collect()
}

/// True for an image that neither another destination nor a role out of play may need.
fn is_free(subject: &Subject, image: &ImageState) -> bool {
    let tag = image.reference.rsplit(':').next().unwrap_or_default();
    let is_latest = tag == "latest" || tag.starts_with("latest-");
    let roles = roles_on(subject.context, subject.host);
    let others_use = subject.facts.containers.iter().any(|c| {
        let removed = is_ours(subject.context, c)
            && roles.contains(&windlass_sdk::containers::label(c, "role"));
        !removed && (c.image == image.reference || same_image(&c.image_id, &image.id))
    });
    tag != "<none>"
        && (!is_latest || image.reference == latest_reference(subject.context))
        && !others_use
}
