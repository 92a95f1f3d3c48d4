//! Traefik's API: where a container has it, and what its answers must contain.
//!
//! Kamal starts Traefik without API and waits a fixed time for it to follow. We ask it. Its
//! port is never published: only the host itself and its containers reach it.

use serde_json::Value;
use windlass_sdk::scalar::Stringish;
use windlass_sdk::steps::get;
use windlass_sdk::texts::output_of;
use windlass_sdk::types::{ContainerState, HttpWait, OutputKind, Part, Text};

use crate::settings::Traefik;

/// The label that says where a Traefik container has its API. A container without it was
/// started by Kamal, or by a user who does not want an API.
pub const LABEL: &str = "windlass.api";

/// Where an API answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Api {
    /// None: at the container's own address.
    pub address: Option<String>,
    pub port: u16,
    /// The argument that puts it there, unless Traefik does so by itself.
    pub entry_point: Option<String>,
}

impl Api {
    /// The API that a container of these settings will have.
    pub fn planned(traefik: &Traefik) -> Option<Self> {
        let arg = |name: &str| argument(traefik, name);
        // A configuration file replaces all arguments.
        if arg("configfile").is_some() || arg("api").as_deref() == Some("false") {
            return None;
        }
        let shares_network = ["network", "net"].iter().any(|option| {
            traefik.options.get(*option).and_then(Stringish::of).is_some_and(|n| n.0 == "host")
        });
        let address = shares_network.then(|| "127.0.0.1".to_string());
        let asked_for = match arg("api.insecure").as_deref() {
            Some("true") => true,
            Some(_) => return None,
            None => false,
        };
        if let Some(chosen) = arg("entrypoints.traefik.address") {
            let (bound, port) = chosen.rsplit_once(':')?;
            let port = port.split('/').next()?.parse().ok()?;
            // Bound to one address, it is reachable there only.
            let reachable = bound.is_empty() || shares_network;
            return reachable.then_some(Self { address, port, entry_point: None });
        }
        if asked_for {
            return Some(Self { address, port: 8080, entry_point: None });
        }
        let taken = taken_ports(traefik);
        let port = (8080..8180).find(|port| !taken.contains(port))?;
        let bound = address.clone().unwrap_or_default();
        let entry_point = (port != 8080 || shares_network).then(|| format!("{bound}:{port}"));
        Some(Self { address, port, entry_point })
    }

    /// The API of a container that exists.
    pub fn of(container: &ContainerState) -> Option<Self> {
        let value = windlass_sdk::containers::label(container, LABEL);
        let (address, port) = value.rsplit_once(':').unwrap_or(("", value));
        let address = (!address.is_empty()).then(|| address.to_string());
        Some(Self { address, port: port.parse().ok()?, entry_point: None })
    }

    /// The value of the label.
    pub fn label(&self) -> String {
        match &self.address {
            Some(address) => format!("{address}:{}", self.port),
            None => self.port.to_string(),
        }
    }

    /// A URL of the API. Without a fixed address it needs the step `address_step` before.
    fn url(&self, address_step: &str, path: &str) -> Text {
        let address = match &self.address {
            Some(address) => Part::Literal(address.clone()),
            None => output_of(address_step, OutputKind::IpAddress),
        };
        let (head, tail) = ("http://".to_string(), format!(":{}{path}", self.port));
        vec![Part::Literal(head), address, Part::Literal(tail)]
    }

    /// Holds when Traefik answers.
    pub fn answers(&self, address_step: &str) -> HttpWait {
        get(self.url(address_step, "/api/version"))
    }

    /// What Traefik knows of a service of the docker provider.
    pub fn service(&self, address_step: &str, name: &str) -> HttpWait {
        get(self.url(address_step, &format!("/api/http/services/{name}@docker")))
    }
}

/// The value of an argument of Traefik, whose names ignore case.
pub fn argument(traefik: &Traefik, name: &str) -> Option<String> {
    let value = traefik.args.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))?.1;
    Some(Stringish::of(value).unwrap_or_default().0)
}

/// Ports that entry points of the user's have, or that are published: an API there would be
/// in the way, or open to the world.
fn taken_ports(traefik: &Traefik) -> Vec<u16> {
    let port = |text: &str| {
        let last = text.rsplit(':').next().unwrap_or(text);
        last.split('/').next().and_then(|port| port.parse::<u16>().ok())
    };
    let all = |value: &Value| match value {
        Value::Array(items) => items.iter().filter_map(Stringish::of).collect(),
        value => Stringish::of(value).into_iter().collect::<Vec<_>>(),
    };
    let addresses = traefik.args.iter().filter(|(key, _)| {
        let key = key.to_ascii_lowercase();
        key.starts_with("entrypoints.") && key.ends_with(".address")
    });
    let published = ["publish", "p"].iter().filter_map(|option| traefik.options.get(*option));
    let values = addresses.map(|(_, value)| value).chain(published);
    values.flat_map(all).filter_map(|text| port(text.as_str())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned(section: &str) -> Option<(String, Option<String>)> {
        let traefik: Traefik = serde_json::from_str(section).unwrap();
        Api::planned(&traefik).map(|api| (api.label(), api.entry_point))
    }

    #[test]
    fn the_api_is_where_nobody_else_is() {
        let at =
            |label: &str, entry: Option<&str>| Some((label.to_string(), entry.map(String::from)));
        assert_eq!(planned("{}"), at("8080", None));
        assert_eq!(
            planned(r#"{"args": {"entryPoints.web.address": ":8080"}}"#),
            at("8081", Some(":8081"))
        );
        assert_eq!(
            planned(r#"{"options": {"publish": ["8080:8080", "443:443"]}}"#),
            at("8081", Some(":8081"))
        );
        assert_eq!(
            planned(r#"{"options": {"network": "host"}}"#),
            at("127.0.0.1:8080", Some("127.0.0.1:8080"))
        );
        assert_eq!(
            planned(r#"{"args": {"entrypoints.traefik.address": ":9000/tcp"}}"#),
            at("9000", None)
        );
        assert_eq!(
            planned(r#"{"args": {"API.insecure": true}, "options": {"publish": "8080:8080"}}"#),
            at("8080", None)
        );
    }

    #[test]
    fn the_users_no_is_a_no() {
        for section in [
            r#"{"args": {"api.insecure": false}}"#,
            r#"{"args": {"api": false}}"#,
            r#"{"args": {"configFile": "/etc/traefik.yml"}}"#,
            r#"{"args": {"entryPoints.traefik.address": "127.0.0.1:8080"}}"#,
        ] {
            assert_eq!(planned(section), None, "{section}");
        }
    }
}
