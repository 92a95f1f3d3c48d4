//! What each command does to the hosts, whole: every process with its argv, every file. With no
//! flag, and with each flag alone.
//!
//! A changed snapshot is a changed promise: read it before accepting it.

use serde_json::{Map, Value, json};

use super::bench::{self, Bench, CREW};
use super::client::Cut;
use super::keys::with;
use super::shown;
use super::sim_host::{REPOSITORY, image_id};
use crate::deploy::crew;
use crate::model::wit::{ContainerStatus, GitState, Machine, WorkTree};
use crate::plugin::CommandSpec;

/// The kernel's own commands that plugins plan; `bootstrap` is what `setup` begins with.
const OF_THE_KERNEL: [&str; 8] =
    ["bootstrap", "setup", "deploy", "redeploy", "rollback", "details", "remove", "downgrade"];

/// What is typed for a flag or an argument that wants a value.
fn typed(name: &str) -> Value {
    match name {
        "cmd" => json!(["ls", "-l"]),
        "env" => json!("KEY:VALUE"),
        "since" => json!("5m"),
        "lines" => json!("7"),
        "grep" => json!("cron"),
        "grep-options" => json!("-i"),
        "retain" => json!("1"),
        "app-version" => json!("v1"),
        "name" => json!("db"),
        other => panic!("what is typed for {other}?"),
    }
}

/// A command without flags, and with each alone.
fn ways(spec: &CommandSpec) -> Vec<(String, Value)> {
    let verb = crew::typed(spec);
    let given = spec.arguments.iter().map(|a| (a.name.clone(), typed(&a.name)));
    let bare: Map<String, Value> = given.collect();
    let mut ways = vec![(verb.clone(), Value::Object(bare.clone()))];
    for flag in &spec.flags {
        let value = if flag.value.is_some() { typed(&flag.name) } else { json!(true) };
        let mut with = bare.clone();
        with.insert(flag.name.clone(), value);
        // These options are about a search.
        if flag.name == "grep-options" {
            with.insert("grep".into(), typed("grep"));
        }
        ways.push((format!("{verb} --{}", flag.name), Value::Object(with)));
    }
    ways
}

/// What one host of the app has that a deploy would not leave.
pub fn leave(bench: &Bench, host: &str, role: &str, version: &str, status: ContainerStatus) {
    let mut fleet = bench.fleet.lock();
    let machine = fleet.machine(host);
    let image = format!("{REPOSITORY}:{version}");
    machine.tag(&image, image_id(version));
    let container = machine.add(&format!("shop-{role}-{version}"), &image);
    container.status = status;
    let labels = [("service", "shop"), ("role", role), ("destination", "")];
    container.labels = labels.map(|(name, value)| (name.into(), value.into())).to_vec();
}

async fn act(bench: &Bench, operation: &str, arguments: Value) {
    let (mut run, _) = bench.run("v2", Cut::Never);
    run.request.arguments = arguments;
    run.request.operation = bench::operation(operation, &run.request.arguments);
    let seen = run.observe().await.unwrap();
    let plan = run.plan(&seen).unwrap();
    run.perform(plan, seen).await.unwrap();
}

/// A fleet on which all is up: two versions, an accessory, a container that is stale, one that
/// is too old.
async fn busy() -> Bench {
    let accessories = json!({"db": {
        "image": "mysql:8", "host": "job-1", "port": 3306, "directories": ["data:/data"],
        "files": ["tests/configs/tags.yml:/etc/tags.yml"],
    }});
    let config = json!({"accessories": accessories, "retain_containers": 1});
    let bench = Bench::with(&with(&config), "v1").await;
    assert!(bench.deploy("v2").await.good());
    let labels = vec![("service".to_string(), "shop-db".to_string())];
    bench.fleet.lock().machine("job-1").add("shop-db", "mysql:8").labels = labels;
    leave(&bench, "web-1", "web", "stray", ContainerStatus::Running);
    leave(&bench, "job-1", "workers", "v0", ContainerStatus::Exited);
    bench.fleet.lock().machine("web-1").tag("traefik:v2.11", image_id("traefik"));
    bench
}

/// The same when all is stopped, with a builder of its own.
async fn idle() -> Bench {
    let accessories = json!({"db": {"image": "mysql:8", "host": "job-1"}});
    let builder = json!({"multiarch": true});
    let config = with(&json!({"accessories": accessories, "builder": builder}));
    let bench = Bench::with(&config, "v1").await;
    act(&bench, "accessory boot", json!({"name": "db"})).await;
    for (operation, arguments) in [
        ("accessory stop", json!({"name": "db"})),
        ("app stop", json!({})),
        ("traefik stop", json!({})),
    ] {
        act(&bench, operation, arguments).await;
    }
    bench.fleet.lock().machine("web-1").tag(&format!("{REPOSITORY}:v0"), image_id("v0"));
    bench
}

/// The plan of an operation, step by step, or why there is none.
async fn plan(bench: &Bench, operation: &str, arguments: Value) -> String {
    // What is deployed is new, and what is gone back to is not.
    let version = match operation {
        "setup" | "deploy" => "v3",
        "rollback" => "v1",
        _ => "v2",
    };
    let (mut run, _) = bench.run(version, Cut::Never);
    run.request.arguments = arguments;
    run.request.operation = bench::operation(operation, &run.request.arguments);
    run.request.machine = Machine {
        directory: "/home/jo/shop".into(),
        cache: Some("/home/jo/.cache/windlass".into()),
        git: GitState::WorkTree(WorkTree {
            root: "/home/jo/shop".into(),
            prefix: String::new(),
            revision: "0123456789abcdef0123456789abcdef01234567".into(),
            uncommitted: String::new(),
        }),
    };
    let seen = run.observe().await.unwrap();
    match run.plan(&seen) {
        Ok(plan) => plan.steps.iter().map(shown::action).collect(),
        Err(error) => format!("error: {error}\n"),
    }
}

#[tokio::test]
async fn every_command_in_full() {
    let (busy, idle) = (busy().await, idle().await);
    let mut ways: Vec<(String, Value)> = Vec::new();
    ways.extend(OF_THE_KERNEL.map(|name| (name.to_string(), json!({}))));
    ways.extend(CREW.iter().flat_map(|plugin| &plugin.description().commands).flat_map(self::ways));
    let mut shown = String::new();
    for (way, arguments) in ways {
        let operation = way.split(" --").next().unwrap_or_default();
        let mut steps = plan(&busy.copy(), operation, arguments.clone()).await;
        let mut state = "";
        if steps.is_empty() {
            state = " (stopped)";
            steps = plan(&idle.copy(), operation, arguments).await;
        }
        assert!(!steps.is_empty(), "{way} does nothing");
        shown += &format!("# {way}{state}\n{steps}\n");
    }
    insta::assert_snapshot!(shown);
}
