//! What is wrong with the settings of roles, beyond their schemas.

use serde_json::{Map, Value};
use windlass_sdk::run_options::reserved;
use windlass_sdk::scalar::Stringish;
use windlass_sdk::shell;
use windlass_sdk::steps::{error_at, pointer_to};
use windlass_sdk::types::{Context, Problem};

use crate::health::interval_ms;
use crate::settings::{HealthCheck, Settings};
use crate::spec::{RESERVED_LABELS, bad_volume, bad_words};

/// All findings, in the order root, roles by name.
pub fn check(context: &Context) -> Vec<Problem> {
    let settings = match Settings::of(context) {
        Ok(settings) => settings,
        Err(problem) => return vec![problem],
    };
    let mut found = Vec::new();
    labels(&settings.labels, "/labels", &mut found);
    health(&settings.healthcheck, "/healthcheck", &mut found);
    for (index, volume) in settings.volumes.iter().enumerate() {
        found.extend(shell::single(volume.as_str()).err().map(|why| bad_volume(index, why)));
    }
    found.extend(assets(settings.asset_path.as_ref(), "/asset_path"));
    for (name, role) in settings.roles() {
        let at = pointer_to("/servers", name);
        labels(&role.labels, &pointer_to(&at, "labels"), &mut found);
        health(&role.healthcheck, &pointer_to(&at, "healthcheck"), &mut found);
        if let Some(cmd) = &role.cmd {
            found.extend(shell::split(cmd.as_str()).err().map(|why| bad_words(name, "cmd", why)));
        }
        found.extend(reserved(&role.options, &pointer_to(&at, "options")));
        found.extend(assets(role.asset_path.as_ref(), &pointer_to(&at, "asset_path")));
    }
    found
}

fn labels(labels: &Map<String, Value>, at: &str, found: &mut Vec<Problem>) {
    for name in labels.keys().filter(|name| RESERVED_LABELS.contains(&name.as_str())) {
        let message = format!("the label `{name}` is how Windlass finds the container again");
        found.push(error_at(pointer_to(at, name), message).help("give it another name"));
    }
}

fn health(settings: &HealthCheck, at: &str, found: &mut Vec<Problem>) {
    if let Some(interval) = settings.interval.as_ref().filter(|i| interval_ms(i.as_str()).is_none())
    {
        let message = format!("`{}` is not a duration of at least 1 ms", interval.as_str());
        let help = "write a number and a unit: 1s, 500ms, 1m30s";
        found.push(error_at(pointer_to(at, "interval"), message).help(help));
    }
    let port = settings.port.as_ref().map(|port| port.as_str().trim()).filter(|p| !p.is_empty());
    if let Some(port) = port.filter(|port| !port.parse::<u16>().is_ok_and(|port| port > 0)) {
        let message = format!("`{port}` is not a valid port");
        let help = "write a number from 1 to 65535";
        found.push(error_at(pointer_to(at, "port"), message).help(help));
    }
}

/// A mount point must be absolute, and one that hides the whole image is a mistake.
fn assets(path: Option<&Stringish>, pointer: &str) -> Option<Problem> {
    let path = path?.as_str().trim();
    let is_fine = path.is_empty()
        || path.starts_with('/') && !path.trim_matches('/').is_empty() && !path.contains(':');
    let message = format!("`{path}` is not the absolute path of a directory in the image");
    let help = "write where the image has its assets: /rails/public/assets";
    (!is_fine).then(|| error_at(pointer, message).help(help))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pointers(config: &str) -> Vec<String> {
        let context = windlass_sdk::testing::configured("deploy", config);
        check(&context).into_iter().filter_map(|problem| problem.pointer).collect()
    }

    #[test]
    fn finds_what_schemas_cannot() {
        let config = r#"{
            "labels": {"service": "x", "fine": "y"},
            "volumes": ["/a:/b", "$(pwd)/a:/b"],
            "healthcheck": {"interval": "5", "port": "http"},
            "servers": {
                "web": {"hosts": ["a"], "asset_path": "x", "options": {"name": "y"}},
                "jobs/x": {"cmd": "bin/jobs | tee log", "labels": {"role": "z"}},
                "plain": ["b"]
            }
        }"#;
        assert_eq!(
            pointers(config),
            [
                "/labels/service",
                "/healthcheck/interval",
                "/healthcheck/port",
                "/volumes/1",
                "/servers/jobs~1x/labels/role",
                "/servers/jobs~1x/cmd",
                "/servers/web/options/name",
                "/servers/web/asset_path",
            ]
        );
    }

    #[test]
    fn takes_every_form_of_servers() {
        assert_eq!(pointers(r#"{"servers": ["a", "b"]}"#), Vec::<String>::new());
        assert_eq!(pointers("{}"), Vec::<String>::new());
        assert_eq!(pointers(r#"{"healthcheck": {"interval": []}}"#), [""]);
    }
}
