//! What a host's Docker Engine did, from its own event log.

use anyhow::{Context, Result};
use serde_json::Value;

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DockerEvent {
    /// Nanoseconds since 1970.
    pub time: u64,
    /// `container`, `image`, `network`, `volume`.
    pub kind: String,
    /// `start`, `die`, `pull`, `tag`, `exec_create: …` and so on.
    pub action: String,
    /// The container's name, or the image's reference or id.
    pub name: String,
    pub id: String,
    /// The container that a network's event is about.
    pub container: Option<String>,
}

impl DockerEvent {
    /// Whether it changed something. Health checks and execs (`exec_*`), and what an
    /// engine does by itself, are no writes.
    pub fn is_write(&self) -> bool {
        !(self.action.starts_with("exec_")
            || self.action.starts_with("health_status")
            || matches!(self.action.as_str(), "top" | "attach" | "resize"))
    }
}

/// Parses `docker events --format '{{json .}}'`.
pub fn parse(lines: &str) -> Result<Vec<DockerEvent>> {
    lines.lines().filter(|line| !line.trim().is_empty()).map(event).collect()
}

fn event(line: &str) -> Result<DockerEvent> {
    let value: Value =
        serde_json::from_str(line).with_context(|| format!("no docker event: {line}"))?;
    let text = |path: &str| value.pointer(path).and_then(Value::as_str).unwrap_or("").to_string();
    let container = Some(text("/Actor/Attributes/container")).filter(|id| !id.is_empty());
    let id = text("/Actor/ID");
    let name = text("/Actor/Attributes/name");
    Ok(DockerEvent {
        time: value.pointer("/timeNano").and_then(Value::as_u64).unwrap_or(0),
        kind: text("/Type"),
        action: text("/Action"),
        name: if name.is_empty() { id.clone() } else { name },
        id,
        container,
    })
}
