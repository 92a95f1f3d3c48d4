//! Cords that are elsewhere, or not there at all.

use serde_json::{Value, json};

use super::bench::Bench;
use super::client::Cut;
use super::keys::with;
use super::sim_host::SimHost;
use crate::model::plan::PlannedStep;
use crate::model::wit::{Action, ContainerState, ContainerStatus, HealthStatus, Phase};

/// What a deploy with this `cord` does on the host, and its run, where version 1 serves and
/// `change` was made.
async fn planned(cord: Value, change: impl FnOnce(&mut SimHost)) -> (Vec<PlannedStep>, String) {
    let bench = Bench::with(&with(&json!({})), "v1").await;
    change(bench.fleet.lock().machine("web-1"));
    let bench = bench.under(&with(&json!({"healthcheck": {"cord": cord}})));
    let (run, _) = bench.run("v2", Cut::Never);
    let seen = run.observe().await.unwrap();
    let mut steps = run.plan(&seen).unwrap().steps;
    steps.retain(|step| step.spec.host == "web-1");
    (steps, run.request.run_id.clone())
}

fn old(machine: &mut SimHost) -> &mut ContainerState {
    machine.find_mut("shop-web-v1").unwrap()
}

/// What that deploy does to cords and containers, in its order, where the old cord lies at
/// `source` and is mounted at `target`: `new` and `old` are the directories of the cords.
async fn done_at(cord: Value, source: Option<&str>, target: &str) -> Vec<String> {
    let mut lies_at = String::new();
    let (steps, run) = planned(cord, |machine| {
        let mount = &mut old(machine).mounts[0];
        if let Some(source) = source {
            mount.source = source.to_string();
        }
        mount.target = target.to_string();
        lies_at.clone_from(&mount.source);
        machine.files.insert(format!("{lies_at}/cord"), String::new());
    })
    .await;
    done(&steps, &run, &lies_at)
}

/// The same where the old container has no cord.
async fn done_without(cord: Value) -> Vec<String> {
    let (steps, run) = planned(cord, |machine| old(machine).mounts.clear()).await;
    done(&steps, &run, "")
}

fn done(steps: &[PlannedStep], run: &str, lies_at: &str) -> Vec<String> {
    let name = |path: &str| match path {
        path if path == format!("/root/.kamal/cords/shop-web-{run}/cord") => "new".to_string(),
        path if path == format!("{lies_at}/cord") => "old".to_string(),
        other => other.to_string(),
    };
    let told = |step: &PlannedStep| match &step.spec.action {
        Action::WriteFile(file) => Some(format!("tie {}", name(&file.path))),
        Action::RemoveFile(path) => Some(format!("cut {}", name(path))),
        _ if step.id == "app.web.stop" => Some("stop".to_string()),
        _ => None,
    };
    steps.iter().filter_map(told).collect()
}

#[tokio::test]
async fn a_cord_is_cut_wherever_it_is_mounted() {
    for target in ["/cord", "/tmp/kamal-cord", "/before/the/setting/was/changed"] {
        let done = done_at(json!("/cord"), None, target).await;
        assert_eq!(done, ["tie new", "cut old", "stop"], "{target}");
    }
}

#[tokio::test]
async fn a_cord_is_cut_wherever_it_lies() {
    let run = "a".repeat(32);
    for directory in ["/srv/deploy", "/home/deploy/.kamal", ""] {
        let source = format!("{directory}/cords/shop-web-{run}");
        let done = done_at(json!("/cord"), Some(&source), "/tmp/kamal-cord").await;
        assert_eq!(done, ["tie new", "cut old", "stop"], "{source}");
    }
    // Of another role or destination, or no cord at all, though it is mounted where one would be.
    for source in [
        format!("/root/.kamal/cords/shop-workers-{run}"),
        format!("/root/.kamal/cords/shop-web-staging-{run}"),
        format!("/root/.kamal/cords/shop-web-{}", "a".repeat(31)),
        format!("/root/records/shop-web-{run}"),
        "/root/data".to_string(),
    ] {
        let done = done_at(json!("/cord"), Some(&source), "/tmp/kamal-cord").await;
        assert_eq!(done, ["tie new", "stop"], "{source}");
    }
}

#[tokio::test]
async fn what_has_no_cord_is_stopped_as_it_is() {
    assert_eq!(done_without(json!("/cord")).await, ["tie new", "stop"]);
    assert_eq!(done_without(json!(false)).await, ["stop"]);
    // An old one with a cord still leaves by it when the new one has none.
    let done = done_at(json!(false), None, "/tmp/kamal-cord").await;
    assert_eq!(done, ["cut old", "stop"]);
}

/// What is said before the old container is stopped of requests that may fail, and when.
async fn warnings(change: impl FnOnce(&mut SimHost)) -> Vec<(String, Phase)> {
    let (steps, _) = planned(json!("/cord"), change).await;
    let stop = steps.iter().position(|step| step.id == "app.web.stop").unwrap();
    let told = steps[..stop].iter().filter(|step| step.spec.title.contains("may fail"));
    told.map(|step| (step.spec.title.clone(), step.spec.phase)).collect()
}

#[tokio::test]
async fn what_cannot_be_drained_is_said_before_it_is_stopped() {
    let lacks = |what: &str| {
        let title = format!(
            "shop-web-v1 has no {what}: requests that it is answering when it is stopped may fail"
        );
        [(title, Phase::Drain)]
    };
    let untie = |machine: &mut SimHost| old(machine).mounts.clear();
    assert_eq!(warnings(|_| ()).await, []);
    assert_eq!(warnings(untie).await, lacks("cord"));
    let unchecked = warnings(|machine| old(machine).health = HealthStatus::None).await;
    assert_eq!(unchecked, lacks("health check"));
    // Nobody is sent to these anyway.
    let sick = warnings(|machine| {
        untie(machine);
        machine.sick = Some("v1");
    });
    assert_eq!(sick.await, []);
    let paused = warnings(|machine| {
        untie(machine);
        old(machine).status = ContainerStatus::Paused;
    });
    assert_eq!(paused.await, []);
}
