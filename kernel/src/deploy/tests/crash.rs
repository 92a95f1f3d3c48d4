//! A client that ends at any moment of a web + workers deploy: users are served throughout,
//! and the next deploy needs nothing but to be typed.

use super::bench::{BOTH, Bench, Outcome};
use super::client::Cut;
use super::sample;
use crate::model::wit::ContainerStatus;

/// The next deploy succeeds, and nobody ever was without service.
async fn recovers(bench: &Bench, cut: Cut, version: &str) {
    let next = bench.deploy(version).await;
    assert!(next.good(), "after {cut:?}: {:?}", next.result.map(|r| r.map_err(|e| e.to_string())));
    bench.fleet.settle().await;
    let state = bench.fleet.lock();
    assert!(state.outages.is_empty(), "{cut:?}: {:?}", state.outages);
    assert!(state.lock.is_none(), "{cut:?}");
    for (host, machine) in &state.machines {
        for role in ["web", "workers"] {
            let expected = match (host.as_str(), role) {
                ("web-1", "workers") | ("job-1", "web") => vec![],
                _ => vec![version.to_string()],
            };
            assert_eq!(machine.up(role), expected, "{cut:?}: {role} on {host}");
        }
        let latest = machine.images.iter().find(|(name, _)| name.ends_with(":latest"));
        assert_eq!(latest.map(|(_, id)| id.clone()), Some(super::sim_host::image_id(version)));
    }
}

/// Boundaries of a whole deploy.
async fn boundaries(bench: &Bench) -> usize {
    let whole = bench.copy().deploy("v2").await;
    assert!(whole.good(), "{:?}", whole.result);
    assert!(whole.passed > 80, "{} boundaries", whole.passed);
    whole.passed
}

async fn cut_everywhere(cut: impl Fn(usize) -> Cut, check: impl Fn(&Bench, &Outcome, Cut)) {
    let steady = Bench::with(BOTH, "v1").await;
    for (turn, at) in sample::places(boundaries(&steady).await).enumerate() {
        let (bench, cut) = (steady.copy(), cut(at));
        let outcome = bench.deploy_until("v2", cut).await;
        check(&bench, &outcome, cut);
        // Both going on and going back must do.
        recovers(&bench, cut, if turn % 2 == 0 { "v2" } else { "v3" }).await;
    }
}

#[tokio::test]
async fn a_client_killed_anywhere_while_its_scripts_go_on() {
    cut_everywhere(Cut::Kill, |_, outcome, cut| assert!(outcome.result.is_none(), "{cut:?}")).await;
}

#[tokio::test]
async fn a_client_killed_anywhere_together_with_its_scripts() {
    cut_everywhere(Cut::KillAll, |_, outcome, cut| assert!(outcome.result.is_none(), "{cut:?}"))
        .await;
}

#[tokio::test]
async fn a_client_stopped_anywhere() {
    cut_everywhere(Cut::Stop, |bench, outcome, cut| {
        let result = outcome.result.as_ref().expect("it ends by itself");
        let state = bench.fleet.lock();
        assert!(state.lock.is_none(), "{cut:?}: the lock is free at once");
        assert!(state.at_work.is_empty(), "{cut:?}");
        for (host, machine) in &state.machines {
            for role in ["web", "workers"] {
                let up = machine.up(role);
                let whole = up.is_empty() || up == ["v1"] || up == ["v2"];
                assert!(whole, "{cut:?}: {role} on {host}: {up:?}");
                if result.is_ok() {
                    assert!(up.is_empty() || up == ["v2"], "{cut:?}: {role} on {host}: {up:?}");
                }
            }
            assert!(machine.up("web").is_empty() || !machine.serving().is_empty());
        }
    })
    .await;
}

/// What these tests rest on: the fleet sees that a host serves nobody.
#[tokio::test]
async fn an_outage_is_noticed() {
    let bench = Bench::with(BOTH, "v1").await;
    let mut state = bench.fleet.lock();
    state.check("web-1", "nothing");
    assert!(state.outages.is_empty());
    state.machine("web-1").find_mut("shop-web-v1").unwrap().status = ContainerStatus::Exited;
    state.check("web-1", "a stop");
    assert_eq!(state.outages, ["web-1 after a stop"]);
    // Unhealthy is as bad: nobody is sent there.
    state.machine("all-1").files.retain(|path, _| !path.ends_with("/cord"));
    state.tick("all-1", "a cut");
    assert_eq!(state.outages[1..], ["all-1 after a cut"]);
}

/// One of the three, in turn.
fn any(at: usize) -> Cut {
    [Cut::Kill, Cut::KillAll, Cut::Stop][at % 3](at)
}

/// A deploy of `v1` that is cut anywhere recovers.
async fn killed_anywhere(start: Bench) {
    let whole = start.copy().deploy("v1").await;
    assert!(whole.good(), "{:?}", whole.result);
    for at in sample::places(whole.passed) {
        let (bench, cut) = (start.copy(), any(at));
        bench.deploy_until("v1", cut).await;
        recovers(&bench, cut, "v1").await;
    }
}

/// The first deploy of a fleet has nobody to keep serving, but must not get stuck either.
#[tokio::test]
async fn a_first_deploy_killed_anywhere() {
    killed_anywhere(Bench::new(BOTH)).await;
}

/// The same version again makes room for itself.
#[tokio::test]
async fn a_repeated_deploy_killed_anywhere() {
    killed_anywhere(Bench::with(BOTH, "v1").await).await;
}
