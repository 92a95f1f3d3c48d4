//! Labels that changed: Traefik would drop what old and new container define differently.

mod support;

use serde_json::json;
use support::kernel::{is_unconditional, plan};
use support::world::World;
use support::{CONFIG, context};
use windlass_sdk::types::{ContainerStatus, Context, Problem};

const BOTH: &[(&str, &[&str])] = &[("web-1", &["web", "workers"])];

const RULE: &str = "traefik.http.routers.shop-web.rule";

/// An operation with these labels of the role web.
fn with_labels(operation: &str, version: &str, labels: serde_json::Value) -> Context {
    let mut config: serde_json::Value = serde_json::from_str(CONFIG).unwrap();
    config["servers"]["web"]["labels"] = labels;
    Context { config: config.to_string(), ..context(operation, version, BOTH) }
}

/// A host after a deploy of version 1 with these labels.
fn deployed(labels: serde_json::Value) -> World {
    let mut world = World::new("web-1").with_traefik(true);
    let steps = plan(&with_labels("deploy", "v1", labels), &[world.clone()]).unwrap();
    steps.iter().filter(|step| is_unconditional(step)).for_each(|step| world.perform(&step.action));
    world.let_time_pass();
    world
}

fn refusal(context: &Context, world: &World) -> Problem {
    let problems = plan(context, std::slice::from_ref(world)).unwrap_err();
    assert_eq!(problems.len(), 1, "{problems:#?}");
    problems[0].clone()
}

#[test]
fn a_changed_label_is_refused_with_the_way_out() {
    let context = with_labels("deploy", "v2", json!({RULE: "Host(`shop.example`)"}));
    let mut world = deployed(json!({}));
    let problem = refusal(&context, &world);
    assert_eq!(problem.host.as_deref(), Some("web-1"));
    insta::assert_snapshot!(format!("{}\n\n{}", problem.message, problem.help.unwrap()));
    // The way out.
    for container in &mut world.containers {
        if container.name != "traefik" {
            container.status = ContainerStatus::Exited;
        }
    }
    assert!(plan(&context, &[world]).is_ok());
}

#[test]
fn a_label_more_or_less_is_refused_too() {
    let more = json!({"traefik.http.routers.shop-web.entrypoints": "http"});
    let context = with_labels("deploy", "v2", more.clone());
    assert!(refusal(&context, &deployed(json!({}))).message.contains("running: not set"));
    let context = with_labels("deploy", "v2", json!({}));
    assert!(refusal(&context, &deployed(more)).message.contains("new:     not set"));
}

#[test]
fn every_operation_that_rolls_is_refused() {
    let mut world = deployed(json!({RULE: "Host(`shop.example`)"}));
    world.tags.push(("reg/shop:v0".to_string(), support::world::image_id("v0")));
    for (operation, way_out) in [
        ("deploy", "`windlass deploy`"),
        ("setup", "`windlass deploy`"),
        ("redeploy", "`windlass redeploy`"),
        ("rollback", "`windlass rollback v0`"),
        ("app boot", "`windlass app boot --version v0`"),
    ] {
        let help = refusal(&with_labels(operation, "v0", json!({})), &world).help.unwrap();
        assert!(help.contains("`windlass app stop`") && help.contains(way_out), "{help}");
    }
    let mut staging = with_labels("deploy", "v2", json!({RULE: "Host(`b`)"}));
    staging.destination = Some("staging".to_string());
    for container in &mut world.containers {
        container.labels.retain(|(name, _)| name != "destination");
        container.labels.push(("destination".to_string(), "staging".to_string()));
        let name = "traefik.http.routers.shop-web-staging.rule";
        container.labels.push((name.to_string(), "Host(`a`)".to_string()));
    }
    let help = refusal(&staging, &world).help.unwrap();
    assert!(help.contains("`windlass deploy -d staging`"), "{help}");
}

#[test]
fn what_does_not_matter_to_traefik_may_change() {
    let port = |port: &str| {
        json!({
            "traefik.http.services.shop-web.loadbalancer.server.port": port,
            "team": port,
            format!("traefik.http.routers.shop-{port}.rule"): format!("Host(`{port}.example`)"),
        })
    };
    let world = deployed(port("3000"));
    let next = |operation, version, labels| {
        plan(&with_labels(operation, version, labels), std::slice::from_ref(&world))
    };
    assert!(next("deploy", "v2", port("4000")).is_ok());
    assert!(next("redeploy", "v1", port("3000")).is_ok(), "the same version again");
    // What only the host knows may be the same.
    let known_there = deployed(json!({RULE: "Host(`a`)"}));
    let context = with_labels("deploy", "v2", json!({RULE: "Host(`${NAME}`)"}));
    assert!(plan(&context, &[known_there]).is_ok());
}

#[test]
fn containers_that_traefik_does_not_see_may_differ() {
    let context = with_labels("deploy", "v2", json!({RULE: "Host(`shop.example`)"}));
    let off = json!({"traefik.enable": "false"});
    assert!(plan(&context, &[deployed(off)]).is_ok());
    // A role that is not behind Traefik.
    let mut workers = deployed(json!({RULE: "Host(`shop.example`)"}));
    let of_workers = workers.containers.iter_mut().find(|c| c.name == "shop-workers-v1").unwrap();
    of_workers.labels.push((RULE.to_string(), "Host(`x`)".to_string()));
    assert!(plan(&context, &[workers]).is_ok());
}
