//! The container of a role, as `docker run` would be told: names, labels, health check,
//! volumes and command exactly as Kamal 1.9 has them, so that each tool finds what the other
//! started.

use serde_json::{Map, Value};
use windlass_sdk::run_options::options;
use windlass_sdk::scalar::Stringish;
use windlass_sdk::shell;
use windlass_sdk::steps::{container_spec, distinct_digits, error_at, pointer_to};
use windlass_sdk::texts::{text, with_host_env};
use windlass_sdk::types::{
    ContainerSpec, Context, EngineOption, EnvVar, HostInfo, Problem, Text, Workload,
};

use crate::names::{image, name};
use crate::settings::Settings;
use crate::{assets, health};

/// Labels by which Windlass and Kamal find a container again.
pub const RESERVED_LABELS: [&str; 3] = ["service", "role", "destination"];

/// The new container of a role on a host, before others add to it.
pub fn workload(
    context: &Context,
    settings: &Settings,
    host: &HostInfo,
    role: &str,
) -> Result<Workload, Problem> {
    let own = settings.role(role);
    let check = settings.health(role);
    let mut spec = base(context, settings, role)?;
    spec.name = name(context, role);
    spec.volumes.extend(assets::mount(context, settings, &host.name, role));
    spec.hostname = Some(hostname(context, host, role));
    spec.restart = Some("unless-stopped".to_string());
    spec.env = vec![
        EnvVar { name: "KAMAL_CONTAINER_NAME".to_string(), value: text(spec.name.as_str()) },
        EnvVar { name: "KAMAL_VERSION".to_string(), value: text(context.version.as_str()) },
    ];
    spec.labels = labels(context, role, &[&settings.labels, &own.labels]);
    spec.health = check.as_ref().and_then(health::health);
    own.logging.over(&settings.logging).apply(&mut spec);
    spec.command = match &own.cmd {
        Some(cmd) => shell::split(cmd.as_str()).map_err(|why| bad_words(role, "cmd", why))?,
        None => Vec::new(),
    };
    Ok(Workload {
        host: host.name.clone(),
        role: role.to_string(),
        version: context.version.clone(),
        container: spec,
        health_path: check.as_ref().and_then(health::path),
        start_limit_ms: settings.ready_limit_ms(role),
        log_lines: settings.log_lines(role),
        annotations: Vec::new(),
    })
}

/// What also a container for a single command has: the image, the volumes, the options.
pub fn base(context: &Context, settings: &Settings, role: &str) -> Result<ContainerSpec, Problem> {
    let mut spec = container_spec("", image(context));
    for (index, volume) in settings.volumes.iter().enumerate() {
        let volume = shell::single(volume.as_str()).map_err(|why| bad_volume(index, why))?;
        spec.volumes.push(volume);
    }
    spec.options = options(&settings.role(role).options);
    spec.user = user(&mut spec.options);
    Ok(spec)
}

/// Takes the user out of the options, the last one that counts: a command that runs as the role
/// does has the field, but no options.
fn user(options: &mut Vec<EngineOption>) -> Option<Text> {
    let is_user = |option: &EngineOption| {
        matches!(option.name.as_str(), "user" | "u") && option.value.is_some()
    };
    let user = options.iter().rfind(|option| is_user(option))?.value.clone();
    options.retain(|option| !is_user(option));
    user
}

/// The labels that find it, then the root's, then the role's; a later value takes the place of
/// an earlier one. `destination` is always there, empty without one.
fn labels(context: &Context, role: &str, sets: &[&Map<String, Value>]) -> Vec<(String, Text)> {
    let destination = context.destination.as_deref().unwrap_or("");
    let mut labels: Vec<(String, Text)> = RESERVED_LABELS
        .iter()
        .zip([context.service.as_str(), role, destination])
        .map(|(name, value)| (name.to_string(), text(value)))
        .collect();
    for (name, value) in sets.iter().copied().flatten() {
        // Ours are kept: `check` refuses such a label with its place.
        if RESERVED_LABELS.contains(&name.as_str()) {
            continue;
        }
        let value = with_host_env(&Stringish::of(value).unwrap_or_default().0);
        match labels.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => *known = value,
            None => labels.push((name.clone(), value)),
        }
    }
    labels
}

/// The first 51 characters of the host's name without trailing dots, a dash and 12 digits.
fn hostname(context: &Context, host: &HostInfo, role: &str) -> String {
    let start: String = host.name.chars().take(51).collect();
    format!("{}-{}", start.trim_end_matches('.'), distinct_digits(context, &host.name, role))
}

/// A command line of a role that only a shell could read.
pub fn bad_words(role: &str, key: &str, why: String) -> Problem {
    let pointer = pointer_to(&pointer_to("/servers", role), key);
    error_at(pointer, why).help(shell::HELP)
}

/// A volume that only a shell could read.
pub fn bad_volume(index: usize, why: String) -> Problem {
    error_at(format!("/volumes/{index}"), why)
        .help("write SOURCE:TARGET; ${NAME} stands for a variable of the server")
}
