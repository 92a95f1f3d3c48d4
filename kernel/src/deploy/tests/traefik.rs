//! Plans around Traefik, on hosts as a crash, Kamal or a user may have left them.
//!
//! A changed snapshot is a changed promise: read it before accepting it.

use serde_json::json;

use super::bench::{self, Bench, ONE};
use super::client::Cut;
use super::every_command::leave;
use super::keys::with;
use super::shown;
use super::sim_host::{HOME, REPOSITORY, image_id};
use crate::model::wit::{Address, ContainerStatus, HealthStatus};

/// The plan of an operation: of steps that only look, where and on which terms; or why there is
/// no plan.
async fn planned(bench: &Bench, operation: &str, version: &str) -> String {
    let (mut run, _) = bench.copy().run(version, Cut::Never);
    run.request.operation = bench::operation(operation, &run.request.arguments);
    let seen = run.observe().await.unwrap();
    match run.plan(&seen) {
        Ok(plan) => plan.steps.iter().map(shown::outline).collect(),
        Err(error) => format!("error: {error}\n"),
    }
}

/// Version 1 serves and is tagged.
async fn steady() -> Bench {
    Bench::with(ONE, "v1").await
}

/// Version 2 was started beside version 1, and not yet tagged.
async fn between() -> Bench {
    let bench = steady().await;
    assert!(bench.deploy("v2").await.good());
    bench.fleet.lock().machine("web-1").tag(&format!("{REPOSITORY}:latest"), image_id("v1"));
    bench
}

#[tokio::test]
async fn after_a_crash_between_cutting_and_stopping() {
    let bench = between().await;
    {
        let mut state = bench.fleet.lock();
        let old = state.machine("web-1").find_mut("shop-web-v1").unwrap();
        (old.status, old.health) = (ContainerStatus::Running, HealthStatus::Unhealthy);
    }
    insta::assert_snapshot!(planned(&bench, "deploy", "v2").await);
}

#[tokio::test]
async fn after_a_crash_between_stopping_and_tagging() {
    insta::assert_snapshot!(planned(&between().await, "deploy", "v2").await);
}

#[tokio::test]
async fn a_fleet_just_taken_over_from_kamal() {
    let bench = steady().await;
    // Its Traefik has no API.
    bench.fleet.lock().machine("web-1").find_mut("traefik").unwrap().labels.clear();
    insta::assert_snapshot!(planned(&bench, "deploy", "v2").await);
}

#[tokio::test]
async fn pruning_keeps_the_newest_and_other_destinations() {
    let bench = steady().await;
    for n in 1..=7 {
        leave(&bench, "web-1", "web", &format!("old{n}"), ContainerStatus::Exited);
    }
    leave(&bench, "web-1", "web", "staging-v0", ContainerStatus::Exited);
    {
        let mut state = bench.fleet.lock();
        let machine = state.machine("web-1");
        machine.find_mut("shop-web-staging-v0").unwrap().labels[2].1 = "staging".into();
        machine.tag(&format!("{REPOSITORY}:latest-staging"), image_id("staging-v0"));
    }
    let plan = planned(&bench, "deploy", "v2").await;
    insta::assert_snapshot!(plan.split_once("web-1 app.tag").unwrap().1);
}

#[tokio::test]
async fn only_our_own_unused_cord_directories_are_tidied() {
    let bench = steady().await;
    let of = |name: &str| format!("{HOME}/.kamal/cords/{name}-{}", "f".repeat(32));
    for name in ["shop-web", "shop-web-staging", "shop-workers", "other-web"] {
        bench.fleet.lock().machine("web-1").directories.insert(of(name));
    }
    let plan = planned(&bench, "deploy", "v2").await;
    let removed = plan.lines().filter_map(|line| line.strip_prefix("  remove directory "));
    assert_eq!(removed.collect::<Vec<_>>(), [of("shop-web")]);
}

#[tokio::test]
async fn a_traefik_that_cannot_be_used_is_told() {
    let bench = steady().await;
    bench.fleet.lock().machine("web-1").find_mut("traefik").unwrap().status =
        ContainerStatus::Paused;
    let told = planned(&bench, "deploy", "v2").await;
    assert!(told.contains("docker unpause traefik"), "{told}");
}

#[tokio::test]
async fn the_env_file_of_traefik_is_there_before_it_starts() {
    let bench = Bench::new(&format!("{ONE}traefik: {{env: {{secret: [TOKEN]}}}}\n"));
    let told = planned(&bench, "deploy", "v2").await;
    assert!(told.contains("lacks `TOKEN`") && told.contains("windlass env push"), "{told}");
    let setup = planned(&bench, "setup", "v2").await;
    let at = |id: &str| setup.find(id).unwrap_or_else(|| panic!("no {id} in\n{setup}"));
    assert!(at("web-1 traefik.env-file ") < at("web-1 traefik.run "));
    let push = planned(&bench, "env push", "v2").await;
    let ours = push.lines().filter(|line| line.starts_with("web-1 traefik."));
    let ours: Vec<_> = ours.map(|line| line.split(" (").next().unwrap_or_default()).collect();
    assert_eq!(ours, ["web-1 traefik.env-file"]);
}

#[tokio::test]
async fn users_labels_ports_and_cords() {
    let web = json!({
        "labels": {"traefik.http.routers.shop-web.rule": "Host(`shop.example`)"},
        "options": {"memory": "1g", "cap-add": ["A", "B"], "init": true},
        "healthcheck": {"cord": false, "cmd": "/bin/check"},
        "logging": {"driver": "journald"},
    });
    let args = json!({"entryPoints.web.address": ":80"});
    let traefik = json!({"host_port": 8080, "args": args, "env": {"TZ": "${TZ}"}});
    let config = json!({"servers": {"web": web}, "traefik": traefik, "stop_wait_time": 25});
    let (plan, _) = Bench::new(&with(&config)).plan("v2").await;
    let on_web = plan.steps.iter().filter(|step| step.spec.host == "web-1");
    insta::assert_snapshot!(on_web.map(shown::whole).collect::<String>());
}

/// A host as Kamal 2 leaves it: its own proxy, and a container that Traefik cannot know.
fn of_kamal_2() -> Bench {
    let bench = Bench::new(ONE);
    leave(&bench, "web-1", "web", "v1", ContainerStatus::Running);
    {
        let mut state = bench.fleet.lock();
        let machine = state.machine("web-1");
        machine.tag(&format!("{REPOSITORY}:latest"), image_id("v1"));
        machine.find_mut("shop-web-v1").unwrap().addresses =
            vec![Address { network: "kamal".into(), address: "172.18.0.3".into() }];
        let title = ("org.opencontainers.image.title".to_string(), "kamal-proxy".to_string());
        machine.add("kamal-proxy", "basecamp/kamal-proxy:v0.8.4").labels = vec![title];
    }
    bench
}

#[tokio::test]
async fn back_from_kamal_2() {
    insta::assert_snapshot!(planned(&of_kamal_2(), "downgrade", "v1").await);
}

#[tokio::test]
async fn a_part_of_the_way_back_is_the_same_for_the_app() {
    let bench = of_kamal_2();
    let all = planned(&bench, "downgrade", "v1").await;
    let part = planned(&bench, "traefik downgrade", "v1").await;
    let of = |plan: &str| {
        let ids = plan.lines().filter(|line| !line.starts_with(' '));
        let of_plugin = |line: &&str| line.contains(" app.") || line.contains(" traefik.");
        ids.filter(of_plugin).map(str::to_string).collect::<Vec<_>>()
    };
    assert_eq!(of(&part), of(&all));
    assert!(!of(&all).is_empty());
}
