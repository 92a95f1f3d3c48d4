//! Plans of commands with their flags, on a fleet where version 1 runs.

use serde_json::{Value, json};

use super::bench::{Bench, operation};
use super::client::Cut;
use super::keys::{planned, with};
use super::sim_host::{REPOSITORY, image_id};

/// The lines of a plan that begin so, without their beginning.
fn lines(plan: &str, start: &str) -> Vec<String> {
    plan.lines().filter_map(|line| line.strip_prefix(start)).map(|l| l.trim().to_string()).collect()
}

async fn bench(added: Value) -> Bench {
    Bench::with(&with(&added), "v1").await
}

#[tokio::test]
async fn logs_are_asked_as_the_flags_say() {
    let bench = bench(json!({})).await;
    for (operation, step) in
        [("app logs", "web-1 app.web.logs "), ("traefik logs", "web-1 traefik.logs ")]
    {
        let logs = async |flags: Value| {
            let plan = planned(&bench, operation, flags).await;
            lines(&plan, step).concat()
        };
        assert!(logs(json!({})).await.contains(" --tail 100 "), "{operation}");
        let since = logs(json!({"since": "5m"})).await;
        assert!(since.contains(" --since 5m ") && !since.contains("--tail"), "{since}");
        let lines = logs(json!({"lines": "7", "since": "5m"})).await;
        assert!(lines.contains(" --since 5m ") && lines.contains(" --tail 7 "), "{lines}");
        assert!(!logs(json!({"grep": "x"})).await.contains("--tail"), "{operation}");
        let follow = logs(json!({"follow": true})).await;
        assert!(follow.contains(" --tail 10 --follow "), "{follow}");
    }
}

/// Kamal looks for a role called web.
#[tokio::test]
async fn logs_of_any_primary_role_are_followed() {
    let other = json!({
        "primary_role": "front",
        "servers": {"front": {"hosts": ["front-1", "front-2"], "traefik": false}},
    });
    let bench = Bench::new(&with(&other));
    assert!(bench.deploy("v1").await.good());
    let plan = planned(&bench, "app logs", json!({"follow": true})).await;
    assert_eq!(plan.lines().count(), 1, "{plan}");
    assert!(plan.starts_with("front-1 app.front.logs "), "{plan}");
}

#[tokio::test]
async fn traefik_is_removed_with_its_image_or_in_parts() {
    let bench = bench(json!({})).await;
    let image = "(within 60 s, may fail): docker image rm traefik:v2.11";
    let plan = planned(&bench, "traefik remove", json!({})).await;
    assert_eq!(plan.lines().count(), 2, "{plan}");
    assert!(lines(&plan, "web-1 traefik.remove ")[0].contains(" && docker rm --force "), "{plan}");
    assert_eq!(lines(&plan, "web-1 traefik.remove-image "), [image]);
    let container = planned(&bench, "traefik remove_container", json!({})).await;
    assert_eq!(lines(&container, "web-1 "), [plan.lines().next().unwrap()[6..].trim()]);
    assert_eq!(planned(&bench, "traefik remove_image", json!({})).await, "");
    bench.fleet.lock().machine("web-1").tag("traefik:v2.11", image_id("traefik"));
    let parts = planned(&bench, "traefik remove_image", json!({})).await;
    assert_eq!(lines(&parts, "web-1 traefik.remove-image "), [image]);
}

#[tokio::test]
async fn images_that_no_container_needs_are_pruned() {
    let bench = bench(json!({})).await;
    for tag in ["old", "latest-staging"] {
        let reference = format!("{REPOSITORY}:{tag}");
        bench.fleet.lock().machine("web-1").tag(&reference, image_id(tag));
    }
    let plan = planned(&bench, "prune images", json!({})).await;
    assert_eq!(lines(&plan, "web-1 app.prune-untagged ").len(), 1, "{plan}");
    let removed = lines(&plan, "web-1 app.prune-image.");
    assert_eq!(removed.len(), 1, "{plan}");
    assert!(removed[0].contains(&format!("docker image rm {REPOSITORY}:old")), "{plan}");
    assert!(!plan.contains("docker rm "), "{plan}");
}

#[tokio::test]
async fn traefik_boots_where_it_does_not_run() {
    let bench = Bench::new(&with(&json!({})));
    let plan = planned(&bench, "traefik boot", json!({})).await;
    assert_eq!(lines(&plan, "web-1 traefik.run ").len(), 1, "{plan}");
    assert!(!plan.contains("job-1 traefik.") && !plan.contains(" app."), "{plan}");
    assert!(bench.deploy("v1").await.good());
    assert!(!planned(&bench, "traefik boot", json!({})).await.contains("traefik."));
}

#[tokio::test]
async fn parts_of_the_app_are_removed_by_name() {
    let bench = bench(json!({})).await;
    assert!(bench.deploy("v2").await.good());
    assert!(bench.deploy("v3").await.good());
    let ids = |plan: &str| {
        let titles = plan.lines().map(|line| line.split(" (").next().unwrap_or_default());
        titles.map(str::to_string).collect::<Vec<_>>()
    };
    let one = planned(&bench, "app remove_container", json!({"app-version": "v1"})).await;
    assert_eq!(ids(&one), ["web-1 app.web.remove-1", "job-1 app.workers.remove-1"]);
    let none = planned(&bench, "app remove_container", json!({"app-version": "v9"})).await;
    assert_eq!(none, "");
    let (mut run, _) = bench.run("v3", Cut::Never);
    run.request.arguments = json!({"app-version": "v3"});
    run.request.operation = operation("app remove_container", &run.request.arguments);
    let seen = run.observe().await.unwrap();
    let error = run.plan(&seen).unwrap_err().to_string();
    assert!(error.contains("shop-web-v3 is up"), "{error}");
    let all = planned(&bench, "app remove_containers", json!({})).await;
    let both = ["web-1 app.web.remove-1", "web-1 app.web.remove-2"];
    assert_eq!(ids(&all)[..2], both);
    assert_eq!(all.lines().count(), 4, "{all}");
    assert_eq!(planned(&bench, "app remove_images", json!({})).await, "");
    bench.fleet.lock().machine("web-1").tag(&format!("{REPOSITORY}:v0"), image_id("v0"));
    let images = planned(&bench, "app remove_images", json!({})).await;
    assert_eq!(ids(&images).len(), 1, "{images}");
    assert!(images.contains(&format!("docker image rm {REPOSITORY}:v0")), "{images}");
}
