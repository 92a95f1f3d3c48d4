//! One role on one host, while its traffic moves.

use windlass_sdk::containers::in_service;
use windlass_sdk::names::id_part;
use windlass_sdk::steps::{role_prefix, step};
use windlass_sdk::texts::{literal, output_of};
use windlass_sdk::types::{
    Action, ContainerState, ContainerStatus, Context, HealthStatus, HostInfo, OutputKind, Part,
    Phase, Problem, Step, Wait, Workload,
};

use crate::api::Api;
use crate::cords;
use crate::operation::is_downgrade;
use crate::settings::Settings;

/// How long Kamal waits for Traefik to follow. Used only where Traefik cannot be asked.
const KAMAL_DELAY_MS: u32 = 5_000;

/// One role on one host.
pub struct RoleMove<'a> {
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

impl<'a> RoleMove<'a> {
    /// A role's new container, and those that it takes the place of.
    pub fn new(
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
        let serves = |old: &ContainerState| in_service(old) && !is_downgrade(context);
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

    /// A step of this move.
    pub fn step(&self, id: &str, phase: Phase, title: String, action: Action) -> Step {
        step(self.step_id(id), &self.host.name, phase, title, action).role(&self.workload.role)
    }

    /// The id of a step of this move.
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
