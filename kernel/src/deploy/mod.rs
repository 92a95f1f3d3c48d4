//! The story of every command: observe → plan → stage → lock → observe again → plan again →
//! roll → clean up → look → release.
//!
//! [`Run::perform`] is that story on one screen; each sentence of it is a function below or
//! a file beside this one.

mod as_role;
mod attach;
mod audit_log;
pub mod compare;
pub mod compose;
pub mod crew;
mod enter;
pub mod error;
pub mod history;
pub mod hooks;
pub mod hosts;
pub mod local_files;
pub mod local_steps;
mod lower;
mod merge;
pub mod operation;
mod play;
pub mod remote;
mod rollback;
pub mod saved;
pub mod snapshot;
pub mod standing;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::execute::lanes::{self, Lane, LaneOptions, LaneOutcome};
use crate::execute::{Audit, StepResults};
use crate::local::Turn;
use crate::model::event::{Event, Sink};
use crate::model::paths::Paths;
use crate::model::plan::{LOCAL, Plan, PlannedStep, Program, Segment};
use crate::model::project::GatePosition;
use crate::model::secret::SecretStore;

pub use attach::{Attached, attached};
use compare::{Difference, compare};
use compose::questions;
use crew::{Crew, Request};
use enter::Locked;
pub use error::RunError;
use hooks::Hooks;
use hosts::{Acquire, Hosts};
use snapshot::Asked;
use snapshot::{Look, Snapshot};

/// One run of one operation.
pub struct Run<H: Hosts> {
    pub hosts: Arc<H>,
    pub crew: Crew,
    pub request: Request,
    pub secrets: SecretStore,
    pub hooks: Hooks,
    pub sink: Sink,
    /// Turns true on Ctrl-C and when the lease is lost.
    pub stop: watch::Sender<bool>,
    pub settings: Settings,
}

/// What a run is told besides the request.
#[derive(Debug, Clone)]
pub struct Settings {
    /// For the lock.
    pub owner: String,
    /// For the audit log.
    pub performer: String,
    /// RFC 3339, UTC.
    pub now: String,
    /// How long to wait for somebody else's lock, in seconds.
    pub lock_wait_s: u64,
    /// True: refuse if the plan has changed when the lock is held.
    pub strict: bool,
    /// Variables for steps on the user's machine, `.env` files included, declared secrets not.
    pub local_env: BTreeMap<String, String>,
    /// A file that whoever builds this project on this machine holds locked.
    pub turn: Option<PathBuf>,
}

/// The whole plan, or one of it for each host if it is a rolling one.
fn parts(plan: &Plan) -> Vec<Plan> {
    if !plan.steps.iter().any(|step| step.spec.rolling) {
        return vec![plan.clone()];
    }
    let of = |host: &str| {
        let is_part = |step: &&PlannedStep| step.spec.host == host || step.spec.host == LOCAL;
        Plan { steps: plan.steps.iter().filter(is_part).cloned().collect(), ..plan.clone() }
    };
    plan.hosts().into_iter().map(of).collect()
}

/// What all hosts do before any of any group starts.
const BEFORE: [Segment; 2] = [Segment::Share, Segment::ShareOnce];
/// What happens once at the end of everything.
const AFTER: [Segment; 1] = [Segment::CleanupOnce];

/// Adds what hosts' steps left to what is known of them.
fn learn(known: &mut BTreeMap<String, StepResults>, lanes: &[Lane]) {
    known.extend(lanes.iter().map(|lane| (lane.host.clone(), lane.known.clone())));
}

/// What a run did.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    pub lanes: Vec<Lane>,
}

impl<H: Hosts> Run<H> {
    /// Does what `plan`, made from `seen`, says.
    pub async fn perform(&self, plan: Plan, seen: Snapshot) -> Result<Report, RunError> {
        if plan.writes() && self.settings.lock_wait_s == 0 {
            self.refuse_if_locked(&seen)?;
        }
        let mut stop = self.stop.subscribe();
        let interrupted = async { stop.wait_for(|stop| *stop).await.map(|_| ()).unwrap_or(()) };
        let known = tokio::select! {
            staged = self.stage(&plan) => staged?,
            () = interrupted => return Err(RunError::Interrupted),
        };
        if !plan.writes() {
            return self.read(&plan, &known).await;
        }
        let (locked, looks) = self.enter(&seen).await?;
        let result = self.locked(plan, seen, looks, &known, &locked).await;
        let released = self.leave(locked).await;
        let report = result?;
        released.map(|()| report)
    }

    /// The part of the story that happens under the lock.
    async fn locked(
        &self,
        plan: Plan,
        seen: Snapshot,
        looks: BTreeMap<String, Look>,
        known: &BTreeMap<String, StepResults>,
        locked: &Locked<H>,
    ) -> Result<Report, RunError> {
        let mut looks = looks;
        if self.unless_stopped("pre-deploy", self.hooks.before_deploy()).await? {
            // The hook may have taken long: what was seen before it is old.
            looks = self.look_all(&self.asked()?, &|_| Acquire::default()).await?;
        }
        let now = Snapshot::new(&self.asked()?, &looks);
        let plan = self.bind(&plan, &seen, &now)?;
        self.carry_out(&plan, known, locked).await
    }

    /// Everything of a plan that needs the lock.
    async fn carry_out(
        &self,
        plan: &Plan,
        known: &BTreeMap<String, StepResults>,
        locked: &Locked<H>,
    ) -> Result<Report, RunError> {
        let options = self.options(locked);
        let mut known = self.together(plan, &options, &BEFORE, known.clone()).await?;
        let mut report = Report::default();
        for part in parts(plan) {
            report.lanes.extend(self.pass(&part, &options, &mut known).await?);
        }
        self.together(plan, &options, &AFTER, known).await?;
        self.standing().await;
        Ok(report)
    }

    /// Segments with a barrier after each: all hosts have done one before any begins the next.
    async fn together(
        &self,
        plan: &Plan,
        options: &LaneOptions,
        segments: &[Segment],
        mut known: BTreeMap<String, StepResults>,
    ) -> Result<BTreeMap<String, StepResults>, RunError> {
        let stop = self.stop.subscribe();
        for which in segments.iter().copied() {
            let lanes = lanes::segment(&self.hosts, plan, options, which, &known, &stop).await;
            self.all_good(&lanes, &mut known).await?;
        }
        Ok(known)
    }

    /// The steps of a plan, or of a part of its hosts, with the hooks that plugins planned
    /// around them.
    async fn pass(
        &self,
        plan: &Plan,
        options: &LaneOptions,
        known: &mut BTreeMap<String, StepResults>,
    ) -> Result<Vec<Lane>, RunError> {
        let stop = self.stop.subscribe();
        self.planned_hooks(plan, Segment::Start).await?;
        let lanes = lanes::roll(&self.hosts, plan, options, known, &stop).await;
        self.all_good(&lanes, known).await?;
        let last = Segment::Cleanup;
        let tidied = lanes::segment(&self.hosts, plan, options, last, known, &stop).await;
        self.planned_hooks(plan, Segment::Cleanup).await?;
        self.all_good(&tidied, known).await?;
        Ok(lanes)
    }

    /// Adds what these lanes have left to what is known, if all of them came to a good end; else
    /// the error, when it has been said what the hosts serve now.
    async fn all_good(
        &self,
        lanes: &[Lane],
        known: &mut BTreeMap<String, StepResults>,
    ) -> Result<(), RunError> {
        if let Some(error) = self.verdict(lanes) {
            self.standing().await;
            return Err(error);
        }
        learn(known, lanes);
        Ok(())
    }

    /// Hooks that plugins planned on the user's machine, before and after the hosts' steps;
    /// those of the stage run among its other steps.
    async fn planned_hooks(&self, plan: &Plan, when: Segment) -> Result<(), RunError> {
        for step in plan.slice(LOCAL, when) {
            if let Program::Hook { name } = &step.program {
                let hosts: Vec<String> = plan.hosts().into_iter().map(String::from).collect();
                self.unless_stopped(name, self.hooks.about(&hosts).run(name)).await?;
            }
        }
        Ok(())
    }

    /// A hook, which is ended when the run is asked to stop.
    async fn unless_stopped(
        &self,
        name: &str,
        hook: impl Future<Output = Result<bool, RunError>>,
    ) -> Result<bool, RunError> {
        let mut stop = self.stop.subscribe();
        let interrupted = async { stop.wait_for(|stop| *stop).await.map(|_| ()).unwrap_or(()) };
        tokio::select! {
            ran = hook => ran,
            () = interrupted => Err(RunError::InterruptedHook { name: name.to_string() }),
        }
    }

    /// Observes all hosts in play.
    pub async fn observe(&self) -> Result<Snapshot, RunError> {
        let asked = self.asked()?;
        let looks = self.look_all(&asked, &|_| Acquire::default()).await?;
        Ok(Snapshot::new(&asked, &looks))
    }

    /// The plan for hosts as seen.
    pub fn plan(&self, seen: &Snapshot) -> Result<Plan, RunError> {
        Ok(compose::plan(&self.crew, &self.request, seen)?)
    }

    fn asked(&self) -> Result<Vec<Asked>, RunError> {
        Ok(questions(&self.crew, &self.request)?)
    }

    /// Build, push, login, pull: everything that needs no lock.
    async fn stage(&self, plan: &Plan) -> Result<BTreeMap<String, StepResults>, RunError> {
        let (secrets, sink, env) = (&self.secrets, &self.sink, &self.settings.local_env);
        let local = local_steps::LocalSteps { secrets, sink, env, hooks: &self.hooks };
        let here = plan.slice(LOCAL, Segment::Stage);
        let turn = if here.is_empty() { None } else { self.turn().await? };
        let outputs = local.run(&here).await?;
        drop(turn);
        let stop = self.stop.subscribe();
        let options = self.outside();
        // What this machine's steps have yielded, hosts may use.
        let given = StepResults { outputs, ..StepResults::default() };
        let mut known: BTreeMap<String, StepResults> =
            plan.hosts().into_iter().map(|host| (host.to_string(), given.clone())).collect();
        let which = Segment::Stage;
        let lanes = lanes::segment(&self.hosts, plan, &options, which, &known, &stop).await;
        if let Some(error) = self.verdict(&lanes) {
            return Err(error);
        }
        self.same_image(plan, &lanes)?;
        learn(&mut known, &lanes);
        Ok(known)
    }

    /// Waits until no other run on this machine works on the project.
    async fn turn(&self) -> Result<Option<Turn>, RunError> {
        let Some(path) = &self.settings.turn else { return Ok(None) };
        let waiting = || {
            let message =
                "another windlass on this machine is building this project: waiting".into();
            (self.sink)(Event::Note { message });
        };
        let wait = Duration::from_secs(self.settings.lock_wait_s);
        Ok(Some(Turn::take(path, wait, waiting).await?))
    }

    /// Steps that change nothing, or only what the user typed: no lock.
    async fn read(
        &self,
        plan: &Plan,
        known: &BTreeMap<String, StepResults>,
    ) -> Result<Report, RunError> {
        let (options, stop) = (self.outside(), self.stop.subscribe());
        let mut known = known.clone();
        let mut report = Report::default();
        for which in [
            Segment::Share,
            Segment::ShareOnce,
            Segment::Start,
            Segment::Retire,
            Segment::Cleanup,
            Segment::CleanupOnce,
        ] {
            if which == Segment::Start {
                self.planned_hooks(plan, which).await?;
            }
            let lanes = lanes::segment(&self.hosts, plan, &options, which, &known, &stop).await;
            if which == Segment::Cleanup {
                self.planned_hooks(plan, which).await?;
            }
            if let Some(error) = self.verdict(&lanes) {
                return Err(error);
            }
            learn(&mut known, &lanes);
            report.lanes.extend(lanes);
        }
        Ok(report)
    }

    /// Plans again, now that nobody else can change the hosts, and compares.
    fn bind(&self, plan: &Plan, seen: &Snapshot, now: &Snapshot) -> Result<Plan, RunError> {
        let again = self.plan(now)?;
        let difference = compare((plan, seen), (&again, now));
        if !difference.is_empty() {
            if self.settings.strict {
                return Err(RunError::Changed(difference));
            }
            self.note_difference(&difference);
        }
        Ok(again)
    }

    fn note_difference(&self, difference: &Difference) {
        for line in difference.facts.iter().chain(&difference.steps) {
            let message = format!("since the plan was made: {line}");
            (self.sink)(Event::Note { message });
        }
    }

    /// After the pull all hosts must have the same image under the version's tag.
    fn same_image(&self, plan: &Plan, lanes: &[Lane]) -> Result<(), RunError> {
        let mut digests: Vec<(String, String)> = Vec::new();
        for lane in lanes {
            for step in plan.slice(&lane.host, Segment::Stage) {
                let digest = lane.known.outputs.get(&step.id);
                if let Some(digest) = digest.filter(|d| d.starts_with("sha256:")) {
                    digests.push((lane.host.clone(), digest.clone()));
                }
            }
        }
        match digests.iter().find(|(_, digest)| *digest != digests[0].1) {
            Some(other) => Err(RunError::OtherImage {
                version: plan.version.clone(),
                one: digests[0].clone(),
                other: other.clone(),
            }),
            None => Ok(()),
        }
    }

    fn verdict(&self, lanes: &[Lane]) -> Option<RunError> {
        let failed: Vec<Lane> =
            lanes.iter().filter(|lane| lane.outcome != LaneOutcome::Done).cloned().collect();
        (!failed.is_empty()).then_some(RunError::Lanes(failed))
    }

    fn paths(&self) -> Paths {
        let project = &self.request.project;
        Paths::new(&project.run_directory, &project.service, project.destination.as_deref())
    }

    /// Where and as whom this run records what it does.
    pub fn audit(&self) -> Audit {
        Audit {
            path: self.paths().audit(),
            performer: self.settings.performer.clone(),
            destination: self.request.project.destination.clone(),
        }
    }

    /// The options for steps that need neither lock nor fence.
    fn outside(&self) -> LaneOptions {
        let project = &self.request.project;
        LaneOptions {
            fences: BTreeMap::new(),
            audit: self.audit(),
            primaries: self.primaries(),
            apart: self.apart(),
            gate_before_start: project.windlass.gate == GatePosition::Start,
            group: project.boot.group_size(self.request.hosts.len()),
            pause_s: project.boot.wait,
        }
    }

    fn options(&self, locked: &Locked<H>) -> LaneOptions {
        LaneOptions { fences: locked.fences.clone(), ..self.outside() }
    }

    /// The hosts in play without a role in play.
    fn apart(&self) -> Vec<String> {
        let carries = |host: &String| {
            let roles = self.request.project.roles.iter();
            roles.filter(|r| self.request.roles.contains(&r.name)).any(|r| r.hosts.contains(host))
        };
        self.request.hosts.iter().filter(|host| !carries(host)).cloned().collect()
    }

    /// The hosts in play that have the primary role; without one there is nothing to wait for.
    fn primaries(&self) -> Vec<String> {
        let project = &self.request.project;
        let primary =
            project.roles.iter().find(|r| r.primary && self.request.roles.contains(&r.name));
        let hosts = primary.map(|role| role.hosts.clone()).unwrap_or_default();
        hosts.into_iter().filter(|host| self.request.hosts.contains(host)).collect()
    }
}
