//! What Traefik adds to the containers of the roles that it routes to.

use windlass_sdk::steps::{contribution, role_prefix};
use windlass_sdk::texts::text;
use windlass_sdk::types::{
    Area, Context, Contribution, Health, Intent, Observation, Problem, Text, Workload,
};
use windlass_sdk::{All, all};

use crate::cords;
use crate::settings::Settings;

/// One contribution per workload of a role with Traefik; none to containers that run a single
/// command.
pub fn contribute(
    context: &Context,
    _: &[Observation],
    workloads: &[Workload],
) -> All<Contribution> {
    if !context.aims(Intent::Replace, Area::Roles) {
        return Ok(Vec::new());
    }
    let settings = Settings::of(context).map_err(|problem| vec![problem])?;
    let routed = workloads.iter().filter(|workload| settings.routes_to(&workload.role));
    all(routed.map(|workload| one(context, &settings, workload)))
}

fn one(
    context: &Context,
    settings: &Settings,
    workload: &Workload,
) -> Result<Contribution, Problem> {
    let mut contribution =
        Contribution { labels: labels(context, workload), ..contribution(workload) };
    if let Some((target, health)) = cord(settings, workload)
        && let Some(host) = context.host(&workload.host)
    {
        let source = cords::directory(context, host, &workload.role)?;
        contribution.volumes = vec![text(format!("{source}:{target}"))];
        contribution.health = Some(health);
    }
    Ok(contribution)
}

/// Where the cord is mounted, and the health check that looks for it. None without a health
/// check: there is nothing that a cord could fail.
fn cord(settings: &Settings, workload: &Workload) -> Option<(String, Health)> {
    let target = settings.cord(&workload.role)?;
    let own = workload.container.health.as_ref()?;
    let command = format!("({}) && (stat {target}/cord > /dev/null || exit 1)", own.command);
    Some((target, Health { command, interval_ms: own.interval_ms }))
}

/// The labels of Kamal's, except those that the user sets on the role otherwise.
fn labels(context: &Context, workload: &Workload) -> Vec<(String, Text)> {
    let name = role_prefix(context, &workload.role);
    let own = [
        // Pins the name of the service, so that versions share it.
        (format!("traefik.http.services.{name}.loadbalancer.server.scheme"), "http".to_string()),
        (format!("traefik.http.routers.{name}.rule"), "PathPrefix(`/`)".to_string()),
        (format!("traefik.http.routers.{name}.priority"), "2".to_string()),
        (format!("traefik.http.middlewares.{name}-retry.retry.attempts"), "5".to_string()),
        (
            format!("traefik.http.middlewares.{name}-retry.retry.initialinterval"),
            "500ms".to_string(),
        ),
        (format!("traefik.http.routers.{name}.middlewares"), format!("{name}-retry@docker")),
    ];
    let is_set = |label: &str| workload.container.labels.iter().any(|(known, _)| known == label);
    let unset = own.into_iter().filter(|(label, _)| !is_set(label));
    unset.map(|(label, value)| (label, text(value))).collect()
}
