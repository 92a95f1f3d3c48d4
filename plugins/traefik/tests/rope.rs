//! Cords that are elsewhere, or not there at all.

mod support;

use serde_json::json;
use support::kernel::plan;
use support::world::World;
use support::{CONFIG, context};
use windlass_sdk::types::{Action, ContainerStatus, Context, HealthStatus, Phase, Step};

const ONE: &[(&str, &[&str])] = &[("web-1", &["web"])];

/// A deploy of version 2 with this `cord`.
fn deploy(cord: serde_json::Value) -> Context {
    let mut config: serde_json::Value = serde_json::from_str(CONFIG).unwrap();
    config["healthcheck"]["cord"] = cord;
    Context { config: config.to_string(), ..context("deploy", "v2", ONE) }
}

/// Version 1 serves; its cord, if any, is mounted there.
fn world(target: Option<&str>) -> World {
    let world =
        World::new("web-1").with_traefik(true).with("web", "shop-web-v1", "v1").latest("v1");
    world.last(|container| match target {
        Some(target) => container.mounts[0].1 = target.to_string(),
        None => container.mounts.clear(),
    })
}

/// What the steps do to cords and containers, in their order.
fn done(cord: serde_json::Value, world: World) -> Vec<String> {
    let steps = plan(&deploy(cord), &[world]).unwrap();
    let told = |step: &Step| match &step.action {
        Action::WriteFile(file) => Some(format!("tie {}", file.path)),
        Action::RemoveFile(path) => Some(format!("cut {path}")),
        _ if step.id == "app.web.stop" => Some("stop".to_string()),
        _ => None,
    };
    steps.iter().filter_map(told).collect()
}

fn cord(run: &str) -> String {
    format!("/root/.kamal/cords/shop-web-{run}/cord")
}

#[test]
fn a_cord_is_cut_wherever_it_is_mounted() {
    let (new, old) = (cord(support::RUN), cord(&format!("{:032x}", 3)));
    let all = [format!("tie {new}"), format!("cut {old}"), "stop".to_string()];
    for target in ["/cord", "/tmp/kamal-cord", "/before/the/setting/was/changed"] {
        assert_eq!(done(json!("/cord"), world(Some(target))), all, "{target}");
    }
}

#[test]
fn a_cord_is_cut_wherever_it_lies() {
    let tie = format!("tie {}", cord(support::RUN));
    let lies_at = |source: &str| {
        let world = world(Some("/tmp/kamal-cord"));
        done(json!("/cord"), world.last(|c| c.mounts[0].0 = source.to_string()))
    };
    let run = "a".repeat(32);
    for directory in ["/srv/deploy", "/home/deploy/.kamal", ""] {
        let source = format!("{directory}/cords/shop-web-{run}");
        let cut = format!("cut {source}/cord");
        assert_eq!(lies_at(&source), [tie.clone(), cut, "stop".to_string()]);
    }
    // Of another role or destination, or no cord at all, though it is mounted where one would be.
    for source in [
        format!("/root/.kamal/cords/shop-workers-{run}"),
        format!("/root/.kamal/cords/shop-web-staging-{run}"),
        format!("/root/.kamal/cords/shop-web-{}", "a".repeat(31)),
        format!("/root/records/shop-web-{run}"),
        "/root/data".to_string(),
    ] {
        assert_eq!(lies_at(&source), [tie.clone(), "stop".to_string()], "{source}");
    }
}

#[test]
fn what_cannot_be_drained_is_said_before_it_is_stopped() {
    let said = |world: World| {
        let steps = plan(&deploy(json!("/cord")), &[world]).unwrap();
        let stop = steps.iter().position(|step| step.id == "app.web.stop").unwrap();
        let told = steps[..stop].iter().filter(|step| step.title.contains("may fail"));
        told.map(|step| (step.title.clone(), step.phase)).collect::<Vec<_>>()
    };
    let lacks = |what: &str| {
        let title = format!(
            "shop-web-v1 has no {what}: requests that it is answering when it is stopped may fail"
        );
        [(title, Phase::Drain)]
    };
    let tied = || world(Some("/tmp/kamal-cord"));
    assert_eq!(said(tied()), []);
    assert_eq!(said(world(None)), lacks("cord"));
    assert_eq!(said(tied().last(|c| c.health = HealthStatus::None)), lacks("health check"));
    // Nobody is sent to these anyway.
    assert_eq!(said(world(None).last(|c| c.health = HealthStatus::Unhealthy)), []);
    assert_eq!(said(world(None).last(|c| c.status = ContainerStatus::Paused)), []);
}

#[test]
fn what_has_no_cord_is_stopped_as_it_is() {
    let new = format!("tie {}", cord(support::RUN));
    assert_eq!(done(json!("/cord"), world(None)), [new, "stop".to_string()]);
    assert_eq!(done(json!(false), world(None)), ["stop"]);
    // An old one with a cord still leaves by it when the new one has none.
    let cut = format!("cut {}", cord(&format!("{:032x}", 3)));
    assert_eq!(done(json!(false), world(Some("/tmp/kamal-cord"))), [cut, "stop".to_string()]);
}
