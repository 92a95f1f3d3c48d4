//! Which of a role's containers is the current one, and which are stale.

use std::cmp::Ordering;

use windlass_sdk::containers::{has_role, in_service, is_up, latest_reference, same_image};
use windlass_sdk::types::{ContainerState, Context, ImageState};

/// The id of the image that was deployed last on a host.
pub fn latest_image<'a>(context: &Context, images: &'a [ImageState]) -> Option<&'a str> {
    let reference = latest_reference(context);
    images.iter().find(|image| image.reference == reference).map(|image| image.id.as_str())
}

/// Sorts what is up so that the current container stands first: one in service before one
/// that is not, then one of the image deployed last, then the newest.
///
/// Kamal asks for the image first. After a crash between cutting the cord and stopping, that
/// picks the container that no longer serves.
pub fn current_first(containers: &mut [&ContainerState], latest: Option<&str>) {
    let is_latest = |c: &ContainerState| latest.is_some_and(|id| same_image(id, &c.image_id));
    containers.sort_by(|a, b| {
        in_service(b)
            .cmp(&in_service(a))
            .then_with(|| is_latest(b).cmp(&is_latest(a)))
            .then_with(|| newest_first(a, b))
    });
}

/// The newer container first; by id if they are of the same instant.
pub fn newest_first(a: &ContainerState, b: &ContainerState) -> Ordering {
    let time = |c: &ContainerState| c.created_at.trim_end_matches('Z').to_string();
    time(b).cmp(&time(a)).then_with(|| a.id.cmp(&b.id))
}

/// What is up of a role, the current one first.
pub fn up<'a>(
    context: &Context,
    containers: &'a [ContainerState],
    role: &str,
    latest: Option<&str>,
) -> Vec<&'a ContainerState> {
    let mut up: Vec<_> =
        containers.iter().filter(|c| has_role(context, c, role) && is_up(c)).collect();
    current_first(&mut up, latest);
    up
}
