//! Cords that are elsewhere, or not there at all.

use serde_json::{Value, json};

use super::bench::Bench;
use super::client::Cut;
use super::keys::with;
use crate::model::plan::PlannedStep;
use crate::model::wit::Action;

/// What a deploy with this `cord` does to cords and containers, in its order, where version 1
/// has its cord at `target`, if it has any: `new` and `old` are the directories of the cords.
async fn done(cord: Value, target: Option<&str>) -> Vec<String> {
    let bench = Bench::with(&with(&json!({})), "v1").await;
    let old = {
        let mut state = bench.fleet.lock();
        let container = state.machine("web-1").find_mut("shop-web-v1").unwrap();
        let old = container.mounts[0].0.clone();
        match target {
            Some(target) => container.mounts[0].1 = target.to_string(),
            None => container.mounts.clear(),
        }
        old
    };
    let bench = bench.under(&with(&json!({"healthcheck": {"cord": cord}})));
    let (run, _) = bench.run("v2", Cut::Never);
    let seen = run.observe().await.unwrap();
    let plan = run.plan(&seen).unwrap();
    let new = &run.brief.run_id;
    let name = |path: &str| match path {
        path if path.contains(new.as_str()) => "new".to_string(),
        path if path == format!("{old}/cord") => "old".to_string(),
        other => other.to_string(),
    };
    let told = |step: &PlannedStep| match &step.step.action {
        Action::WriteFile(file) => Some(format!("tie {}", name(&file.path))),
        Action::RemoveFile(path) => Some(format!("cut {}", name(path))),
        _ if step.id == "app.web.stop" => Some("stop".to_string()),
        _ => None,
    };
    plan.steps.iter().filter(|step| step.step.host == "web-1").filter_map(told).collect()
}

#[tokio::test]
async fn a_cord_is_cut_wherever_it_is_mounted() {
    assert_eq!(done(json!("/cord"), Some("/cord")).await, ["tie new", "cut old", "stop"]);
    // From before the setting was changed.
    assert_eq!(done(json!("/cord"), Some("/tmp/kamal-cord")).await, ["tie new", "cut old", "stop"]);
    // Another mount is not a cord.
    assert_eq!(done(json!("/cord"), Some("/data")).await, ["tie new", "stop"]);
}

#[tokio::test]
async fn what_has_no_cord_is_stopped_as_it_is() {
    assert_eq!(done(json!("/cord"), None).await, ["tie new", "stop"]);
    assert_eq!(done(json!(false), None).await, ["stop"]);
    // An old one with a cord still leaves by it when the new one has none.
    assert_eq!(done(json!(false), Some("/tmp/kamal-cord")).await, ["cut old", "stop"]);
}
