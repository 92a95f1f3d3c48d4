//! Two people deploy at once.

use super::bench::{BOTH, Bench};
use super::client::Cut;
use super::sample;
use crate::model::diagnostic::Diagnostic;
use crate::model::event::Event;

/// A boundary at which the first one waits for health on all hosts, the lock in its hands.
async fn in_the_middle(bench: &Bench) -> usize {
    bench.copy().deploy("v2").await.passed * 2 / 3
}

#[tokio::test]
async fn the_second_is_refused_and_changes_nothing() {
    let bench = Bench::with(BOTH, "v1").await;
    let at = in_the_middle(&bench).await;
    let (first, _) = bench.run("v2", Cut::Hang(at));
    let first_client = first.hosts.clone();
    let seen = first.observe().await.unwrap();
    let plan = first.plan(&seen).unwrap();
    let running = tokio::spawn(async move { first.perform(plan, seen).await });
    first_client.hanging().await;
    let held = bench.fleet.lock().lock.clone().expect("the first one has the lock");
    bench.fleet.settle().await;

    let (mut second, _) = bench.run("v3", Cut::Never);
    second.settings.lock_wait_s = 0;
    let seen = second.observe().await.unwrap();
    let plan = second.plan(&seen).unwrap();
    let before = bench.fleet.lock().performed.len();
    let error = second.perform(plan, seen).await.unwrap_err();
    let error = format!("{error}\n{}", Diagnostic::from(&error).help.join("\n"));
    let owner = held.details.owner().to_string();
    for part in [
        owner.as_str(),
        held.details.since(),
        &held.details.id(),
        "Automatic deploy lock",
        "--lock-wait",
        "windlass lock release",
    ] {
        assert!(error.contains(part), "{part:?} is missing in:\n{error}");
    }
    // What it did is what needs no lock: it logged in and pulled.
    let plan_of_second = bench.fleet.lock().performed[before..].to_vec();
    let stages = |id: &str| id.starts_with("registry.") || id.starts_with("builder.");
    assert!(plan_of_second.iter().all(|(_, id)| stages(id)), "{plan_of_second:?}");

    first_client.inner.hangs.send_replace(false);
    running.await.unwrap().unwrap();
    let state = bench.fleet.lock();
    assert!(state.outages.is_empty() && state.lock.is_none());
    assert_eq!(state.machines["all-1"].up("web"), ["v2"]);
}

#[tokio::test]
async fn a_client_that_slept_past_its_lease_is_refused_by_the_hosts() {
    let bench = Bench::with(BOTH, "v1").await;
    let whole = bench.copy().deploy("v2").await.passed;
    for at in sample::places(whole) {
        let bench = bench.copy();
        let (first, _) = bench.run("v2", Cut::Hang(at));
        let client = first.hosts.clone();
        let running = tokio::spawn(async move {
            let seen = first.observe().await?;
            let plan = first.plan(&seen)?;
            first.perform(plan, seen).await
        });
        client.hanging().await;
        // Nobody renews the lease any more.
        {
            let mut state = bench.fleet.lock();
            let now = state.clock;
            state.lock.iter_mut().for_each(|lock| lock.ends = Some(now));
        }
        let second = bench.deploy("v3").await;
        assert!(second.good(), "{at}: {:?}", second.result.map(|r| r.map_err(|e| e.to_string())));
        let machines = bench.fleet.lock().machines.clone();
        client.inner.hangs.send_replace(false);
        let _ = running.await.unwrap();
        let state = bench.fleet.lock();
        assert!(state.outages.is_empty(), "{at}: {:?}", state.outages);
        // It may have come first after all, or last; but never into the other's work.
        for (host, machine) in &state.machines {
            for role in ["web", "workers"] {
                let up = machine.up(role);
                assert!(up.len() <= 1, "{at}: {role} on {host}: {up:?}");
            }
        }
        let versions: std::collections::BTreeSet<String> =
            state.machines.values().flat_map(|m| [m.up("web"), m.up("workers")].concat()).collect();
        assert_eq!(versions.len(), 1, "{at}: {versions:?}");
        drop(machines);
    }
}

#[tokio::test]
async fn whoever_takes_over_a_dead_clients_lock_says_so() {
    let bench = Bench::with(BOTH, "v1").await;
    let at = in_the_middle(&bench).await;
    bench.deploy_until("v2", Cut::KillAll(at)).await;
    let next = bench.deploy("v2").await;
    assert!(next.good());
    let told = next.events.iter().any(|event| {
        matches!(event, Event::Note { message } if message.starts_with("took over the lock of Jo 2"))
    });
    assert!(told, "{:?}", next.events);
}
