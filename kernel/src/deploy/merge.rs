//! One merge of what env and proxies add to a role's container; a conflict is an error.

use crate::model::problem::Problem;
use crate::model::wit::{Contribution, Text, Workload};

/// Merges contributions, in order, into the workloads they are for. `from` names who gave
/// each. A key that two set to different values is a problem that names both.
pub fn merge(workloads: &mut [Workload], given: &[(String, Contribution)]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for workload in workloads {
        let place = format!("the container of role `{}` on {}", workload.role, workload.host);
        let container = &mut workload.container;
        let mut set: Vec<(String, String)> = Vec::new();
        let mut health_by: Option<&str> = None;
        for (from, part) in given {
            if part.host != workload.host || part.role != workload.role {
                continue;
            }
            for (key, value) in &part.labels {
                let known = container.labels.iter().find(|(k, _)| k == key).map(|(_, v)| v);
                match clash(&mut set, known, value, format!("label `{key}`"), from) {
                    Clash::New => container.labels.push((key.clone(), value.clone())),
                    Clash::Same => {}
                    Clash::With(other, what) => {
                        problems.push(conflict(&place, &what, &other, from))
                    }
                }
            }
            for var in &part.env {
                let known = container.env.iter().find(|v| v.name == var.name).map(|v| &v.value);
                match clash(&mut set, known, &var.value, format!("variable `{}`", var.name), from) {
                    Clash::New => container.env.push(var.clone()),
                    Clash::Same => {}
                    Clash::With(other, what) => {
                        problems.push(conflict(&place, &what, &other, from))
                    }
                }
            }
            container.env_files.extend(part.env_files.iter().cloned());
            container.volumes.extend(part.volumes.iter().cloned());
            if let Some(network) = &part.network {
                match &container.network {
                    Some(other) if other != network => {
                        problems.push(conflict(&place, "network", "another plugin", from));
                    }
                    _ => container.network = Some(network.clone()),
                }
            }
            if let Some(health) = &part.health {
                if let Some(other) = health_by {
                    problems.push(conflict(&place, "health check", other, from));
                }
                health_by = Some(from);
                container.health = Some(health.clone());
            }
        }
    }
    problems
}

enum Clash {
    New,
    Same,
    With(String, String),
}

fn clash(
    set: &mut Vec<(String, String)>,
    known: Option<&Text>,
    value: &Text,
    what: String,
    from: &str,
) -> Clash {
    match known {
        None => {
            set.push((what, from.to_string()));
            Clash::New
        }
        Some(known) if known == value => Clash::Same,
        Some(_) => {
            let by = set.iter().find(|(w, _)| *w == what).map(|(_, by)| by.clone());
            Clash::With(by.unwrap_or_else(|| "the role itself".into()), what)
        }
    }
}

fn conflict(place: &str, what: &str, one: &str, other: &str) -> Problem {
    Problem::error(format!("{place} would get two values for the {what}: from {one} and {other}"))
        .help(format!("set the {what} in one place only"))
}
