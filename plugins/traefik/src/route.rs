//! Before the old container loses traffic: the new one's cord, and the proof that users reach it.

use windlass_sdk::steps::{StepExt, container};
use windlass_sdk::texts::output_of;
use windlass_sdk::types::{
    Action, Condition, ContainerAction, ContainerCondition, ContainerWait, HttpWait, LogOptions,
    OutputKind, Part, Phase, Step, Text, Wait,
};

use crate::container::NAME;
use crate::cords;
use crate::settings::Probe;
use crate::traffic::Lane;

/// The step that yields Traefik's address.
pub const ADDRESS: &str = "proxy-address";

const LIMIT_MS: u32 = 30_000;
/// Lines of a container that explain a failure.
const LINES: u32 = 50;

/// Ties the new container's cord before it starts.
pub fn prepare(lane: &Lane) -> Option<Step> {
    let directory = lane.cord.as_ref()?;
    let title = format!("Tie the cord of {}", lane.name());
    let step = lane
        .step("cord", Phase::Prepare, title, cords::tie(directory))
        .undo(Action::RemoveDirectory(directory.clone()))
        .why("the container is healthy only while the file is there");
    Some(step)
}

/// Makes the way back, between the new container's start and the wait for its health.
///
/// If anything fails from here to the cut of the first old cord, the undo of these two steps
/// takes the new container out of service and waits for that, before the role plugin's undo
/// removes it: it may have become healthy, and users that it had begun to serve get their
/// answers.
pub fn way_back(lane: &Lane) -> Vec<Step> {
    let Some(directory) = &lane.cord else { return Vec::new() };
    let name = lane.name();
    let wait = |container: &str, until: ContainerCondition| {
        let container = container.to_string();
        Action::Wait(Wait::Container(ContainerWait { container, until, steady_ms: 0 }))
    };
    let runs = wait(NAME, ContainerCondition::Ready);
    let keep = format!("Keep the cord of {name} tied, and cut it if anything fails from here on");
    vec![
        lane.step("proxy-runs", Phase::Start, "See that Traefik runs".to_string(), runs)
            .undo(wait(name, ContainerCondition::OutOfService))
            .limit(LIMIT_MS)
            .why("without it nobody reaches the new container"),
        lane.step("keep-cord", Phase::Start, keep, cords::tie(directory))
            .undo(cords::cut(directory))
            .why("a container that serves is not removed before it is out of service"),
    ]
}

/// Confirms the new container.
pub fn route(lane: &Lane) -> Vec<Step> {
    let look = |id: &str, whose: &str, what: &str| {
        let inspect = container(ContainerAction::InspectAddress(what.to_string()));
        lane.step(id, Phase::Route, format!("Look up the address of {whose}"), inspect)
    };
    let name = lane.name();
    let mut steps =
        vec![look("new-address", name, name).why("Traefik names containers by their address")];
    match lane.api {
        Some(api) => {
            if api.address.is_none() {
                steps.push(look(ADDRESS, "Traefik", NAME).why("its API answers there"));
            }
            steps.extend(ask_traefik(lane));
        }
        None => {
            steps.extend(probe(lane, known_port(lane)));
            steps.push(lane.kamal_delay("settle", Phase::Route, "route to the new container"));
        }
    }
    steps
}

/// Traefik lists the new container, uses it, and the very URL answers.
fn ask_traefik(lane: &Lane) -> Vec<Step> {
    let Some(api) = lane.api else { return Vec::new() };
    let (name, scheme) = (lane.name(), lane.scheme());
    let head = Part::Literal(format!("\"{scheme}://"));
    let start: Text = vec![head.clone(), lane.new_address(), Part::Literal(":".to_string())];
    let lists = api.service(&lane.step_id(ADDRESS), &lane.service);
    let is_listed = HttpWait {
        contains: Some(start.clone()),
        port_after: Some(start.clone()),
        ..lists.clone()
    };
    let listed = lane
        .step("listed", Phase::Route, format!("Wait until Traefik lists {name}"), http(is_listed))
        .limit(LIMIT_MS)
        .why(format!("the service {}@docker", lane.service));
    let port = output_of(listed.id.clone(), OutputKind::Port);
    let end = Part::Literal("\":\"UP\"".to_string());
    let is_up = HttpWait { contains: Some([start, vec![port.clone(), end]].concat()), ..lists };
    let up = lane
        .step(
            "up",
            Phase::Route,
            format!("Wait until Traefik sends requests to {name}"),
            http(is_up),
        )
        .limit(LIMIT_MS)
        .why(format!("the service {}@docker", lane.service));
    let logs = explain(lane, "listed", NAME, "Traefik did not take the new container up");
    [vec![listed, up, logs], probe(lane, Some(port))].concat()
}

/// Asks the new container itself, at the port that Traefik uses.
fn probe(lane: &Lane, port: Option<Part>) -> Vec<Step> {
    // Only plain HTTP can be asked from the host.
    let Some(port) = port.filter(|_| lane.scheme() == "http") else { return Vec::new() };
    let name = lane.name();
    let health = lane.moved.workload.health_path.as_ref();
    let (path, to) = match (lane.settings.probe, health) {
        (Probe::Off, _) => return Vec::new(),
        (Probe::Health, Some(path)) => (path.as_str(), 399),
        (Probe::Any, Some(path)) => (path.as_str(), 499),
        // Only a command of the user's knows what is healthy; that somebody serves is enough.
        (_, None) => ("/", 499),
    };
    let from = if to == 399 { 200 } else { 100 };
    let url = vec![
        Part::Literal("http://".to_string()),
        lane.new_address(),
        Part::Literal(":".to_string()),
        port,
        Part::Literal(path.to_string()),
    ];
    let wait = HttpWait {
        url,
        status_from: from,
        status_to: to,
        contains: None,
        absent: Vec::new(),
        port_after: None,
    };
    let title = format!("Wait until {path} of {name} answers at the port that Traefik uses");
    let probe = lane.step("probe", Phase::Route, title, http(wait)).limit(LIMIT_MS).why(
        "a container can be healthy and listen on another port: the label \
         traefik.http.services.….loadbalancer.server.port says which one to use; \
         for an app that refuses requests by address, set `probe: any` in the plugin's settings",
    );
    let logs = explain(lane, "probe", name, "it did not answer at the port that Traefik uses");
    vec![probe, logs]
}

/// The port, as far as deploy.yml tells.
fn known_port(lane: &Lane) -> Option<Part> {
    let label = lane.service_label("port").and_then(|port| port.parse::<u16>().ok());
    let port = label.or_else(|| lane.settings.health_port(&lane.moved.workload.role))?;
    Some(Part::Literal(port.to_string()))
}

fn explain(lane: &Lane, failed: &str, container_name: &str, why: &str) -> Step {
    let logs = container(ContainerAction::Logs(LogOptions {
        container: container_name.to_string(),
        tail: Some(LINES),
        since: None,
        timestamps: false,
        follow: false,
    }));
    let title = format!("Show the last {LINES} lines of {container_name}: {why}");
    lane.step(&format!("{failed}-logs"), Phase::Route, title, logs)
        .when(Condition::Failed(lane.step_id(failed)))
        .may_fail()
        .why(why)
}

/// An HTTP wait as an action.
pub fn http(wait: HttpWait) -> Action {
    Action::Wait(Wait::Http(wait))
}
