//! `docker run`: the container-spec as options, in Kamal's order.

use windlass_sdk::texts::literal;
use windlass_sdk::types::{ContainerSpec, EngineOption, Health, LoweredCommand, Text};

use crate::draft::Draft;

/// `docker run --detach …`.
pub fn detached(spec: &ContainerSpec) -> Result<LoweredCommand, String> {
    let draft = Draft::docker(&["run", "--detach"])
        .maybe("--restart", spec.restart.as_deref())
        .option("--name", &spec.name);
    options(draft, spec)
}

/// `docker run --rm …`, with or without a terminal. Nothing restarts what is run once.
pub fn once(spec: &ContainerSpec, terminal: bool) -> Result<LoweredCommand, String> {
    let name = Some(spec.name.as_str()).filter(|name| !name.is_empty());
    let draft = Draft::docker(&["run"])
        .switch("--interactive", terminal)
        .switch("--tty", terminal)
        .words(&["--rm"])
        .maybe("--name", name);
    options(draft, spec)
}

fn options(mut draft: Draft, spec: &ContainerSpec) -> Result<LoweredCommand, String> {
    draft = draft.maybe("--hostname", spec.hostname.as_deref());
    draft = draft.maybe("--network", spec.network.as_deref());
    for file in &spec.env_files {
        draft = draft.option("--env-file", file);
    }
    for var in &spec.env {
        draft = draft.assign("--env", &var.name, &var.value)?;
    }
    if let Some(health) = &spec.health {
        draft = draft.option("--health-cmd", &health.command);
        draft = draft.maybe("--health-interval", interval(health).as_deref());
    }
    draft = draft.maybe("--log-driver", spec.log_driver.as_deref());
    for (name, value) in &spec.log_options {
        draft = draft.option("--log-opt", &format!("{name}={value}"));
    }
    for port in &spec.publish {
        draft = draft.option("--publish", port);
    }
    for volume in &spec.volumes {
        draft = draft.words(&["--volume"]).text(volume);
    }
    for (name, value) in &spec.labels {
        draft = label(draft, name, value)?;
    }
    if let Some(user) = &spec.user {
        draft = draft.words(&["--user"]).text(user);
    }
    for option in &spec.options {
        draft = extra(draft, option)?;
    }
    draft = draft.maybe("--entrypoint", spec.entrypoint.as_deref());
    draft = draft.operand(&spec.image)?;
    for word in &spec.command {
        draft = draft.text(word);
    }
    draft.done()
}

/// `--label NAME=VALUE`, and without a value `--label NAME`, as Kamal has `destination`.
fn label(draft: Draft, name: &str, value: &Text) -> Result<Draft, String> {
    match literal(value) {
        Some(value) if value.is_empty() => Ok(draft.option("--label", name)),
        _ if name.is_empty() => Err("a label needs a name".to_string()),
        _ => Ok(draft.pair("--label", name, value)),
    }
}

/// An option of the engine that no field carries.
fn extra(draft: Draft, option: &EngineOption) -> Result<Draft, String> {
    let name = &option.name;
    let fits = name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if !fits {
        return Err(format!("`{}` cannot be an option of docker", name.escape_debug()));
    }
    let draft = draft.words(&[&format!("--{name}")]);
    Ok(match &option.value {
        Some(value) => draft.text(value),
        None => draft,
    })
}

/// `1s`, or `1500ms` if it is not a whole number of seconds.
fn interval(health: &Health) -> Option<String> {
    health.interval_ms.map(|ms| match ms % 1000 {
        0 => format!("{}s", ms / 1000),
        _ => format!("{ms}ms"),
    })
}
