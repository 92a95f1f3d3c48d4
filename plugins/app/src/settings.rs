//! What deploy.yml says about the containers of roles, as types.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};
use windlass_sdk::Problems;
use windlass_sdk::arguments::Arguments;
use windlass_sdk::run_options::Logging;
use windlass_sdk::scalar::Stringish;
use windlass_sdk::steps::{error, error_at};
use windlass_sdk::types::{Context, Problem};

/// How many stopped containers stay for a look back.
const RETAIN: u32 = 5;
/// Lines of a failed container that are shown.
const LOG_LINES: u32 = 50;
/// How long a container without health check must run without a restart, unless the user
/// configured `readiness_delay`. Kamal waits 7 s whether or not it still runs then.
const STEADY_MS: u32 = 2_000;
/// How often Kamal asks for the health of a new container, unless configured.
const ATTEMPTS: u32 = 7;

/// The root keys, and each role's own.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Settings {
    pub labels: Map<String, Value>,
    pub volumes: Vec<Stringish>,
    pub logging: Logging,
    pub healthcheck: HealthCheck,
    pub stop_wait_time: Option<u32>,
    pub readiness_delay: Option<u32>,
    pub retain_containers: Option<u32>,
    pub asset_path: Option<Stringish>,
    #[serde(skip)]
    routed: Vec<String>,
    servers: Value,
    #[serde(skip)]
    roles: BTreeMap<String, RoleSettings>,
}

/// What a role sets for itself.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct RoleSettings {
    pub cmd: Option<Stringish>,
    pub options: Map<String, Value>,
    pub labels: Map<String, Value>,
    pub logging: Logging,
    pub healthcheck: HealthCheck,
    pub asset_path: Option<Stringish>,
}

/// The section `healthcheck`, without the cord.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct HealthCheck {
    pub cmd: Option<Stringish>,
    pub port: Option<Stringish>,
    pub path: Option<Stringish>,
    pub interval: Option<Stringish>,
    pub max_attempts: Option<u32>,
    pub log_lines: Option<u32>,
}

impl HealthCheck {
    /// These settings laid over more general ones.
    pub fn over(&self, general: &Self) -> Self {
        Self {
            cmd: self.cmd.clone().or_else(|| general.cmd.clone()),
            port: self.port.clone().or_else(|| general.port.clone()),
            path: self.path.clone().or_else(|| general.path.clone()),
            interval: self.interval.clone().or_else(|| general.interval.clone()),
            max_attempts: self.max_attempts.or(general.max_attempts),
            log_lines: self.log_lines.or(general.log_lines),
        }
    }
}

impl Settings {
    /// Reads the configuration of a context.
    pub fn of(context: &Context) -> Result<Self, Problem> {
        let mut settings: Self = serde_json::from_str(&context.config)
            .map_err(|error| error_at("", format!("the configuration cannot be read: {error}")))?;
        let routed = context.roles.iter().filter(|role| role.routed);
        settings.routed = routed.map(|role| role.name.clone()).collect();
        for (name, role) in settings.servers.as_object().into_iter().flatten() {
            // A role may be no more than a list of hosts.
            if role.is_object() {
                let role = RoleSettings::deserialize(role).map_err(|error| {
                    error_at(
                        format!("/servers/{name}"),
                        format!("the role cannot be read: {error}"),
                    )
                })?;
                settings.roles.insert(name.clone(), role);
            }
        }
        Ok(settings)
    }

    /// The settings of a role; defaults for one that has none.
    pub fn role(&self, name: &str) -> RoleSettings {
        self.roles.get(name).cloned().unwrap_or_default()
    }

    /// The roles that have settings, by name.
    pub fn roles(&self) -> impl Iterator<Item = (&String, &RoleSettings)> {
        self.roles.iter()
    }

    /// True if users reach the role through a proxy. As Kamal does, its health is checked
    /// unasked.
    pub fn is_public(&self, role: &str) -> bool {
        self.routed.iter().any(|routed| routed == role)
    }

    /// The health check of a role: for a public one the root's with its own laid over; for
    /// another only its own, if it has one. Unlike Kamal a `cmd` alone is enough for that.
    pub fn health(&self, role: &str) -> Option<HealthCheck> {
        let own = self.role(role).healthcheck;
        if self.is_public(role) {
            return Some(own.over(&self.healthcheck));
        }
        (own.cmd.is_some() || own.port.is_some() || own.path.is_some()).then_some(own)
    }

    /// How long to wait for a container of a role to be ready: as long as Kamal asks, but at
    /// least 30 s; without health check on top of the time that it must run. Unlike in Kamal a
    /// role's own `max_attempts` counts.
    pub fn ready_limit_ms(&self, role: &str) -> u32 {
        let merged = self.role(role).healthcheck.over(&self.healthcheck);
        let polling = polling_ms(merged.max_attempts);
        let steady = if self.health(role).is_some() { 0 } else { self.steady_ms() };
        polling.max(steady.saturating_add(30_000))
    }

    /// How long a container without health check must have run to count as ready.
    pub fn steady_ms(&self) -> u32 {
        self.readiness_delay.map_or(STEADY_MS, |seconds| seconds.saturating_mul(1_000))
    }

    /// How many lines of a failed container are shown.
    pub fn log_lines(&self, role: &str) -> u32 {
        self.role(role).healthcheck.over(&self.healthcheck).log_lines.unwrap_or(LOG_LINES)
    }

    /// How many stopped containers stay.
    pub fn retain(&self) -> usize {
        self.retain_containers.unwrap_or(RETAIN).max(1) as usize
    }

    /// The time limit of a step that stops a container.
    pub fn stop_limit_ms(&self) -> u32 {
        self.stop_wait_time.unwrap_or(10).saturating_add(30).saturating_mul(1_000)
    }
}

/// How many stopped containers `--retain` leaves.
pub fn retain(arguments: &Arguments) -> Result<Option<u32>, Problems> {
    if arguments.text("retain").is_none() {
        return Ok(None);
    }
    let count = arguments.number("retain").filter(|count| *count > 0);
    count.map(Some).ok_or_else(|| {
        let message = "--retain takes a number of containers, at least 1";
        vec![error(message).help("windlass prune containers --retain 5")]
    })
}

/// How long Kamal asks a new container with so many attempts, waiting a second longer each
/// time, but at least 30 s.
fn polling_ms(max_attempts: Option<u32>) -> u32 {
    let attempts = max_attempts.unwrap_or(ATTEMPTS).min(1_000);
    (attempts * (attempts + 1) / 2 * 1_000 + 2_000).max(30_000)
}
