//! Cords that are elsewhere, or not there at all.

mod support;

use serde_json::json;
use support::kernel::plan;
use support::world::World;
use support::{CONFIG, context};
use windlass_sdk::types::{Action, Context, Step};

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
    assert_eq!(done(json!("/cord"), world(Some("/cord"))), all);
    // From before the setting was changed.
    assert_eq!(done(json!("/cord"), world(Some("/tmp/kamal-cord"))), all);
    // Another mount is no cord.
    assert_eq!(done(json!("/cord"), world(Some("/data"))), [&all[0], &all[2]].map(Clone::clone));
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
