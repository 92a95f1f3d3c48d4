//! What deploy.yml says about Caddy.

use serde::Deserialize;
use serde_json::Value;
use windlass_sdk::scalar::Stringish;
use windlass_sdk::steps::error_at;
use windlass_sdk::types::{Context, HostInfo, Problem, RoleInfo};

/// The section `caddy`, and what is read of others.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Settings {
    pub caddy: Caddy,
    healthcheck: HealthCheck,
    servers: Value,
}

/// The section `caddy`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub struct Caddy {
    pub image: Stringish,
    pub host_port: Stringish,
    app_port: Option<Stringish>,
    pub domain: Option<Stringish>,
}

impl Default for Caddy {
    fn default() -> Self {
        Self {
            image: Stringish("caddy:2".to_string()),
            host_port: Stringish("80".to_string()),
            app_port: None,
            domain: None,
        }
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct HealthCheck {
    port: Option<Stringish>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Role {
    healthcheck: HealthCheck,
}

impl Settings {
    /// Reads the configuration of a context.
    pub fn of(context: &Context) -> Result<Self, Problem> {
        serde_json::from_str(&context.config)
            .map_err(|error| error_at("/caddy", format!("these settings cannot be read: {error}")))
    }

    /// The port that the app listens on in its container.
    pub fn app_port(&self, role: &str) -> String {
        let role = self.servers.get(role).filter(|role| role.is_object());
        let role = role.and_then(|role| Role::deserialize(role).ok()).unwrap_or_default();
        let port = self.caddy.app_port.as_ref();
        let port = port.or(role.healthcheck.port.as_ref()).or(self.healthcheck.port.as_ref());
        port.map_or("3000", Stringish::as_str).trim().to_string()
    }
}

/// The role that Caddy serves: the primary one.
pub fn role(context: &Context) -> Option<&RoleInfo> {
    context.roles.iter().find(|role| role.primary)
}

/// The hosts in play that have it.
pub fn hosts(context: &Context) -> Vec<&HostInfo> {
    let name = role(context).map(|role| &role.name);
    context.hosts.iter().filter(|host| host.roles.iter().any(|own| Some(own) == name)).collect()
}

/// What is wrong beyond the schema.
pub fn check(context: &Context) -> Vec<Problem> {
    let settings = match Settings::of(context) {
        Ok(settings) => settings,
        Err(problem) => return vec![problem],
    };
    let caddy = &settings.caddy;
    let is_port = |text: &str| text.parse::<u16>().is_ok_and(|port| port > 0);
    let mut found = Vec::new();
    let mut wrong = |key: &str, text: &str, what: &str| {
        found.push(error_at(format!("/caddy/{key}"), format!("`{text}` is not {what}")));
    };
    let port = caddy.host_port.as_str();
    if !is_port(port.rsplit(':').next().unwrap_or(port)) {
        wrong("host_port", port, "a valid port or ADDRESS:PORT");
    }
    if let Some(port) = caddy.app_port.as_ref().filter(|port| !is_port(port.as_str().trim())) {
        wrong("app_port", port.as_str(), "a valid port");
    }
    // It stands in Caddy's configuration.
    let fits = |name: &Stringish| {
        let plain = |c: char| c.is_ascii_alphanumeric() || ".-*".contains(c);
        !name.as_str().is_empty() && name.as_str().chars().all(plain)
    };
    if let Some(domain) = caddy.domain.as_ref().filter(|name| !fits(name)) {
        wrong("domain", domain.as_str(), "a domain");
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(config: &str) -> Context {
        Context { config: config.to_string(), ..windlass_sdk::testing::context("deploy") }
    }

    #[test]
    fn finds_what_the_schema_cannot() {
        let config = r#"{"caddy": {"host_port": "http", "app_port": 0, "domain": "a b {"}}"#;
        let pointers: Vec<_> =
            check(&context(config)).into_iter().filter_map(|found| found.pointer).collect();
        assert_eq!(pointers, ["/caddy/host_port", "/caddy/app_port", "/caddy/domain"]);
        let config = r#"{"caddy": {"host_port": "127.0.0.1:8080", "domain": "*.example.com"}}"#;
        assert!(check(&context(config)).is_empty());
    }

    #[test]
    fn the_nearest_port_counts() {
        let port = |config: &str| Settings::of(&context(config)).unwrap().app_port("web");
        assert_eq!(port("{}"), "3000");
        assert_eq!(port(r#"{"healthcheck": {"port": 1}}"#), "1");
        let role = r#""servers": {"web": {"healthcheck": {"port": "2"}}}"#;
        assert_eq!(port(&format!(r#"{{"healthcheck": {{"port": 1}}, {role}}}"#)), "2");
        assert_eq!(port(&format!(r#"{{"caddy": {{"app_port": 3}}, {role}}}"#)), "3");
        assert_eq!(port(r#"{"servers": ["a"]}"#), "3000");
    }
}
