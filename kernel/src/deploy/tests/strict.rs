//! When a plan binds: what changed since it was made, and what of it matters.

use super::bench::{BOTH, Bench, ONE};
use super::client::Cut;
use super::sim_host::REPOSITORY;
use crate::deploy::RunError;
use crate::deploy::compare::Difference;
use crate::deploy::compare::compare;
use crate::model::diagnostic::Diagnostic;
use crate::model::event::Event;

/// Plans, lets something happen, and applies.
async fn apply(
    bench: &Bench,
    strict: bool,
    meanwhile: impl FnOnce(&Bench),
) -> (Option<RunError>, Vec<Event>) {
    let (mut run, events) = bench.run("v2", Cut::Never);
    run.settings.strict = strict;
    let seen = run.observe().await.unwrap();
    let plan = run.plan(&seen).unwrap();
    meanwhile(bench);
    let error = run.perform(plan, seen).await.err();
    assert!(bench.fleet.lock().lock.is_none());
    let events = events.lock().unwrap().clone();
    (error, events)
}

/// Somebody replaces the current container by hand.
fn replace(bench: &Bench) {
    let mut state = bench.fleet.lock();
    let machine = state.machine("web-1");
    let mut copy = machine.find("shop-web-v1").unwrap().clone();
    machine.containers.retain(|c| c.name != "shop-web-v1");
    let fresh = machine.add("shop-web-v1", &copy.image.clone());
    copy.id.clone_from(&fresh.id);
    copy.addresses.clone_from(&fresh.addresses);
    copy.created_at.clone_from(&fresh.created_at);
    *fresh = copy;
}

/// Somebody starts a container that is none of ours.
fn start_another(bench: &Bench) {
    let mut state = bench.fleet.lock();
    state.machine("web-1").add("database", "postgres:16");
    let other = state.machine("web-1").add("shop-web-staging-v1", &format!("{REPOSITORY}:v1"));
    let labels = [("service", "shop"), ("role", "web"), ("destination", "staging")];
    other.labels = labels.map(|(k, v)| (k.to_string(), v.to_string())).to_vec();
}

#[tokio::test]
async fn apply_refuses_a_host_whose_current_container_was_replaced() {
    let bench = Bench::with(ONE, "v1").await;
    let before = bench.fleet.lock().performed.len();
    let (error, _) = apply(&bench, true, replace).await;
    let Some(RunError::Changed(difference)) = &error else { panic!("{error:?}") };
    let gone = "web-1: the container shop-web-v1 is gone".to_string();
    let new = "web-1: there is a new container shop-web-v1 (running, healthy)";
    assert!(difference.facts.contains(&gone), "{difference:?}");
    assert!(difference.facts.iter().any(|fact| fact == new), "{difference:?}");
    assert!(difference.steps.iter().any(|s| s.contains("Stop shop-web-v1")), "{difference:?}");
    let told = Diagnostic::from(error.unwrap());
    assert!(told.message.contains(&gone), "{told:?}");
    assert!(told.help.iter().any(|line| line.contains("windlass plan -o FILE")), "{told:?}");
    let performed = bench.fleet.lock().performed[before..].to_vec();
    assert!(performed.iter().all(|(_, id)| !id.starts_with("app.")), "{performed:?}");
}

#[tokio::test]
async fn apply_does_not_mind_what_changes_no_step() {
    let bench = Bench::with(ONE, "v1").await;
    let (error, events) = apply(&bench, true, start_another).await;
    assert!(error.is_none(), "{error:?}");
    let differs = |event: &Event| matches!(event, Event::Note { message } if message.starts_with("since the plan"));
    assert!(!events.iter().any(differs), "{events:?}");
    assert_eq!(bench.fleet.lock().machines["web-1"].up("web"), ["v1", "v2"], "staging's, and ours");
}

#[tokio::test]
async fn an_unattended_deploy_goes_on_with_the_new_plan_and_says_so() {
    let bench = Bench::with(ONE, "v1").await;
    let (error, events) = apply(&bench, false, replace).await;
    assert!(error.is_none(), "{error:?}");
    let notes: Vec<&str> = events
        .iter()
        .filter_map(|event| match event {
            Event::Note { message } => message.strip_prefix("since the plan was made: "),
            _ => None,
        })
        .collect();
    assert!(notes.contains(&"web-1: the container shop-web-v1 is gone"), "{notes:?}");
    assert_eq!(bench.fleet.lock().machines["web-1"].up("web"), ["v2"]);
}

/// The pull, the lock and the fence change nothing that a plan depends on.
#[tokio::test]
async fn a_plan_is_the_same_before_and_after_the_stage() {
    for version in ["v1", "v2"] {
        let bench = Bench::with(BOTH, "v1").await;
        let (mut run, _) = bench.run(version, Cut::Never);
        run.settings.strict = true;
        let seen = run.observe().await.unwrap();
        let plan = run.plan(&seen).unwrap();
        let result = run.perform(plan, seen).await;
        assert!(result.is_ok(), "{:?}", result.map_err(|e| e.to_string()));
    }
}

#[tokio::test]
async fn facts_are_named_only_if_steps_differ() {
    let bench = Bench::with(ONE, "v1").await;
    let (run, _) = bench.run("v2", Cut::Never);
    let seen = run.observe().await.unwrap();
    let plan = run.plan(&seen).unwrap();
    start_another(&bench);
    let now = run.observe().await.unwrap();
    assert_ne!(seen, now);
    let again = run.plan(&now).unwrap();
    assert_eq!(compare((&plan, &seen), (&again, &now)), Difference::default());
    replace(&bench);
    let later = run.observe().await.unwrap();
    let another = run.plan(&later).unwrap();
    assert!(!compare((&plan, &seen), (&another, &later)).is_empty());
}
