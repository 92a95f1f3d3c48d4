//! Labels that changed: Traefik would drop what old and new container define differently.

use serde_json::{Value, json};

use super::bench::Bench;
use super::client::Cut;
use super::keys::with;
use super::sim_host::{REPOSITORY, SimHost, image_id};
use crate::deploy::RunError;
use crate::deploy::compose::PlanError;
use crate::model::problem::Problem;
use crate::model::wit::{ContainerState, ContainerStatus};

const RULE: &str = "traefik.http.routers.shop-web.rule";

/// A configuration with these labels of the role web; both roles are on one host.
fn with_labels(labels: Value) -> String {
    with(&json!({"servers": {"web": {"labels": labels}, "workers": {"hosts": ["web-1"]}}}))
}

/// A fleet after a deploy of version 1 with these labels.
async fn deployed(labels: Value) -> Bench {
    Bench::with(&with_labels(labels), "v1").await
}

fn change(bench: &Bench, change: impl FnOnce(&mut SimHost)) {
    change(bench.fleet.lock().machine("web-1"));
}

fn containers_of_the_app(machine: &mut SimHost) -> impl Iterator<Item = &mut ContainerState> {
    machine.containers.iter_mut().filter(|container| container.name.starts_with("shop-"))
}

/// What is refused of an operation under these labels, if anything.
async fn problems_of(
    bench: &Bench,
    labels: Value,
    operation: &str,
    version: &str,
    destination: Option<&str>,
) -> Vec<Problem> {
    let (mut run, _) = bench.under(&with_labels(labels)).run(version, Cut::Never);
    run.request.operation = super::bench::operation(operation, &run.request.arguments);
    run.request.project.destination = destination.map(String::from);
    let seen = run.observe().await.unwrap();
    match run.plan(&seen) {
        Ok(_) => Vec::new(),
        Err(RunError::Plan(PlanError::Problems(problems))) => problems,
        Err(other) => panic!("{other}"),
    }
}

/// The same of a deploy of version 2.
async fn problems(bench: &Bench, labels: Value) -> Vec<Problem> {
    problems_of(bench, labels, "deploy", "v2", None).await
}

fn only(problems: Vec<Problem>) -> (String, String) {
    let [problem] = &problems[..] else { panic!("one problem, not {problems:#?}") };
    (problem.title(), problem.help.clone().unwrap())
}

#[tokio::test]
async fn a_changed_label_is_refused_with_the_way_out() {
    let labels = json!({RULE: "Host(`shop.example`)"});
    let bench = deployed(json!({})).await;
    let (message, help) = only(problems(&bench, labels.clone()).await);
    insta::assert_snapshot!(format!("{message}\n\n{help}"));
    // The way out.
    change(&bench, |machine| {
        containers_of_the_app(machine).for_each(|c| c.status = ContainerStatus::Exited);
    });
    assert_eq!(problems(&bench, labels).await, []);
}

#[tokio::test]
async fn a_label_more_or_less_is_refused_too() {
    let more = json!({"traefik.http.routers.shop-web.entrypoints": "http"});
    let (message, _) = only(problems(&deployed(json!({})).await, more.clone()).await);
    assert!(message.contains("running: not set"), "{message}");
    let (message, _) = only(problems(&deployed(more).await, json!({})).await);
    assert!(message.contains("new:     not set"), "{message}");
}

#[tokio::test]
async fn every_operation_that_rolls_is_refused() {
    let bench = deployed(json!({RULE: "Host(`shop.example`)"})).await;
    change(&bench, |machine| machine.tag(&format!("{REPOSITORY}:v0"), image_id("v0")));
    // The plans of these tests take what is in the registry.
    let way_out = "`windlass deploy --skip-push --version v0`";
    for operation in ["deploy", "setup", "redeploy", "rollback", "app boot"] {
        let (_, help) = only(problems_of(&bench, json!({}), operation, "v0", None).await);
        assert!(help.contains("`windlass app stop`") && help.contains(way_out), "{help}");
    }
    change(&bench, |machine| {
        for container in containers_of_the_app(machine) {
            container.labels.retain(|(name, _)| name != "destination");
            let rule = "traefik.http.routers.shop-web-staging.rule";
            for (name, value) in [("destination", "staging"), (rule, "Host(`a`)")] {
                container.labels.push((name.to_string(), value.to_string()));
            }
        }
    });
    let labels = json!({RULE: "Host(`b`)"});
    let (_, help) = only(problems_of(&bench, labels, "deploy", "v2", Some("staging")).await);
    assert!(help.contains("--version v2 -d staging`"), "{help}");
}

#[tokio::test]
async fn what_does_not_matter_to_traefik_may_change() {
    let port = |port: &str| {
        json!({
            "traefik.http.services.shop-web.loadbalancer.server.port": port,
            "team": port,
            format!("traefik.http.routers.shop-{port}.rule"): format!("Host(`{port}.example`)"),
        })
    };
    let bench = deployed(port("3000")).await;
    assert_eq!(problems(&bench, port("4000")).await, []);
    let again = problems_of(&bench, port("3000"), "redeploy", "v1", None).await;
    assert_eq!(again, [], "the same version again");
    // What only the host knows may be the same.
    let known_there = deployed(json!({RULE: "Host(`a`)"})).await;
    assert_eq!(problems(&known_there, json!({RULE: "Host(`${NAME}`)"})).await, []);
}

#[tokio::test]
async fn containers_that_traefik_does_not_see_may_differ() {
    let labels = json!({RULE: "Host(`shop.example`)"});
    let off = deployed(json!({"traefik.enable": "false"})).await;
    assert_eq!(problems(&off, labels.clone()).await, []);
    // A role that is not behind Traefik.
    let workers = deployed(labels.clone()).await;
    change(&workers, |machine| {
        let of_workers = machine.find_mut("shop-workers-v1").unwrap();
        of_workers.labels.push((RULE.to_string(), "Host(`x`)".to_string()));
    });
    assert_eq!(problems(&workers, labels).await, []);
}
