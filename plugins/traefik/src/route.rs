//! Before the old container loses traffic: the new one's cord, and the proof that users reach it.

use windlass_sdk::steps::{container, get, last_lines};
use windlass_sdk::texts::output_of;
use windlass_sdk::types::{
    Action, Condition, ContainerAction, ContainerCondition, ContainerWait, HttpWait, OutputKind,
    Part, Phase, Step, Text, Wait,
};

use crate::container::NAME;
use crate::cords;
use crate::role_move::RoleMove;
use crate::settings::Probe;

/// The step that yields Traefik's address.
pub const ADDRESS: &str = "proxy-address";

const LIMIT_MS: u32 = 30_000;
/// Lines of Traefik that explain a failure.
const LINES: u32 = 50;

/// Makes the directory of the new container's cord. The cord itself is tied later: until then
/// the container is not healthy, so Traefik sends it nothing.
pub fn prepare(role_move: &RoleMove) -> Option<Step> {
    let directory = role_move.cord.as_ref()?;
    let title = format!("Make the cord directory of {}", role_move.name());
    let step = role_move
        .step("cord-directory", Phase::Prepare, title, Action::MakeDirectory(directory.clone()))
        .undo(Action::RemoveDirectory(directory.clone()))
        .why("the container is healthy only while the cord is there");
    Some(step)
}

/// Before its cord is tied the very URL that Traefik will ask must answer. A container can be
/// healthy by its own check and listen on another port, and users would meet it.
pub fn approach(role_move: &RoleMove) -> Vec<Step> {
    let name = role_move.name();
    let inspect = container(ContainerAction::InspectAddress(name.to_string()));
    let title = format!("Look up the address of {name}");
    let address = role_move
        .step("new-address", Phase::Start, title, inspect)
        .why("Traefik names containers by their address");
    let mut steps = vec![address];
    if role_move.cord.is_some() || role_move.api.is_none() {
        steps.extend(look_up_port(role_move));
    }
    if role_move.cord.is_none() {
        return steps;
    }
    steps.extend(probe(role_move, "answers", Phase::Start, expected_port(role_move)));
    let block = role_move.step_id("approach");
    for step in &mut steps {
        step.block = Some(block.clone());
    }
    steps.extend(explain(role_move, "approach", Phase::Start, &block));
    steps
}

/// The moment from which Traefik may use the new container.
///
/// If anything fails from here to the cut of the first old cord, the undo of these steps takes
/// the new container out of service and waits for that, before the role plugin's undo removes
/// it: users that it had begun to serve get their answers.
pub fn tie(role_move: &RoleMove) -> Vec<Step> {
    let Some(directory) = &role_move.cord else { return Vec::new() };
    let name = role_move.name();
    let wait = |container: &str, until: ContainerCondition| {
        let container = container.to_string();
        Action::Wait(Wait::Container(ContainerWait { container, until, steady_ms: 0 }))
    };
    let runs = wait(NAME, ContainerCondition::Ready);
    let runs = role_move
        .step("proxy-runs", Phase::Start, "Check that Traefik is running".to_string(), runs)
        .undo(wait(name, ContainerCondition::OutOfService))
        .limit(LIMIT_MS)
        .why("without it nobody reaches the new container");
    let title = format!("Tie the cord of {name}: from here on users may reach it");
    let tie = role_move
        .step("tie", Phase::Start, title, cords::tie(directory))
        .undo(cords::cut(directory))
        .why("a container that serves is not removed before it is out of service");
    vec![runs, tie]
}

/// Confirms the new container.
pub fn route(role_move: &RoleMove) -> Vec<Step> {
    let Some(api) = role_move.api else {
        let mut steps = confirm(role_move, expected_port(role_move));
        steps.push(role_move.kamal_delay("settle", Phase::Route, "route to the new container"));
        return steps;
    };
    let mut steps = Vec::new();
    if api.address.is_none() {
        let inspect = container(ContainerAction::InspectAddress(NAME.to_string()));
        let title = "Look up the address of Traefik".to_string();
        steps.push(
            role_move.step(ADDRESS, Phase::Route, title, inspect).why("its API answers there"),
        );
    }
    steps.extend(ask_traefik(role_move));
    steps
}

/// Traefik lists the new container, uses it, and the very URL answers.
fn ask_traefik(role_move: &RoleMove) -> Vec<Step> {
    let Some(api) = role_move.api else { return Vec::new() };
    let (name, scheme) = (role_move.name(), role_move.scheme());
    let head = Part::Literal(format!("\"{scheme}://"));
    let start: Text = vec![head.clone(), role_move.new_address(), Part::Literal(":".to_string())];
    let lists = api.service(&role_move.step_id(ADDRESS), &role_move.service);
    let is_listed = HttpWait {
        contains: Some(start.clone()),
        port_after: Some(start.clone()),
        ..lists.clone()
    };
    let listed = role_move
        .step("listed", Phase::Route, format!("Wait until Traefik lists {name}"), http(is_listed))
        .limit(LIMIT_MS)
        .why(format!("the service {}@docker", role_move.service));
    let port = output_of(listed.id.clone(), OutputKind::Port);
    let end = Part::Literal("\":\"UP\"".to_string());
    let is_up = HttpWait { contains: Some([start, vec![port.clone(), end]].concat()), ..lists };
    let up = role_move
        .step(
            "up",
            Phase::Route,
            format!("Wait until Traefik sends requests to {name}"),
            http(is_up),
        )
        .limit(LIMIT_MS)
        .why(format!("the service {}@docker", role_move.service));
    let logs = explain_routing(role_move);
    [vec![listed, up, logs], confirm(role_move, port)].concat()
}

/// The proof, and what is shown without it.
fn confirm(role_move: &RoleMove, port: Part) -> Vec<Step> {
    let Some(probe) = probe(role_move, "probe", Phase::Route, port) else { return Vec::new() };
    let because = explain(role_move, "probe", Phase::Route, &probe.id);
    [vec![probe], because].concat()
}

/// Asks the new container itself, at the port that Traefik uses.
fn probe(role_move: &RoleMove, id: &str, phase: Phase, port: Part) -> Option<Step> {
    // Only plain HTTP can be asked from the host.
    if role_move.scheme() != "http" {
        return None;
    }
    let name = role_move.name();
    let health = role_move.workload.health_path.as_ref();
    let (path, to) = match (role_move.settings.probe, health) {
        (Probe::Off, _) => return None,
        (Probe::Health, Some(path)) => (path.as_str(), 399),
        (Probe::Any, Some(path)) => (path.as_str(), 499),
        // Only a command of the user knows what is healthy; that somebody serves is enough.
        (_, None) => ("/", 499),
    };
    let from = if to == 399 { 200 } else { 100 };
    let url = vec![
        Part::Literal("http://".to_string()),
        role_move.new_address(),
        Part::Literal(":".to_string()),
        port,
        Part::Literal(path.to_string()),
    ];
    let wait = HttpWait {
        status_from: from,
        status_to: to,
        container: Some(name.to_string()),
        ..get(url)
    };
    let title = format!("Wait until {path} of {name} answers at the port that Traefik uses");
    let limit = match phase {
        Phase::Start => role_move.workload.start_limit_ms,
        _ => LIMIT_MS,
    };
    let probe = role_move.step(id, phase, title, http(wait)).limit(limit).why(
        "a container can be healthy and listen on another port: the label \
         traefik.http.services.….loadbalancer.server.port says which one to use; \
         for an app that refuses requests by address, set `probe: any` in the plugin's settings",
    );
    Some(probe)
}

/// Asks which port Traefik will use, unless deploy.yml says it.
fn look_up_port(role_move: &RoleMove) -> Option<Step> {
    if role_move.service_label("port").is_some() {
        return None;
    }
    let name = role_move.name();
    let inspect = container(ContainerAction::InspectPort(name.to_string()));
    let title = format!("Look up the lowest port that the image of {name} exposes");
    let step = role_move.step("port", Phase::Start, title, inspect).why(
        "Traefik uses it; an image without EXPOSE needs the label \
         traefik.http.services.….loadbalancer.server.port",
    );
    Some(step)
}

/// The port that Traefik will use.
fn expected_port(role_move: &RoleMove) -> Part {
    match role_move.service_label("port") {
        Some(port) => Part::Literal(port),
        None => output_of(role_move.step_id("port"), OutputKind::Port),
    }
}

/// What is shown if a step or block of this name fails: what the new container's health check
/// answered, and its last lines.
fn explain(role_move: &RoleMove, id: &str, phase: Phase, failed: &str) -> Vec<Step> {
    let name = role_move.name();
    let step = |what: &str, title: String, action: Action| {
        role_move
            .step(&format!("{id}-{what}"), phase, title, action)
            .when(Condition::Failed(failed.to_string()))
            .may_fail()
            .why(format!("{name} did not answer where Traefik would ask it"))
    };
    let check = role_move.workload.container.health.as_ref().map(|health| {
        let title = format!("Show what the health check of {name} answered: {}", health.command);
        step("health", title, container(ContainerAction::HealthLog(name.to_string())))
    });
    let lines = role_move.workload.log_lines;
    let title = format!("Show the last {lines} lines of {name}");
    let lines = step("logs", title, last_lines(name, lines));
    check.into_iter().chain([lines]).collect()
}

/// Traefik's own words about why it does not route to the new container.
fn explain_routing(role_move: &RoleMove) -> Step {
    let why = "Traefik did not pick up the new container";
    let title = format!("Show the last {LINES} lines of {NAME}: {why}");
    role_move
        .step("listed-logs", Phase::Route, title, last_lines(NAME, LINES))
        .when(Condition::Failed(role_move.step_id("listed")))
        .may_fail()
        .why(why)
}

/// An HTTP wait as an action.
pub fn http(wait: HttpWait) -> Action {
    Action::Wait(Wait::Http(wait))
}
