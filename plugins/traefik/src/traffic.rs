//! How traffic moves from old containers to a new one.
//!
//! The order on a host: every new container answers and has its cord tied (`start`), is
//! confirmed (`route`), then all old cords are cut
//! at once, then each old container is seen to leave (`drain`). "Confirmed" means that Traefik
//! says it routes to the new container, and that exactly that URL answers when asked from the
//! host: the engine may say healthy, and Traefik "UP", while the port is another.

use windlass_sdk::log;
use windlass_sdk::types::{
    Area, Context, HostInfo, Incoming, Intent, Move, Observation, Problem, Step,
};
use windlass_sdk::{All, joined};

use crate::api::Api;
use crate::boot::TraefikHost;
use crate::observe::ProxyFacts;
use crate::operation::is_downgrade;
use crate::role_move::RoleMove;
use crate::settings::Settings;
use crate::{conflict, cords, downgrade, drain, route};

/// The steps of all moves into roles with Traefik.
pub fn traffic(context: &Context, observations: &[Observation], moves: &[Move]) -> All<Step> {
    let started = moves.iter().filter_map(|moved| cords::tie_again(context, moved));
    let mut steps: Vec<_> = started.collect();
    if !context.aims(Intent::Replace, Area::Roles) {
        return Ok(steps);
    }
    let settings = Settings::of(context).map_err(|problem| vec![problem])?;
    let hosts = settings.hosts(context).into_iter();
    steps.extend(joined(hosts.map(|host| on_host(context, &settings, observations, moves, host)))?);
    Ok(steps)
}

fn on_host(
    context: &Context,
    settings: &Settings,
    observations: &[Observation],
    moves: &[Move],
    host: &HostInfo,
) -> Result<Vec<Step>, Problem> {
    let facts = ProxyFacts::of(observations, host);
    let downgrades = is_downgrade(context);
    let api = match facts.traefik()? {
        Some(found) if !crate::boot::never_ran(found) && !downgrades => Api::of(found),
        // A new one is started.
        _ => Api::planned(&settings.traefik),
    };
    let ours = moves.iter().filter(|m| m.host == host.name && settings.routes_to(&m.role));
    let new = ours.filter_map(|moved| match &moved.incoming {
        Incoming::New(workload) => Some((workload, &moved.outgoing)),
        Incoming::Started(_) | Incoming::None => None,
    });
    let moves: Vec<_> = new
        .map(|(workload, old)| RoleMove::new(context, settings, host, workload, old, api.as_ref()))
        .collect::<Result<_, _>>()?;
    for role_move in &moves {
        conflict::refuse(context, settings, host, facts.containers()?, role_move.workload)?;
    }
    if api.is_none() && !moves.is_empty() {
        log::warn(&format!(
            "{}: this Traefik has no API, so what it routes to is guessed from fixed delays; \
             `windlass traefik reboot` gives it one",
            host.name
        ));
    }
    let mut steps = Vec::new();
    steps.extend(moves.iter().filter_map(route::prepare));
    steps.extend(moves.iter().flat_map(route::approach));
    if downgrades {
        steps.extend(downgrade::switch(&TraefikHost { context, settings, facts: &facts })?);
    }
    steps.extend(moves.iter().flat_map(route::tie));
    steps.extend(moves.iter().flat_map(route::route));
    steps.extend(moves.iter().flat_map(drain::cut));
    steps.extend(moves.iter().flat_map(drain::leave));
    steps.extend(moves.iter().filter_map(drain::gone));
    steps.extend(moves.iter().flat_map(drain::undrained));
    Ok(steps)
}
