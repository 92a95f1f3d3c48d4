//! How lanes read what came of a trip: nothing that was left out counts as done.

use std::collections::{BTreeMap, VecDeque};

use tokio::sync::watch;

use super::*;
use crate::execute::lanes::{self, LaneOptions, LaneOutcome, Runner, TripError};
use crate::model::plan::Plan;

/// A host that answers what it is told to.
struct Scripted {
    reports: Mutex<VecDeque<Result<TripReport, TripError>>>,
    /// Ids of the steps of each trip.
    trips: Mutex<Vec<Vec<String>>>,
}

impl Runner for Scripted {
    async fn trip(
        &self,
        _: &str,
        trip: Trip,
        _: watch::Receiver<bool>,
    ) -> Result<TripReport, TripError> {
        self.trips.lock().unwrap().push(trip.steps.iter().map(|s| s.id.clone()).collect());
        self.reports.lock().unwrap().pop_front().expect("one more trip than expected")
    }
}

fn report(codes: &[(&str, i32)], done: bool) -> TripReport {
    let codes = codes.iter().map(|(id, code)| (id.to_string(), *code));
    let codes: BTreeMap<_, _> = codes.collect();
    let endings = codes.iter().map(|(id, code)| (id.clone(), *code == 0)).collect();
    TripReport { codes, endings, done, ..TripReport::default() }
}

/// One host with a start and a stop step.
async fn rolled(reports: Vec<Result<TripReport, TripError>>) -> (LaneOutcome, Vec<Vec<String>>) {
    let mut late = does("stop", "true");
    late.spec.phase = Phase::Retire;
    let steps = vec![does("a", "true"), does("b", "true").back(shell("true")), late];
    roll(steps, &[], reports).await
}

/// How the first host came out, and what the trips carried.
async fn roll(
    steps: Vec<PlannedStep>,
    apart: &[&str],
    reports: Vec<Result<TripReport, TripError>>,
) -> (LaneOutcome, Vec<Vec<String>>) {
    let fence = Fence { guard: "guard".into(), group: "group".into(), number: 1 };
    let fences = steps.iter().map(|step| (step.spec.host.clone(), fence.clone())).collect();
    roll_behind(fences, steps, apart, reports).await
}

/// The same with these hosts locked and fenced.
async fn roll_behind(
    fences: BTreeMap<String, Fence>,
    steps: Vec<PlannedStep>,
    apart: &[&str],
    reports: Vec<Result<TripReport, TripError>>,
) -> (LaneOutcome, Vec<Vec<String>>) {
    let plan = Plan { steps, ..Plan::default() };
    let options = LaneOptions {
        fences,
        audit: Audit { path: "audit".into(), performer: "Jo".into(), destination: None },
        primaries: vec!["host".into()],
        gate_before_start: false,
        group: 1,
        apart: apart.iter().map(ToString::to_string).collect(),
        pause_s: 0,
    };
    let runner =
        Arc::new(Scripted { reports: Mutex::new(reports.into()), trips: Mutex::default() });
    let stop = watch::channel(false).1;
    let lanes = lanes::roll(&runner, &plan, &options, &Default::default(), &stop).await;
    let trips = runner.trips.lock().unwrap().clone();
    (lanes[0].outcome.clone(), trips)
}

#[tokio::test]
async fn a_lane_is_done_when_all_of_it_is() {
    let reports = vec![Ok(report(&[("a", 0), ("b", 0)], true)), Ok(report(&[("stop", 0)], true))];
    let (outcome, trips) = rolled(reports).await;
    assert_eq!(outcome, LaneOutcome::Done);
    assert_eq!(trips, [vec!["a", "b"], vec!["stop"]]);
}

#[tokio::test]
async fn a_script_that_left_steps_out_does_not_open_the_way_to_the_stop() {
    // As after a deadline, or a request to stop of another run.
    let (outcome, trips) = rolled(vec![Ok(report(&[("a", 0)], true))]).await;
    assert!(matches!(outcome, LaneOutcome::TakenBack { .. }), "{outcome:?}");
    assert_eq!(trips.len(), 1, "{trips:?}");
}

#[tokio::test]
async fn a_late_script_that_left_steps_out_was_not_taken_back() {
    let reports = vec![Ok(report(&[("a", 0), ("b", 0)], true)), Ok(report(&[], true))];
    assert_eq!(rolled(reports).await.0, LaneOutcome::Lost(TripError::Stopped));
}

#[tokio::test]
async fn a_cut_connection_is_no_success() {
    let (outcome, trips) = rolled(vec![Ok(report(&[("a", 0), ("b", 0)], false))]).await;
    assert!(matches!(outcome, LaneOutcome::Lost(_)), "{outcome:?}");
    assert_eq!(trips.len(), 1);
    let lost = TripError::Connection { why: "cut".into(), help: None };
    assert_eq!(rolled(vec![Err(lost.clone())]).await.0, LaneOutcome::Lost(lost));
}

#[tokio::test]
async fn a_write_without_the_lock_is_refused() {
    let (outcome, trips) = roll_behind(BTreeMap::new(), vec![does("a", "true")], &[], vec![]).await;
    assert_eq!(outcome, LaneOutcome::Lost(TripError::Unlocked));
    assert!(trips.is_empty(), "{trips:?}");
    let mut look = does("look", "true");
    look.effect = Effect::Read;
    let good = vec![Ok(report(&[("look", 0)], true))];
    assert_eq!(roll_behind(BTreeMap::new(), vec![look], &[], good).await.0, LaneOutcome::Done);
}

#[tokio::test]
async fn a_failure_names_its_step() {
    let (outcome, _) = rolled(vec![Ok(report(&[("a", 0), ("b", 3)], true))]).await;
    let LaneOutcome::Failed { step, code: 3, undone: true } = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(step.id, "b");
}

#[tokio::test]
async fn hosts_without_a_role_go_first_and_hold_back_the_rest_if_they_fail() {
    let steps = || {
        let mut db = does("db", "true");
        db.spec.host = "db-1".into();
        vec![does("a", "true"), db]
    };
    let good = vec![Ok(report(&[("db", 0)], true)), Ok(report(&[("a", 0)], true))];
    assert_eq!(roll(steps(), &["db-1"], good).await.1, [["db"], ["a"]]);
    let bad = vec![Ok(report(&[("db", 1)], true))];
    let (outcome, trips) = roll(steps(), &["db-1"], bad).await;
    assert!(matches!(outcome, LaneOutcome::Failed { .. }), "{outcome:?}");
    assert_eq!(trips, [["db"]]);
}
