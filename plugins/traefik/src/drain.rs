//! Traffic leaves old containers: their cords are cut, the engine finds them unhealthy, and
//! Traefik no longer lists them.
//!
//! An old container without a cord has no such way out: it is stopped in `retire` and finishes
//! its requests by its own graceful stop, as in Kamal. The plan says so.

use windlass_sdk::steps::say;
use windlass_sdk::types::{
    Action, ContainerCondition, ContainerState, ContainerStatus, ContainerWait, HttpWait, Part,
    Phase, Step, Text, Wait,
};

use crate::cords;
use crate::role_move::RoleMove;
use crate::route::{ADDRESS, http};

/// The engine calls a container unhealthy after three failed checks.
const LEAVE_LIMIT_MS: u32 = 60_000;
const GONE_LIMIT_MS: u32 = 30_000;

/// Cuts every cord of the role.
pub fn cut(role_move: &RoleMove) -> Vec<Step> {
    let cut = |(n, (old, directory)): (usize, &(&ContainerState, &str))| {
        let id = numbered("cut", n);
        role_move
            .step(&id, Phase::Drain, format!("Cut the cord of {}", old.name), cords::cut(directory))
            .why("without it the container gets no new requests")
    };
    role_move.tied.iter().enumerate().map(cut).collect()
}

/// Waits until the engine finds each old container unhealthy. One that was paused or restarting
/// is not waited for: its health does not change, or is not there.
pub fn leave(role_move: &RoleMove) -> Vec<Step> {
    let interval = role_move.workload.container.health.as_ref().and_then(|h| h.interval_ms);
    let limit = LEAVE_LIMIT_MS.saturating_add(interval.unwrap_or(0).saturating_mul(4));
    let wait = |(n, (old, _)): (usize, &(&ContainerState, &str))| {
        let until = ContainerCondition::OutOfService;
        let wait = ContainerWait { container: old.id.clone(), until, steady_ms: 0 };
        let title = format!("Wait until {} is out of service", old.name);
        let step = role_move.step(
            &numbered("out", n),
            Phase::Drain,
            title,
            Action::Wait(Wait::Container(wait)),
        );
        (old.status == ContainerStatus::Running)
            .then(|| step.limit(limit).why("its health check fails without the cord"))
    };
    role_move.tied.iter().enumerate().filter_map(wait).collect()
}

/// Waits until Traefik lists the new container and none of the old. No answer is never a yes.
pub fn gone(role_move: &RoleMove) -> Option<Step> {
    let running: Vec<_> =
        role_move.tied.iter().filter(|(old, _)| old.status == ContainerStatus::Running).collect();
    let names: Vec<_> = running.iter().map(|(old, _)| old.name.as_str()).collect();
    let names = names.join(" and ");
    let addresses: Vec<Text> = running
        .iter()
        .flat_map(|(old, _)| &old.addresses)
        .filter(|on| !on.address.is_empty())
        .map(|on| vec![Part::Literal(format!("://{}:", bracketed(&on.address)))])
        .collect();
    if running.is_empty() {
        return None;
    }
    let Some(api) = role_move.api else {
        return Some(role_move.kamal_delay("gone", Phase::Drain, &format!("forget {names}")));
    };
    if addresses.is_empty() {
        return None;
    }
    let new = vec![
        Part::Literal(format!("\"{}://", role_move.scheme())),
        role_move.new_address(),
        Part::Literal(":".to_string()),
    ];
    let asked = api.service(&role_move.step_id(ADDRESS), &role_move.service);
    let wait = HttpWait { contains: Some(new), absent: addresses, ..asked };
    let step = role_move
        .step(
            "gone",
            Phase::Drain,
            format!("Wait until Traefik no longer lists {names}"),
            http(wait),
        )
        .limit(GONE_LIMIT_MS)
        .why(format!("the service {}@docker", role_move.service));
    Some(step)
}

/// Says which old containers are stopped while users may be waiting for their answers.
pub fn undrained(role_move: &RoleMove) -> Vec<Step> {
    let told = |(n, (old, lacks)): (usize, &(&ContainerState, &str))| {
        let text = format!(
            "{} has no {lacks}: requests that it is answering when it is stopped may fail",
            old.name
        );
        role_move
            .step(&numbered("undrained", n), Phase::Drain, text.clone(), say(&text))
            .why("Traefik sends it requests until it is stopped")
    };
    role_move.undrained.iter().enumerate().map(told).collect()
}

fn bracketed(address: &str) -> String {
    if address.contains(':') { format!("[{address}]") } else { address.to_string() }
}

fn numbered(id: &str, n: usize) -> String {
    if n == 0 { id.to_string() } else { format!("{id}-{}", n + 1) }
}
