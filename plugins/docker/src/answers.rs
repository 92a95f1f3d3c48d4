//! What the lowered questions printed, as facts.

use serde::Deserialize;
use std::collections::BTreeMap;
use windlass_sdk::types::{
    Address, Answer, ContainerFact, ContainerQuery, ContainerState, ContainerStatus, HealthStatus,
    ImageState, Mount, Output,
};

use crate::queries::unknown;
use crate::time;

/// Parses one answer.
pub fn read(answer: &Answer) -> Result<ContainerFact, String> {
    let lines = lines(&answer.output)?;
    match &answer.query {
        ContainerQuery::Containers(labels) => {
            let all = containers(&lines)?;
            Ok(ContainerFact::Containers(all.into_iter().filter(|c| has_all(c, labels)).collect()))
        }
        ContainerQuery::Container(name) => {
            let all = containers(&lines)?;
            Ok(ContainerFact::Containers(all.into_iter().filter(|c| &c.name == name).collect()))
        }
        ContainerQuery::Images(repository) => images(&lines, repository).map(ContainerFact::Images),
        ContainerQuery::Other(other) => Err(unknown(other)),
    }
}

/// The lines of an answer. What vanished between listing and inspecting makes `docker` exit
/// with 1 after it printed the others; with nothing printed, 1 is a failure.
fn lines(output: &Output) -> Result<Vec<String>, String> {
    let text = std::str::from_utf8(&output.stdout).map_err(|_| "the answer is not UTF-8")?;
    let lines: Vec<String> =
        text.lines().filter(|line| !line.trim().is_empty()).map(str::to_string).collect();
    match output.exit_code {
        0 => Ok(lines),
        1 if !lines.is_empty() => Ok(lines),
        127 => Err("docker is not installed, or not in the PATH".to_string()),
        code => Err(format!("docker did not answer (exit code {code})")),
    }
}

/// The line of a container, as `template::CONTAINER` prints it.
#[derive(Deserialize)]
struct Container {
    id: String,
    name: String,
    image: String,
    image_id: String,
    labels: Option<BTreeMap<String, String>>,
    status: String,
    health: String,
    created_at: String,
    mounts: Vec<Option<(String, String)>>,
    addresses: Vec<Option<(String, String)>>,
}

fn containers(lines: &[String]) -> Result<Vec<ContainerState>, String> {
    lines.iter().map(|line| container(line)).collect()
}

fn container(line: &str) -> Result<ContainerState, String> {
    let seen: Container = serde_json::from_str(line).map_err(|e| unexpected(line, &e))?;
    Ok(ContainerState {
        name: seen.name.trim_start_matches('/').to_string(),
        image: seen.image,
        image_id: seen.image_id,
        labels: seen.labels.unwrap_or_default().into_iter().collect(),
        status: status(&seen.status)?,
        health: health(&seen.health)?,
        created_at: stamp(&seen.created_at)?,
        mounts: seen
            .mounts
            .into_iter()
            .flatten()
            .map(|(source, target)| Mount { source, target })
            .collect(),
        addresses: seen
            .addresses
            .into_iter()
            .flatten()
            .filter(|(_, address)| !address.is_empty())
            .map(|(network, address)| Address { network, address })
            .collect(),
        id: seen.id,
    })
}

/// True if the container has exactly these labels among its own.
fn has_all(container: &ContainerState, labels: &[(String, String)]) -> bool {
    labels.iter().all(|label| container.labels.contains(label))
}

/// The line of an image, as `template::IMAGE` prints it.
#[derive(Deserialize)]
struct Image {
    id: String,
    tags: Option<Vec<String>>,
    created_at: Option<String>,
}

/// One entry per tag of the repository. An image with two tags is listed twice.
fn images(lines: &[String], repository: &str) -> Result<Vec<ImageState>, String> {
    let mut images: Vec<ImageState> = Vec::new();
    for line in lines {
        let seen: Image = serde_json::from_str(line).map_err(|e| unexpected(line, &e))?;
        let created_at = stamp(seen.created_at.as_deref().unwrap_or("0001-01-01T00:00:00Z"))?;
        for tag in seen.tags.unwrap_or_default() {
            let Some((of, tag)) = tag.rsplit_once(':') else { continue };
            let reference = format!("{repository}:{tag}");
            let known = images.iter().any(|image| image.reference == reference);
            if familiar(of) == familiar(repository) && !known {
                let created_at = created_at.clone();
                images.push(ImageState { id: seen.id.clone(), reference, created_at });
            }
        }
    }
    Ok(images)
}

/// A repository as `docker` shows it: Docker Hub's own name is left out.
fn familiar(repository: &str) -> &str {
    let hub = ["docker.io/", "index.docker.io/"];
    let short = hub.iter().find_map(|hub| repository.strip_prefix(hub)).unwrap_or(repository);
    short.strip_prefix("library/").unwrap_or(short)
}

fn status(word: &str) -> Result<ContainerStatus, String> {
    Ok(match word {
        "created" => ContainerStatus::Created,
        "running" => ContainerStatus::Running,
        "paused" => ContainerStatus::Paused,
        "restarting" => ContainerStatus::Restarting,
        "removing" => ContainerStatus::Removing,
        "exited" => ContainerStatus::Exited,
        "dead" => ContainerStatus::Dead,
        _ => return Err(format!("docker reports the unknown status `{}`", word.escape_debug())),
    })
}

fn health(word: &str) -> Result<HealthStatus, String> {
    Ok(match word {
        "none" | "" => HealthStatus::None,
        "starting" => HealthStatus::Starting,
        "healthy" => HealthStatus::Healthy,
        "unhealthy" => HealthStatus::Unhealthy,
        _ => return Err(format!("docker reports the unknown health `{}`", word.escape_debug())),
    })
}

fn stamp(stamp: &str) -> Result<String, String> {
    time::utc(stamp).ok_or_else(|| format!("`{}` is not a time", stamp.escape_debug()))
}

fn unexpected(line: &str, error: &serde_json::Error) -> String {
    let start: String = line.chars().take(80).collect();
    format!("docker printed something unexpected ({error}): {}", start.escape_debug())
}
