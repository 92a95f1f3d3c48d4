//! What is wrong with the settings of Traefik, beyond their schemas.

use serde_json::Value;
use windlass_sdk::env::misnamed;
use windlass_sdk::steps::{error_at, pointer_to};
use windlass_sdk::types::{Context, Problem};

use crate::container::secrets;
use crate::settings::Settings;

/// All findings.
pub fn check(context: &Context) -> Vec<Problem> {
    let settings = match Settings::of(context) {
        Ok(settings) => settings,
        Err(problem) => return vec![problem],
    };
    let mut found = Vec::new();
    let traefik = &settings.traefik;
    if traefik.publish && !is_published(traefik.host_port.as_str()) {
        let message = format!("`{}` is not a valid port", traefik.host_port.as_str());
        let help = "write a number from 1 to 65535, or ADDRESS:PORT";
        found.push(error_at("/traefik/host_port", message).help(help));
    }
    for (section, entries) in [("args", &traefik.args), ("options", &traefik.options)] {
        for name in entries.keys().filter(|name| name.starts_with('-') || name.trim().is_empty()) {
            let pointer = pointer_to(&pointer_to("/traefik", section), name);
            let message = format!("`{name}` is written with dashes");
            found.push(error_at(pointer, message).help("write the name without dashes"));
        }
    }
    found.extend(misnamed("/traefik/env/secret", &secrets(traefik)));
    let config: Value = serde_json::from_str(&context.config).unwrap_or_default();
    cord(&config, "/healthcheck/cord", &mut found);
    for name in config["servers"].as_object().into_iter().flatten().map(|(name, _)| name) {
        let role = pointer_to("/servers", name);
        cord(&config, &format!("{role}/healthcheck/cord"), &mut found);
    }
    found
}

/// A cord is a directory of the container, or `false`.
fn cord(config: &Value, pointer: &str, found: &mut Vec<Problem>) {
    let wrong = match config.pointer(pointer) {
        None | Some(Value::Bool(false)) => return,
        Some(Value::String(path)) => {
            // It stands in a shell command and in a mount.
            !path.starts_with('/')
                || path.len() < 2
                || path.contains(|c: char| !(c.is_ascii_alphanumeric() || "/._-".contains(c)))
        }
        Some(_) => true,
    };
    if wrong {
        let message = "the cord should be an absolute path in the container, or false";
        let help = "use letters, digits and `/._-`, as in /tmp/kamal-cord";
        found.push(error_at(pointer, message).help(help));
    }
}

fn is_published(port: &str) -> bool {
    let (address, port) = port.rsplit_once(':').unwrap_or(("", port));
    !address.contains('/') && port.parse::<u16>().is_ok_and(|port| port > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_schemas_cannot() {
        let mut context = windlass_sdk::testing::context("deploy");
        context.config = r#"{
            "traefik": {"host_port": "http", "args": {"--log.level": "INFO"}, "env": {"secret": ["A=B"]}},
            "healthcheck": {"cord": true},
            "servers": {"a": {"healthcheck": {"cord": "/x y"}}, "b": {"healthcheck": {"cord": "/x"}}}
        }"#
        .to_string();
        let pointers: Vec<_> = check(&context).into_iter().filter_map(|p| p.pointer).collect();
        assert_eq!(
            pointers,
            [
                "/traefik/host_port",
                "/traefik/args/--log.level",
                "/traefik/env/secret/0",
                "/healthcheck/cord",
                "/servers/a/healthcheck/cord",
            ]
        );
        context.config = r#"{"traefik": {"host_port": "127.0.0.1:8080"}, "servers": ["a"]}"#.into();
        assert!(check(&context).is_empty());
        context.settings = r#"{"prob": "any"}"#.to_string();
        assert_eq!(check(&context).len(), 1);
    }
}
