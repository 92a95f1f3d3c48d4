//! The container of an accessory, as `docker run` would be told: as Kamal 1.9 has it, so that
//! each tool finds what the other started.

use windlass_sdk::env_files::EnvFileState;
use windlass_sdk::run_options::options;
use windlass_sdk::scalar::Stringish;
use windlass_sdk::shell;
use windlass_sdk::steps::{container_spec, error_at};
use windlass_sdk::texts::{text, with_host_env};
use windlass_sdk::types::{ContainerSpec, Problem, Text};

use crate::files;
use crate::settings::Accessory;
use crate::subject::Subject;

/// The container that `boot` runs.
pub fn spec(subject: &Subject, seen: &EnvFileState) -> Result<ContainerSpec, Problem> {
    let accessory = subject.accessory;
    let section = &accessory.section;
    let mut spec = base(subject, seen)?;
    spec.name = accessory.service.clone();
    spec.restart = Some("unless-stopped".to_string());
    subject.settings.logging.apply(&mut spec);
    spec.publish = section.port.iter().map(port).collect();
    spec.labels = labels(accessory);
    spec.options = options(&section.options);
    if let Some(cmd) = &section.cmd {
        let words = shell::split(cmd.as_str());
        spec.command = words.map_err(|why| error_at(accessory.at("cmd"), why))?;
    }
    Ok(spec)
}

/// What also a container for a single command has: image, environment, mounts.
pub fn base(subject: &Subject, seen: &EnvFileState) -> Result<ContainerSpec, Problem> {
    let accessory = subject.accessory;
    let mut spec = container_spec("", accessory.image());
    let file = accessory.env_file(subject.context);
    spec.env = accessory.env.clear_vars();
    spec.env.extend(file.exact(subject.context, &accessory.env, seen));
    spec.env_files = vec![file.path];
    spec.volumes = files::mounts(accessory, subject.host)?;
    Ok(spec)
}

/// `3306` publishes the port under its own number; anything with a colon stays as it is.
fn port(port: &Stringish) -> String {
    let port = port.as_str();
    if port.contains(':') { port.to_string() } else { format!("{port}:{port}") }
}

fn labels(accessory: &Accessory) -> Vec<(String, Text)> {
    let mut labels = vec![("service".to_string(), text(accessory.service.as_str()))];
    // Ours stays: `check` refuses another with its place.
    for (name, value) in accessory.section.labels.iter().filter(|(name, _)| *name != "service") {
        let value = Stringish::of(value).unwrap_or_default();
        labels.push((name.clone(), with_host_env(value.as_str())));
    }
    labels
}
