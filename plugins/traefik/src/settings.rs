//! What deploy.yml says about Traefik, and about the roles that it routes to.

use serde::Deserialize;
use serde_json::{Map, Value};
use windlass_sdk::All;
use windlass_sdk::run_options::Logging;
use windlass_sdk::scalar::Stringish;
use windlass_sdk::steps::error_at;
use windlass_sdk::types::{Context, HostInfo, Problem};

/// Where the cord is mounted in a container, unless configured.
const CORD: &str = "/tmp/kamal-cord";

/// The section `traefik`, and what is read of others.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Settings {
    pub traefik: Traefik,
    pub logging: Logging,
    healthcheck: HealthCheck,
    servers: Value,
    #[serde(skip)]
    primary_role: String,
    /// From `x-windlass: plugins: traefik: settings:`.
    #[serde(skip)]
    pub probe: Probe,
}

/// The section `traefik`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub struct Traefik {
    pub image: Stringish,
    pub host_port: Stringish,
    pub publish: bool,
    pub labels: Map<String, Value>,
    pub args: Map<String, Value>,
    pub options: Map<String, Value>,
    pub env: Map<String, Value>,
}

impl Default for Traefik {
    fn default() -> Self {
        Self {
            image: Stringish("traefik:v2.11".to_string()),
            host_port: Stringish("80".to_string()),
            publish: true,
            labels: Map::new(),
            args: Map::new(),
            options: Map::new(),
            env: Map::new(),
        }
    }
}

/// What a role says about its proxy.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Role {
    traefik: Option<bool>,
    healthcheck: HealthCheck,
}

/// What is read of `healthcheck`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct HealthCheck {
    cord: Option<Value>,
}

/// How the new container itself is asked before traffic leaves the old one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Probe {
    /// The health path must answer well.
    #[default]
    Health,
    /// Any answer but a server's error will do: for apps that refuse requests by address.
    Any,
    /// Not at all.
    Off,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct PluginSettings {
    probe: Probe,
}

/// All roles that Traefik routes to, in play or not.
pub fn routes(context: &Context) -> All<String> {
    let settings = Settings::of(context).map_err(|problem| vec![problem])?;
    let in_play = context.roles.iter().map(|role| &role.name);
    let configured = settings.servers.as_object().into_iter().flat_map(|roles| roles.keys());
    let mut routes: Vec<String> = Vec::new();
    for role in in_play.chain([&context.primary_role]).chain(configured) {
        if settings.routes_to(role) && !routes.contains(role) {
            routes.push(role.clone());
        }
    }
    Ok(routes)
}

impl Settings {
    /// Reads the configuration of a context.
    pub fn of(context: &Context) -> Result<Self, Problem> {
        let unreadable = |error| error_at("", format!("the configuration cannot be read: {error}"));
        let mut settings: Self = serde_json::from_str(&context.config).map_err(unreadable)?;
        let own: Option<PluginSettings> = match context.settings.trim() {
            "" => None,
            text => serde_json::from_str(text).map_err(|error| {
                error_at(
                    "/x-windlass/plugins/traefik/settings",
                    format!("these settings cannot be read: {error}"),
                )
            })?,
        };
        settings.probe = own.unwrap_or_default().probe;
        settings.primary_role = context.primary_role.clone();
        Ok(settings)
    }

    fn role(&self, name: &str) -> Role {
        let role = self.servers.get(name).filter(|role| role.is_object());
        role.and_then(|role| Role::deserialize(role).ok()).unwrap_or_default()
    }

    /// True if Traefik routes to the role: by default to the primary one as configured,
    /// whatever `--roles` selects.
    pub fn routes_to(&self, role: &str) -> bool {
        self.role(role).traefik.unwrap_or(role == self.primary_role)
    }

    /// The directory of the cord in the role's containers; none if cords are switched off.
    pub fn cord(&self, role: &str) -> Option<String> {
        match self.role(role).healthcheck.cord.or_else(|| self.healthcheck.cord.clone()) {
            None => Some(CORD.to_string()),
            Some(Value::String(path)) if !path.is_empty() => {
                Some(path.trim_end_matches('/').to_string())
            }
            Some(_) => None,
        }
    }

    /// The hosts in play that have a role which Traefik routes to.
    pub fn hosts<'a>(&self, context: &'a Context) -> Vec<&'a HostInfo> {
        let is_in_play = |name: &String| context.roles.iter().any(|role| role.name == *name);
        let has_proxy = |host: &&HostInfo| {
            host.roles.iter().any(|role| is_in_play(role) && self.routes_to(role))
        };
        context.hosts.iter().filter(has_proxy).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_primary_role_is_routed_to_unless_it_says_no() {
        let routes = |servers: &str| {
            let config = format!(r#"{{"servers": {servers}}}"#);
            routes(&windlass_sdk::testing::configured("deploy", config)).unwrap()
        };
        assert_eq!(routes("{}"), ["web"]);
        assert_eq!(routes(r#"["web-1"]"#), ["web"]);
        let both = r#"{"web": {"traefik": false}, "workers": {"traefik": true}, "cron": {}}"#;
        assert_eq!(routes(both), ["workers"]);
        // Whatever `--roles` selects.
        assert_eq!(routes(r#"{"admin": {"traefik": true}}"#), ["web", "admin"]);
    }
}
