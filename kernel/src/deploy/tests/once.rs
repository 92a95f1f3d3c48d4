//! What happens once for a run: when all hosts have what they share, and before any starts
//! anything.

use super::bench::{BOTH, Bench, ONE};
use super::client::Cut;
use crate::deploy::{Report, RunError};
use crate::model::plan::{Effect, Plan, PlannedStep, Program, Segment};
use crate::model::wit::{Action, Condition, Phase, Step};

/// A step of `share` on a host.
pub fn share(host: &str, id: &str, once: bool) -> PlannedStep {
    let path = format!("shared/{id}");
    let step = Step {
        once,
        time_limit_ms: 1_000,
        ..Step::new(id, host, Phase::Share, format!("Do {id}"), Action::MakeDirectory(path.clone()))
    };
    PlannedStep {
        id: format!("database.{id}"),
        plugin: "database".into(),
        effect: Effect::Write,
        spec: step,
        program: Program::MakeDirectory { path },
        undo: None,
        unlinked: Vec::new(),
    }
}

/// A deploy in which every host shares something, and one migrates the database.
async fn migrate(bench: &Bench, version: &str) -> (Plan, Result<Report, RunError>) {
    let (run, _) = bench.run(version, Cut::Never);
    let seen = run.observe().await.unwrap();
    let mut plan = run.plan(&seen).unwrap();
    let shared = plan.hosts().into_iter().map(|host| share(host, "assets", false));
    let shared: Vec<PlannedStep> = shared.collect();
    // The host is neither the first nor the last.
    plan.steps.push(share("all-1", "migrate", true));
    plan.steps.extend(shared);
    let known = run.stage(&plan).await.unwrap();
    let (locked, _) = run.enter(&seen).await.unwrap();
    let done = run.carry_out(&plan, &known, &locked).await;
    run.leave(locked).await.unwrap();
    (plan, done)
}

/// One host at a time.
async fn bench() -> Bench {
    Bench::with(&format!("{BOTH}boot: {{limit: 1}}\n"), "v1").await
}

#[tokio::test]
async fn it_follows_what_all_hosts_share_and_precedes_what_any_prepares() {
    let bench = bench().await;
    let before = bench.fleet.lock().performed.len();
    let (plan, done) = migrate(&bench, "v2").await;
    done.unwrap();
    let performed = bench.fleet.lock().performed[before..].to_vec();
    let places = |is: &dyn Fn(&str, &str) -> bool| -> Vec<usize> {
        let all = performed.iter().enumerate().filter(|(_, (host, id))| is(host, id));
        all.map(|(place, _)| place).collect()
    };
    let migrated = places(&|_, id| id == "database.migrate");
    let shared = places(&|_, id| id == "database.assets");
    let starts = |host: &str, id: &str| plan.slice(host, Segment::Start).iter().any(|s| s.id == id);
    let started = places(&starts);
    assert_eq!((migrated.len(), shared.len()), (1, 3), "{performed:?}");
    assert!(shared.iter().all(|place| *place < migrated[0]), "{performed:?}");
    assert!(
        !started.is_empty() && started.iter().all(|place| *place > migrated[0]),
        "{performed:?}"
    );
    assert_eq!(bench.fleet.lock().machines["job-1"].up("workers"), ["v2"]);
}

#[tokio::test]
async fn if_it_fails_no_host_is_on_the_new_version() {
    let bench = bench().await;
    let before = bench.fleet.lock().performed.len();
    bench.fleet.lock().fails = Some("database.migrate".into());
    let (plan, done) = migrate(&bench, "v2").await;
    let error = done.unwrap_err().to_string();
    assert!(error.contains("all-1: `Do migrate` failed"), "{error}");
    let state = bench.fleet.lock();
    for (host, machine) in &state.machines {
        let new = machine.containers.iter().find(|c| c.name.ends_with("-v2"));
        assert!(new.is_none(), "{host}: {new:?}");
    }
    assert_eq!(state.machines["all-1"].up("web"), ["v1"]);
    for (host, id) in &state.performed[before..] {
        let is_later = |s: &&PlannedStep| s.id == *id && Segment::of(&s.spec) > Segment::ShareOnce;
        assert!(!plan.steps.iter().any(|s| is_later(&s)), "{id} on {host}");
    }
    assert!(state.outages.is_empty() && state.lock.is_none(), "{:?}", state.outages);
}

#[tokio::test]
async fn what_happens_once_at_the_end_knows_how_the_steps_before_it_ended() {
    let bench = Bench::with(ONE, "v1").await;
    let (run, _) = bench.run("v2", Cut::Never);
    let seen = run.observe().await.unwrap();
    let mut plan = run.plan(&seen).unwrap();
    let last = |id: &str, once, when| {
        let mut step = share("web-1", id, once);
        (step.spec.phase, step.spec.when) = (Phase::Cleanup, when);
        step
    };
    plan.steps.push(last("tidy", false, Condition::Always));
    plan.steps.push(last("report", true, Condition::Ok("database.tidy".into())));
    let known = run.stage(&plan).await.unwrap();
    let (locked, _) = run.enter(&seen).await.unwrap();
    run.carry_out(&plan, &known, &locked).await.unwrap();
    run.leave(locked).await.unwrap();
    let performed = bench.fleet.lock().performed.clone();
    let ours = performed.iter().filter(|(_, id)| id.starts_with("database."));
    let ours: Vec<&str> = ours.map(|(_, id)| id.as_str()).collect();
    assert_eq!(ours, ["database.tidy", "database.report"]);
}
