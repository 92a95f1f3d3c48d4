//! A version that does not work: the old one stays everywhere, and the reason is told.

use super::bench::{BOTH, Bench, Outcome};

fn is_on_v1(bench: &Bench) {
    let state = bench.fleet.lock();
    assert!(state.outages.is_empty(), "{:?}", state.outages);
    assert!(state.lock.is_none());
    for (host, machine) in &state.machines {
        for role in ["web", "workers"] {
            let up = machine.up(role);
            assert!(up.is_empty() || up == ["v1"], "{role} on {host}: {up:?}");
        }
        let all = machine.containers.iter().filter(|c| c.name.starts_with("shop-")).count();
        assert_eq!(all, if host == "all-1" { 2 } else { 1 }, "nothing is left of it on {host}");
        let tied = machine.files.keys().filter(|path| path.ends_with("/cord")).count();
        assert_eq!(tied, usize::from(host != "job-1"), "cords of {host}");
    }
    assert_eq!(state.machines["job-1"].up("workers"), ["v1"]);
    assert_eq!(state.machines["web-1"].up("web"), ["v1"]);
}

async fn fails(version: &str) -> (Bench, Outcome) {
    let bench = Bench::with(BOTH, "v1").await;
    let outcome = bench.deploy(version).await;
    is_on_v1(&bench);
    let standing = ["web-1 web v1", "all-1 web v1", "all-1 workers v1", "job-1 workers v1"];
    let mut told = outcome.standing();
    told.sort();
    let mut standing = standing.map(String::from).to_vec();
    standing.sort();
    assert_eq!(told, standing, "one stated version per host");
    (bench, outcome)
}

#[tokio::test]
async fn an_image_that_exits_at_once() {
    let (bench, outcome) = fails("exits").await;
    let error = outcome.error();
    for part in [
        "web-1: `Wait until /up of shop-web-exits answers at the port that Traefik uses` failed (code 1)",
        "Exited",
        "log of shop-web-exits: boom",
        "shop-web-exits answered: connection refused",
        "what this run had done there was taken back",
        "job-1: `Wait until shop-workers-exits has run for 2 s` failed",
    ] {
        assert!(error.contains(part), "{part:?} is missing in:\n{error}");
    }
    let next = bench.deploy("v2").await;
    assert!(next.good(), "{:?}", next.result);
    assert!(bench.fleet.lock().outages.is_empty());
}

#[tokio::test]
async fn an_image_that_never_becomes_healthy() {
    let error = fails("sick").await.1.error();
    assert!(error.contains("`Wait until shop-web-sick is healthy` ran out of time"), "{error}");
    assert!(error.contains("Unhealthy"), "{error}");
    let why = "taken back, the previous version keeps running: no container of the primary role became good";
    assert!(error.contains(&format!("job-1: {why}")), "{error}");
    assert!(!error.contains(&format!("all-1: {why}")), "{error}");
}

#[tokio::test]
async fn an_image_that_listens_on_another_port() {
    let error = fails("elsewhere").await.1.error();
    let part = "`Wait until /up of shop-web-elsewhere answers at the port that Traefik uses`";
    assert!(error.contains(part) && error.contains(":3000/up: no answer"), "{error}");
    assert!(error.contains("log of shop-web-elsewhere: boom"), "{error}");
}

/// Everything up to the gate waits for nobody; what is behind it never began.
#[tokio::test]
async fn workers_start_beside_the_old_ones_and_stop_none() {
    let (bench, _) = fails("sick").await;
    let performed = bench.fleet.lock().performed.clone();
    let on_job = |id: &str| performed.iter().filter(|(h, s)| h == "job-1" && s == id).count();
    // Once by the first deploy, once by this one.
    assert_eq!(on_job("app.workers.run"), 2);
    assert_eq!((on_job("app.workers.stop"), on_job("app.tag")), (0, 1));
}

#[tokio::test]
async fn with_the_gate_before_the_start_workers_start_nothing() {
    let config = format!("{BOTH}x-windlass: {{gate: start}}\n");
    let bench = Bench::with(&config, "v1").await;
    let before = bench.fleet.lock().performed.len();
    let outcome = bench.deploy("sick").await;
    assert!(outcome.error().contains("job-1: taken back"), "{}", outcome.error());
    is_on_v1(&bench);
    let performed = bench.fleet.lock().performed[before..].to_vec();
    let on_job =
        performed.iter().filter(|(host, step)| host == "job-1" && step.starts_with("app."));
    assert_eq!(on_job.count(), 0, "{performed:?}");
    assert!(bench.deploy("v2").await.good());
    // And there they start only when a web container is good.
    let performed = bench.fleet.lock().performed.clone();
    let last = |host: Option<&str>, id: &str| {
        let is = |(h, s): &(String, String)| s == id && host.is_none_or(|host| h == host);
        performed.iter().rposition(is).unwrap()
    };
    let first_good = performed
        .iter()
        .enumerate()
        .skip(before)
        .find(|(_, (_, s))| s == "traefik.web.probe")
        .map(|(n, _)| n)
        .unwrap();
    assert!(last(Some("job-1"), "app.workers.run") > first_good);
}

/// In the usual mode the workers of a good version do not wait with their start.
#[tokio::test]
async fn in_the_usual_mode_the_workers_start_at_once_and_stop_behind_the_gate() {
    let bench = Bench::with(BOTH, "v1").await;
    let before = bench.fleet.lock().performed.len();
    assert!(bench.deploy("v2").await.good());
    let performed = bench.fleet.lock().performed[before..].to_vec();
    let first = |host: &str, id: &str| {
        performed.iter().position(|(h, s)| h == host && s == id).unwrap_or_else(|| panic!("{id}"))
    };
    let good = ["web-1", "all-1"].map(|host| first(host, "traefik.web.probe")).into_iter().min();
    assert!(first("job-1", "app.workers.run") < good.unwrap());
    assert!(first("job-1", "app.workers.stop") > good.unwrap());
}
