//! What Traefik does about the moves of its roles, and which it refuses.

use windlass_sdk::Proxy;
use windlass_sdk::describe::aim;
use windlass_sdk::steps::container_spec;
use windlass_sdk::testing;
use windlass_sdk::texts::{literal, text, with_host_env};
use windlass_sdk::types::{
    Action, Area, ContainerFact, ContainerState, Context, Fact, Health, HealthStatus, Incoming,
    Intent, Mount, Move, Observation, Phase, Problem, Text, Workload,
};
use windlass_traefik::Traefik;

const HOST: &str = "web-1";
const RULE: &str = "traefik.http.routers.shop-web.rule";

fn one_host(mut context: Context) -> Context {
    context.hosts.truncate(1);
    context.config = r#"{"servers": {"web": {}}}"#.to_string();
    context
}

/// A container of the role, as an earlier run started it.
fn container(labels: Vec<(String, String)>) -> ContainerState {
    ContainerState {
        id: "c0ffee".repeat(4),
        labels,
        health: HealthStatus::Healthy,
        mounts: vec![Mount {
            source: format!("/root/.kamal/cords/shop-web-{}", "a".repeat(32)),
            target: "/tmp/kamal-cord".to_string(),
        }],
        ..testing::container("shop-web-v1")
    }
}

/// The role's new container with these labels of the user's, and what the plugin adds.
fn workload(context: &Context, labels: &[(&str, Text)]) -> Workload {
    let mut container = container_spec("shop-web-3f9a", "10.0.0.5/shop:3f9a");
    let ours = [("service", "shop"), ("role", "web"), ("destination", "")];
    let ours = ours.map(|(name, value)| (name, text(value)));
    let all = ours.into_iter().chain(labels.iter().cloned());
    container.labels = all.map(|(name, value)| (name.to_string(), value)).collect();
    container.health = Some(Health { command: "true".to_string(), interval_ms: None });
    let mut workload = Workload {
        host: HOST.to_string(),
        role: "web".to_string(),
        version: "3f9a".to_string(),
        container,
        health_path: Some("/up".to_string()),
        start_limit_ms: 44_000,
        log_lines: 7,
        annotations: Vec::new(),
    };
    let given = Traefik::contribute(context, &[], std::slice::from_ref(&workload)).unwrap();
    workload.container.labels.extend(given[0].labels.clone());
    workload
}

fn moved(incoming: Incoming, outgoing: Vec<ContainerState>) -> Move {
    Move { host: HOST.to_string(), role: "web".to_string(), incoming, outgoing }
}

/// The move from a container with some labels to one with others.
fn next(context: &Context, old: &[(&str, Text)], new: &[(&str, Text)]) -> Result<(), Problem> {
    let was = workload(context, old).container.labels;
    let was = was.into_iter().filter_map(|(name, value)| Some((name, literal(&value)?)));
    let old = container(was.collect());
    let told = |id: &str, fact| {
        let (host, id) = (HOST.to_string(), id.to_string());
        Observation { host, id, answer: Ok(fact) }
    };
    let containers = |all| Fact::Container(ContainerFact::Containers(all));
    let traefik = ContainerState { name: "traefik".to_string(), ..container(Vec::new()) };
    let observed = [
        told("traefik", containers(vec![traefik])),
        told("containers", containers(vec![old.clone()])),
    ];
    let moves = [moved(Incoming::New(workload(context, new)), vec![old])];
    let planned = Traefik::traffic(context, &observed, &moves);
    planned.map(drop).map_err(|mut problems| problems.remove(0))
}

#[test]
fn the_cord_of_a_container_that_starts_again_is_tied() {
    let start = testing::operation("app start", vec![aim(Intent::Operate, &[Area::Roles])]);
    let context = one_host(start);
    let moves = [moved(Incoming::Started(container(Vec::new())), Vec::new())];
    let steps = Traefik::traffic(&context, &[], &moves).unwrap();
    assert_eq!(steps.len(), 1);
    assert_eq!(steps[0].phase, Phase::Prepare);
    let cord = format!("/root/.kamal/cords/shop-web-{}/cord", "a".repeat(32));
    assert!(matches!(&steps[0].action, Action::WriteFile(file) if file.path == cord), "{steps:?}");
    let stop = [moved(Incoming::None, vec![container(Vec::new())])];
    assert_eq!(Traefik::traffic(&context, &[], &stop), Ok(Vec::new()));
}

#[test]
fn nothing_is_taken_back_once_traffic_leaves() {
    let context = one_host(testing::context("deploy"));
    let new = workload(&context, &[]);
    let told = |id: &str, all| Observation {
        host: HOST.to_string(),
        id: id.to_string(),
        answer: Ok(Fact::Container(ContainerFact::Containers(all))),
    };
    let observed = [told("traefik", Vec::new()), told("containers", Vec::new())];
    let moves = [moved(Incoming::New(new), vec![container(Vec::new())])];
    let steps = Traefik::traffic(&context, &observed, &moves).unwrap();
    assert!(steps.iter().any(|step| step.id == "web.cut" && step.phase == Phase::Drain));
    let may_be_undone = [Phase::Prepare, Phase::Start, Phase::Route];
    assert!(steps.iter().all(|step| step.undo.is_none() || may_be_undone.contains(&step.phase)));
    // As long, and as many lines, as the role plugin says.
    let answers = steps.iter().find(|step| step.id == "web.answers").unwrap();
    assert_eq!(answers.time_limit_ms, 44_000);
    assert!(steps.iter().any(|step| step.title == "Show the last 7 lines of shop-web-3f9a"));
}

#[test]
fn a_changed_label_is_refused_with_the_way_out() {
    let context = one_host(testing::context("deploy"));
    let shop = [(RULE, text("Host(`shop.example`)"))];
    let problem = next(&context, &[], &shop).unwrap_err();
    assert_eq!(problem.host.as_deref(), Some(HOST));
    let told = "\n    running: PathPrefix(`/`)\n    new:     Host(`shop.example`)";
    assert!(problem.message.contains(told), "{}", problem.message);
    let help = problem.help.unwrap();
    assert!(help.contains("`windlass app stop`") && help.contains("`windlass deploy`"), "{help}");
    // What only the host knows may be the same.
    let known_there = [(RULE, with_host_env("Host(`${NAME}`)"))];
    assert_eq!(next(&context, &[(RULE, text("Host(`a`)"))], &known_there), Ok(()));
    assert_eq!(next(&context, &shop, &shop), Ok(()));
}

#[test]
fn a_label_more_or_less_is_refused_too() {
    let context = one_host(testing::context("rollback"));
    let more = [("traefik.http.routers.shop-web.entrypoints", text("http"))];
    assert!(next(&context, &[], &more).unwrap_err().message.contains("running: not set"));
    let problem = next(&context, &more, &[]).unwrap_err();
    assert!(problem.message.contains("new:     not set"));
    let again = "`windlass deploy --skip-push --version 3f9a`";
    assert!(problem.help.unwrap().contains(again));
}

#[test]
fn what_does_not_matter_to_traefik_may_change() {
    let context = one_host(testing::context("deploy"));
    let port = |port: &str| {
        let label = "traefik.http.services.shop-web.loadbalancer.server.port";
        [(label, text(port)), ("team", text(port))]
    };
    assert_eq!(next(&context, &port("3000"), &port("4000")), Ok(()));
    let off = [("traefik.enable", text("false")), (RULE, text("x"))];
    assert_eq!(next(&context, &off, &[(RULE, text("y"))]), Ok(()));
}
