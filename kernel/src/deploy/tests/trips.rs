//! Trips to simulated hosts: the script's rules, carried out on a [`SimHost`].
//!
//! A script is a task of its own, as on a real host: it goes on when the client is gone.

use std::collections::BTreeMap;

use tokio::sync::{oneshot, watch};

use super::client::Client;
use super::fleet::Script;
use super::sim_host::SimHost;
use crate::execute::Trip;
use crate::execute::lanes::{Runner, TripError};
use crate::execute::report::{Refusal, TripReport};
use crate::model::plan::{Effect, PlannedStep, Segment};
use crate::model::wit::{Action, Condition};

impl Runner for Client {
    async fn trip(
        &self,
        host: &str,
        trip: Trip,
        stop: watch::Receiver<bool>,
    ) -> Result<TripReport, TripError> {
        let (tell, told) = oneshot::channel();
        let script = Running::new(self.clone(), host.to_string(), trip, stop);
        tokio::spawn(async move {
            if let Some(report) = script.go().await {
                let _ = tell.send(report);
            }
        });
        let report = told.await;
        self.alive().await;
        let why = "the host is gone".to_string();
        report.map_err(|_| TripError::Connection { why, help: None })
    }
}

struct Running {
    client: Client,
    host: String,
    trip: Trip,
    stop: watch::Receiver<bool>,
    report: TripReport,
    /// By step and block.
    endings: BTreeMap<String, bool>,
    outputs: BTreeMap<String, String>,
    failed: bool,
}

impl Running {
    fn new(client: Client, host: String, trip: Trip, stop: watch::Receiver<bool>) -> Self {
        let (endings, outputs) = (trip.known.endings.clone(), trip.known.outputs.clone());
        let report = TripReport::default();
        Self { client, host, trip, stop, report, endings, outputs, failed: false }
    }

    /// The whole script; none if the host died with the client.
    async fn go(mut self) -> Option<TripReport> {
        let writes = self.trip.steps.iter().any(|s| s.effect == Effect::Write);
        assert!(!writes || self.trip.fence.is_some(), "a write without the lock on {}", self.host);
        if let Some(fence) = &self.trip.fence {
            let number = fence.number;
            if let Some(found) = self.hold(number).await {
                self.report.refusal = Some(Refusal::Fenced { found });
                return Some(self.report);
            }
        }
        let lives = self.steps().await;
        if self.trip.fence.is_some() {
            self.client.inner.fleet.lock().at_work.remove(&self.host);
        }
        self.report.done = true;
        lives.then_some(self.report)
    }

    /// Takes the fence; the number that is found if it is another.
    async fn hold(&self, number: u64) -> Option<String> {
        loop {
            {
                let mut state = self.client.inner.fleet.lock();
                let found = state.machine(&self.host).fence;
                if found != number {
                    return Some(found.to_string());
                }
                if !state.at_work.contains_key(&self.host) {
                    state.at_work.insert(self.host.clone(), Script::default());
                    return None;
                }
            }
            tokio::task::yield_now().await;
        }
    }

    /// A boundary; false if the host is dead.
    async fn boundary(&self) -> bool {
        self.client.boundary();
        tokio::task::yield_now().await;
        !self.client.host_is_dead()
    }

    async fn steps(&mut self) -> bool {
        let steps = self.trip.steps.clone();
        for step in &steps {
            if self.asked_to_stop(step) {
                self.failed = true;
            }
            if !self.is_due(step) {
                continue;
            }
            if !self.boundary().await {
                return false;
            }
            // A stop may have come at this very boundary.
            if self.asked_to_stop(step) {
                self.failed = true;
                continue;
            }
            self.one(step);
        }
        if !self.boundary().await {
            return false;
        }
        if !(self.failed && self.trip.undo) {
            return true;
        }
        for step in steps.iter().rev().filter(|step| step.spec.undo.is_some()) {
            if !self.report.endings.contains_key(&step.id) {
                continue;
            }
            if !self.boundary().await {
                return false;
            }
            let action = step.spec.undo.as_ref().expect("filtered");
            let code = self.act(step, action);
            self.report.undone.push((step.id.clone(), code == 0));
        }
        self.boundary().await
    }

    fn asked_to_stop(&self, step: &PlannedStep) -> bool {
        let early = matches!(Segment::of(&step.spec), Segment::Start | Segment::Stage);
        let term = self.client.inner.fleet.lock().at_work.get(&self.host).is_some_and(|s| s.term);
        early && (term || self.trip.undo && *self.stop.borrow())
    }

    fn is_due(&self, step: &PlannedStep) -> bool {
        let ended = |id: &String| self.endings.get(id).copied();
        let condition = match &step.spec.when {
            Condition::Always => !self.failed,
            Condition::Ok(id) => !self.failed && ended(id) == Some(true),
            Condition::Failed(id) => ended(id) == Some(false),
        };
        condition && step.spec.block.as_ref().and_then(ended) != Some(false)
    }

    fn one(&mut self, step: &PlannedStep) {
        // What lanes take back is planned as the undo of a step.
        let back = step.id.ends_with(".undo").then(|| step.spec.undo.clone()).flatten();
        let action = back.unwrap_or_else(|| step.spec.action.clone());
        let code = self.act(step, &action);
        let ok = code == 0;
        self.report.codes.insert(step.id.clone(), code);
        for id in [Some(&step.id), step.spec.block.as_ref()].into_iter().flatten() {
            for endings in [&mut self.endings, &mut self.report.endings] {
                let all = endings.entry(id.clone()).or_insert(true);
                *all = *all && ok;
            }
        }
        let explains = matches!(step.spec.when, Condition::Failed(_));
        self.failed |= !ok && !step.spec.may_fail && !explains;
    }

    /// Performs an action and looks whether users are still served.
    fn act(&mut self, step: &PlannedStep, action: &Action) -> i32 {
        let fleet = self.client.inner.fleet.clone();
        let mut state = fleet.lock();
        state.performed.push((self.host.clone(), step.id.clone()));
        let known = |id: &str| {
            let full = format!("{}.{id}", step.plugin);
            self.outputs.get(&full).or_else(|| self.outputs.get(id)).cloned().unwrap_or_else(|| {
                panic!("{} of {} uses {id}, which yielded nothing", step.id, self.host)
            })
        };
        let machine: &mut SimHost = state.machine(&self.host);
        let mut done = machine.perform(action, &known);
        if state.fails.as_ref() == Some(&step.id) && *action == step.spec.action {
            done.code = 1;
        }
        state.clock += 100;
        state.check(&self.host, &step.id);
        if done.code == 0
            && let Some(output) = done.output
        {
            self.outputs.insert(step.id.clone(), output.clone());
            self.report.outputs.insert(step.id.clone(), output);
        }
        self.report.texts.entry(step.id.clone()).or_default().extend(done.lines);
        done.code
    }
}
