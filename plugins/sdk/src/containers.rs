//! What names, labels and states tell of an app's containers: whose they are, what version they
//! run, whether they are up; and whether two images are one.
//!
//! All plugins must agree on this. Which container is the current one is the role plugin's
//! matter.

use crate::steps::{error_on, role_prefix};
use crate::types::{
    ContainerFact, ContainerState, ContainerStatus, Context, Fact, HealthStatus, ImageState,
    Observation, Problem,
};

/// Between the version and 16 digits in the name of a container that made room for a new one
/// of its own version.
pub const REPLACED: &str = "_replaced_";

/// What a host told, or that it is not known. A host that could not answer is a problem: nothing
/// may be planned as if it had no containers.
pub type Told<'a, T> = Result<&'a [T], Problem>;

/// The containers that a host told of under this id.
pub fn told<'a>(all: &'a [Observation], host: &str, id: &str) -> Told<'a, ContainerState> {
    match fact(all, host, id)? {
        Fact::Container(ContainerFact::Containers(containers)) => Ok(containers),
        _ => Err(unknown(host, "it answered another question")),
    }
}

/// The images that a host told of under this id.
pub fn told_images<'a>(all: &'a [Observation], host: &str, id: &str) -> Told<'a, ImageState> {
    match fact(all, host, id)? {
        Fact::Container(ContainerFact::Images(images)) => Ok(images),
        _ => Err(unknown(host, "it answered another question")),
    }
}

fn fact<'a>(observations: &'a [Observation], host: &str, id: &str) -> Result<&'a Fact, Problem> {
    match observations.iter().find(|o| o.host == host && o.id == id).map(|o| &o.answer) {
        Some(Ok(fact)) => Ok(fact),
        Some(Err(why)) => Err(unknown(host, why)),
        None => Err(unknown(host, "it was not asked")),
    }
}

fn unknown(host: &str, why: &str) -> Problem {
    error_on(
        host,
        format!("the state of the host is not known: {}", why.trim()),
        "check that the container engine runs there and that the user may use it",
    )
}

/// The value of a label; the empty text if there is none.
pub fn label<'a>(container: &'a ContainerState, name: &str) -> &'a str {
    container.labels.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str())
}

/// True for a container of this service and exactly this destination: without one, those of
/// `-d staging` are somebody else's.
pub fn is_ours(context: &Context, container: &ContainerState) -> bool {
    label(container, "service") == context.service
        && label(container, "destination") == context.destination.as_deref().unwrap_or("")
}

/// True for a container of ours that has this role.
pub fn has_role(context: &Context, container: &ContainerState, role: &str) -> bool {
    is_ours(context, container) && label(container, "role") == role
}

/// Up in some way: it may serve, or come to serve, without being started.
pub fn is_up(container: &ContainerState) -> bool {
    use ContainerStatus::{Paused, Restarting, Running};
    matches!(container.status, Running | Restarting | Paused)
}

/// Down, with nothing in progress.
pub fn is_stopped(container: &ContainerState) -> bool {
    use ContainerStatus::{Created, Dead, Exited};
    matches!(container.status, Created | Exited | Dead)
}

/// Serving, as far as the engine knows: running and healthy, or without a health check.
pub fn in_service(container: &ContainerState) -> bool {
    container.status == ContainerStatus::Running
        && matches!(container.health, HealthStatus::Healthy | HealthStatus::None)
}

/// True if both texts name one image, with or without `sha256:` and shortened or not.
pub fn same_image(left: &str, right: &str) -> bool {
    let bare = |id: &str| id.strip_prefix("sha256:").unwrap_or(id).to_string();
    let (left, right) = (bare(left), bare(right));
    left.len().min(right.len()) >= 12 && (left.starts_with(&right) || right.starts_with(&left))
}

/// A reference without tag and digest.
pub fn repository(image: &str) -> &str {
    let image = image.split('@').next().unwrap_or(image);
    match image.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => repository,
        _ => image,
    }
}

/// True if a reference means the image; without a tag it means `latest`.
pub fn is_referred_to(image: &ImageState, reference: &str) -> bool {
    image.reference == reference
        || repository(reference) == reference && image.reference == format!("{reference}:latest")
}

/// `REPOSITORY:latest[-DESTINATION]`, the tag of what was deployed last.
pub fn latest_reference(context: &Context) -> String {
    match &context.destination {
        Some(destination) => format!("{}:latest-{destination}", context.repository),
        None => format!("{}:latest", context.repository),
    }
}

/// The version that a container of a role runs: its name without the known prefix, for a
/// version may contain dashes, and without the mark of a replaced container.
pub fn version<'a>(context: &Context, container: &'a ContainerState, role: &str) -> &'a str {
    let prefix = format!("{}-", role_prefix(context, role));
    let version = container.name.strip_prefix(&prefix).unwrap_or(&container.name);
    // From the end: a version may itself end in a part of the mark.
    match version.rsplit_once(REPLACED) {
        Some((version, digits)) if is_mark(digits) => version,
        _ => version,
    }
}

/// The 16 digits behind [`REPLACED`].
fn is_mark(digits: &str) -> bool {
    digits.len() == 16 && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_come_back_from_names() {
        let mut context = crate::testing::context("deploy");
        let names = ["v1", "1-2_3", "1.2-rc-1", "a-_replaced", "_replaced_", "x_replaced_y"];
        let marks = ["", "_replaced_0123456789abcdef"];
        for (name, mark) in names.into_iter().flat_map(|name| marks.map(|mark| (name, mark))) {
            for (role, destination) in
                [("web", None), ("web-api", Some("eu")), ("web", Some("eu-west"))]
            {
                context.destination = destination.map(str::to_string);
                let prefix = role_prefix(&context, role);
                let container = crate::testing::container(format!("{prefix}-{name}{mark}"));
                assert_eq!(version(&context, &container, role), name);
            }
        }
    }

    #[test]
    fn images_are_compared_by_id() {
        let id = "sha256:0123456789abcdef";
        assert!(same_image(id, "0123456789abcdef") && same_image(id, "0123456789ab"));
        assert!(!same_image(id, "") && !same_image(id, "0123") && !same_image("", ""));
    }

    #[test]
    fn references_lose_their_tag() {
        assert_eq!(repository("traefik:v2.11"), "traefik");
        assert_eq!(repository("10.0.0.5:5000/traefik"), "10.0.0.5:5000/traefik");
        assert_eq!(repository("a:5000/traefik:v3@sha256:00"), "a:5000/traefik");
        let image = |reference: &str| ImageState {
            id: String::new(),
            reference: reference.to_string(),
            created_at: String::new(),
        };
        assert!(is_referred_to(&image("a:5000/db:latest"), "a:5000/db"));
        assert!(!is_referred_to(&image("db:8"), "db") && is_referred_to(&image("db:8"), "db:8"));
    }
}
