//! How traffic moves from old containers to a new one.
//!
//! The order on a host: every new container answers and has its cord tied (`start`), is
//! confirmed (`route`), then all old cords are cut
//! at once, then each old container is seen to leave (`drain`). "Confirmed" means that Traefik
//! says it routes to the new container, and that exactly that URL answers when asked from the
//! host: the engine may say healthy, and Traefik "UP", while the port is another.

use windlass_sdk::containers::in_service;
use windlass_sdk::log;
use windlass_sdk::names::id_part;
use windlass_sdk::steps::{role_prefix, step};
use windlass_sdk::texts::{literal, output_of};
use windlass_sdk::types::{
    Action, Area, ContainerState, ContainerStatus, Context, HealthStatus, HostInfo, Incoming,
    Intent, Move, Observation, OutputKind, Part, Phase, Problem, Step, Wait, Workload,
};

use crate::api::Api;
use crate::boot::Place;
use crate::cords;
use crate::observe::HostFacts;
use crate::settings::Settings;
use crate::{conflict, downgrade, drain, route};

/// How long Kamal waits for Traefik to follow. Used only where Traefik cannot be asked.
const KAMAL_DELAY_MS: u32 = 5_000;

/// The steps of all moves into roles with Traefik.
pub fn traffic(
    context: &Context,
    observations: &[Observation],
    moves: &[Move],
) -> Result<Vec<Step>, Vec<Problem>> {
    let started = moves.iter().filter_map(|moved| cords::tie_again(context, moved));
    let (mut steps, mut problems) = (started.collect::<Vec<_>>(), Vec::new());
    if !context.aims(Intent::Replace, Area::Roles) {
        return Ok(steps);
    }
    let settings = Settings::of(context).map_err(|problem| vec![problem])?;
    for host in settings.hosts(context) {
        match on_host(context, &settings, observations, moves, host) {
            Ok(found) => steps.extend(found),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok(steps) } else { Err(problems) }
}

fn on_host(
    context: &Context,
    settings: &Settings,
    observations: &[Observation],
    moves: &[Move],
    host: &HostInfo,
) -> Result<Vec<Step>, Problem> {
    let facts = HostFacts::of(observations, host);
    let downgrades = downgrade::is_meant(context);
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
        .map(|(workload, old)| Lane::new(context, settings, host, workload, old, api.as_ref()))
        .collect::<Result<_, _>>()?;
    for lane in &moves {
        conflict::refuse(context, settings, host, facts.containers()?, lane.workload)?;
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
        steps.extend(downgrade::switch(&Place { context, settings, facts: &facts })?);
    }
    steps.extend(moves.iter().flat_map(route::tie));
    steps.extend(moves.iter().flat_map(route::route));
    steps.extend(moves.iter().flat_map(drain::cut));
    steps.extend(moves.iter().flat_map(drain::leave));
    steps.extend(moves.iter().filter_map(drain::gone));
    steps.extend(moves.iter().flat_map(drain::undrained));
    Ok(steps)
}

/// One role on one host.
pub struct Lane<'a> {
    pub settings: &'a Settings,
    pub host: &'a HostInfo,
    pub workload: &'a Workload,
    pub api: Option<&'a Api>,
    /// The directory of the new container's cord, if it has one.
    pub cord: Option<String>,
    /// Old containers with a cord that can be cut, and the directory of it.
    pub tied: Vec<(&'a ContainerState, &'a str)>,
    /// Old containers that serve until they are stopped, and what they lack.
    pub undrained: Vec<(&'a ContainerState, &'static str)>,
    /// Traefik's name for the role.
    pub service: String,
    id: String,
}

impl<'a> Lane<'a> {
    fn new(
        context: &Context,
        settings: &'a Settings,
        host: &'a HostInfo,
        workload: &'a Workload,
        outgoing: &'a [ContainerState],
        api: Option<&'a Api>,
    ) -> Result<Self, Problem> {
        let role = &workload.role;
        // The merged container tells: another plugin may have replaced the health check.
        let has_cord = settings.cord(role).is_some() && workload.container.health.is_some();
        let cord = if has_cord { Some(cords::directory(context, host, role)?) } else { None };
        // Traefik sends nothing to what ran behind Kamal 2's proxy.
        let serves = |old: &ContainerState| in_service(old) && !downgrade::is_meant(context);
        let (mut tied, mut undrained) = (Vec::new(), Vec::new());
        for old in outgoing {
            // Without a health check that could fail, cutting a cord would change nothing.
            let is_checked =
                old.status != ContainerStatus::Running || old.health != HealthStatus::None;
            match cords::source(context, role, old) {
                Some(source) if is_checked => tied.push((old, source)),
                Some(_) if serves(old) => undrained.push((old, "health check")),
                None if serves(old) => undrained.push((old, "cord")),
                Some(_) | None => {}
            }
        }
        let service = role_prefix(context, role);
        let id = id_part(role);
        Ok(Self { settings, host, workload, api, cord, tied, undrained, service, id })
    }

    /// A step of this lane.
    pub fn step(&self, id: &str, phase: Phase, title: String, action: Action) -> Step {
        step(self.step_id(id), &self.host.name, phase, title, action).role(&self.workload.role)
    }

    /// The id of a step of this lane.
    pub fn step_id(&self, id: &str) -> String {
        format!("{}.{id}", self.id)
    }

    /// The name of the new container.
    pub fn name(&self) -> &str {
        &self.workload.container.name
    }

    /// The address of the new container.
    pub fn new_address(&self) -> Part {
        output_of(self.step_id("new-address"), OutputKind::IpAddress)
    }

    /// The value of a label about the role's Traefik service, if it is known now.
    pub fn service_label(&self, name: &str) -> Option<String> {
        let label = format!("traefik.http.services.{}.loadbalancer.server.{name}", self.service);
        let labels = &self.workload.container.labels;
        labels.iter().find(|(known, _)| *known == label).and_then(|(_, value)| literal(value))
    }

    /// How Traefik talks to the containers.
    pub fn scheme(&self) -> String {
        self.service_label("scheme").unwrap_or_else(|| "http".to_string())
    }

    /// Kamal's fixed wait, for a Traefik that cannot be asked.
    pub fn kamal_delay(&self, id: &str, phase: Phase, what: &str) -> Step {
        let title = format!(
            "Wait 5 s for Traefik to {what}: it has no API to ask; `windlass traefik reboot` gives it one"
        );
        self.step(id, phase, title, Action::Wait(Wait::DelayMs(KAMAL_DELAY_MS)))
            .why("the Traefik on this host was not started by Windlass, or its API is switched off")
    }
}
