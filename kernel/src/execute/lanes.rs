//! Lanes: each host goes through its segments of the plan; barriers lie between them.
//!
//! A lane is everything that happens on one host. It either reaches the new version or is
//! taken back whole, so that a host never mixes versions of its roles.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::model::plan::{Effect, Plan, PlannedStep, Segment};
use crate::model::wit::Condition;

use super::gate::{Gate, Ticket, Verdict};
use super::report::{Refusal, TripReport};
use super::trip::{Audit, Fence, ScriptError, StepResults, Trip};

/// Whoever can carry a trip to a host: the SSH connections, or hosts in memory.
pub trait Runner: Send + Sync + 'static {
    /// Runs the trip's steps. When `stop` turns true and the trip may be taken back, it is
    /// asked to stop and does its undo.
    fn trip(
        &self,
        host: &str,
        trip: Trip,
        stop: watch::Receiver<bool>,
    ) -> impl Future<Output = Result<TripReport, TripError>> + Send;
}

/// Why a trip could not be made. What a step's failure means is in the report instead.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum TripError {
    #[error("{0}")]
    Script(#[from] ScriptError),
    #[error("{why}")]
    Connection { why: String, help: Option<String> },
    #[error("it would change the host, and this run does not hold the lock: a defect of Windlass")]
    Unlocked,
    #[error("the script stopped before its end: a later run asked it to, or it took too long")]
    Stopped,
}

/// What lanes need besides the plan.
#[derive(Debug, Clone)]
pub struct LaneOptions {
    /// By host; the hosts of the plan all have one if it writes.
    pub fences: BTreeMap<String, Fence>,
    pub audit: Audit,
    /// Hosts with a container of the primary role, which decide the gate.
    pub primaries: Vec<String>,
    /// Hosts without a role in play. They go before all others, which may need what is there,
    /// and know no gate.
    pub apart: Vec<String>,
    /// True: other hosts wait before they start, as Kamal 1.9 does.
    pub gate_before_start: bool,
    /// Hosts at a time.
    pub group: usize,
    /// Seconds between groups.
    pub pause_s: u64,
}

/// How a host came out of a segment.
#[derive(Debug, Clone, PartialEq)]
pub enum LaneOutcome {
    /// All steps that had to succeed did.
    Done,
    /// A step failed; `undone` if what was done before was taken back.
    Failed { step: Box<PlannedStep>, code: i32, undone: bool },
    /// It was taken back because no primary container became good, or on request.
    TakenBack { why: &'static str },
    /// The host refused the script.
    Refused(Refusal),
    /// The connection was cut; the script may go on by itself.
    Lost(TripError),
}

/// A host's way through the plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Lane {
    pub host: String,
    pub outcome: LaneOutcome,
    pub known: StepResults,
    /// What steps printed, by step.
    pub texts: BTreeMap<String, Vec<String>>,
    /// Steps that ran because another had failed: what they print explains it.
    pub explains: Vec<String>,
}

/// Runs one segment on all of its hosts at once, without gate: staging, cleanup.
pub async fn segment<R: Runner>(
    runner: &Arc<R>,
    plan: &Plan,
    options: &LaneOptions,
    which: Segment,
    known: &BTreeMap<String, StepResults>,
    stop: &watch::Receiver<bool>,
) -> Vec<Lane> {
    let mut tasks = JoinSet::new();
    for host in plan.hosts() {
        let steps = owned(plan.slice(host, which));
        if steps.is_empty() {
            continue;
        }
        let lane = new_lane(host, known.get(host).cloned().unwrap_or_default());
        let (runner, options, stop) = (runner.clone(), options.clone(), stop.clone());
        tasks.spawn(async move { lane.go(&*runner, &options, steps, false, &stop).await });
    }
    join(tasks, plan).await
}

/// Runs the segments around the gate, in groups of hosts.
pub async fn roll<R: Runner>(
    runner: &Arc<R>,
    plan: &Plan,
    options: &LaneOptions,
    known: &BTreeMap<String, StepResults>,
    stop: &watch::Receiver<bool>,
) -> Vec<Lane> {
    let is_apart = |host: &&str| options.apart.iter().any(|apart| apart == host);
    let primaries = |host: &&str| options.primaries.iter().any(|p| p == host);
    let (apart, hosts): (Vec<&str>, Vec<&str>) = plan.hosts().into_iter().partition(is_apart);
    // Primary hosts first: a group of others alone would wait for hosts of a later group.
    let (mut hosts, others): (Vec<&str>, Vec<&str>) = hosts.into_iter().partition(primaries);
    let gate = Gate::new(hosts.len());
    let mut tickets: BTreeMap<String, Ticket> =
        hosts.iter().map(|host| (host.to_string(), Ticket::new(gate.clone()))).collect();
    hosts.extend(others);

    let mut group = |hosts: &[&str], gate: &Gate| {
        let mut tasks = JoinSet::new();
        for host in hosts {
            let first = owned(plan.slice(host, Segment::Start));
            let second = owned(plan.slice(host, Segment::Retire));
            let lane = new_lane(host, known.get(*host).cloned().unwrap_or_default());
            let (runner, options, stop) = (runner.clone(), options.clone(), stop.clone());
            let (gate, ticket) = (gate.clone(), tickets.remove(*host));
            tasks.spawn(async move {
                lane.through_gate(&*runner, &options, first, second, gate, ticket, &stop).await
            });
        }
        tasks
    };
    // A later group would only spread what has just failed.
    let failed = |lanes: &[Lane]| lanes.iter().any(|lane| lane.outcome != LaneOutcome::Done);
    let mut lanes = join(group(&apart, &Gate::new(0)), plan).await;
    for (number, hosts) in hosts.chunks(options.group.max(1)).enumerate() {
        if failed(&lanes) {
            break;
        }
        if number > 0 && options.pause_s > 0 {
            tokio::time::sleep(std::time::Duration::from_secs(options.pause_s)).await;
        }
        lanes.extend(join(group(hosts, &gate), plan).await);
    }
    lanes
}

async fn join(mut tasks: JoinSet<Lane>, plan: &Plan) -> Vec<Lane> {
    let mut lanes = Vec::new();
    while let Some(lane) = tasks.join_next().await {
        match lane {
            Ok(lane) => lanes.push(lane),
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => {}
        }
    }
    let order = plan.hosts();
    lanes.sort_by_key(|lane| order.iter().position(|host| *host == lane.host));
    lanes
}

fn owned(steps: Vec<&PlannedStep>) -> Vec<PlannedStep> {
    steps.into_iter().cloned().collect()
}

fn new_lane(host: &str, known: StepResults) -> Lane {
    Lane {
        host: host.to_string(),
        outcome: LaneOutcome::Done,
        known,
        texts: BTreeMap::new(),
        explains: Vec::new(),
    }
}

impl Lane {
    #[expect(clippy::too_many_arguments, reason = "one call; a struct would only rename them")]
    async fn through_gate<R: Runner>(
        self,
        runner: &R,
        options: &LaneOptions,
        first: Vec<PlannedStep>,
        second: Vec<PlannedStep>,
        gate: Gate,
        ticket: Option<Ticket>,
        stop: &watch::Receiver<bool>,
    ) -> Lane {
        let primary = ticket.is_some();
        if !primary && options.gate_before_start && gate.wait().await == Verdict::Closed {
            return Lane { outcome: NO_PRIMARY, ..self };
        }
        let begun = first.clone();
        let lane = self.go(runner, options, first, true, stop).await;
        let good = lane.outcome == LaneOutcome::Done;
        if let Some(ticket) = ticket {
            ticket.report(good);
        }
        if !good {
            return lane;
        }
        // A primary host that is good has opened the gate itself.
        if !primary && gate.wait().await == Verdict::Closed {
            return lane.take_back(runner, options, &begun, NO_PRIMARY).await;
        }
        if *stop.borrow() {
            return lane.take_back(runner, options, &begun, INTERRUPTED).await;
        }
        lane.go(runner, options, second, false, &never()).await
    }

    /// One trip. An interrupt reaches it only while it can be taken back.
    async fn go<R: Runner>(
        mut self,
        runner: &R,
        options: &LaneOptions,
        steps: Vec<PlannedStep>,
        undo: bool,
        stop: &watch::Receiver<bool>,
    ) -> Lane {
        if steps.is_empty() {
            return self;
        }
        let fence = match self.fence(options, &steps) {
            Ok(fence) => fence,
            Err(error) => return Lane { outcome: LaneOutcome::Lost(error), ..self },
        };
        let trip = Trip {
            fence,
            audit: options.audit.clone(),
            steps: steps.clone(),
            known: self.known.clone(),
            undo,
        };
        let report = match runner.trip(&self.host, trip, stop.clone()).await {
            Ok(report) => report,
            Err(error) => return Lane { outcome: LaneOutcome::Lost(error), ..self },
        };
        self.known.endings.extend(report.endings.clone());
        self.known.outputs.extend(report.outputs.clone());
        self.texts.extend(report.texts.clone());
        let because = |step: &&PlannedStep| {
            matches!(step.spec.when, Condition::Failed(_)) && report.codes.contains_key(&step.id)
        };
        self.explains.extend(steps.iter().filter(because).map(|step| step.id.clone()));
        self.outcome = match (&report.refusal, report.failure(&steps)) {
            (Some(refusal), _) => LaneOutcome::Refused(refusal.clone()),
            (None, Some(_)) if *stop.borrow() && undo => INTERRUPTED,
            (None, Some(step)) => {
                let code = report.codes.get(&step.id).copied().unwrap_or(-1);
                LaneOutcome::Failed {
                    step: Box::new(step.clone()),
                    code,
                    undone: undo && report.done,
                }
            }
            (None, None) if report.interrupted(&steps) => match (undo, *stop.borrow()) {
                (true, true) => INTERRUPTED,
                (true, false) => STOPPED,
                (false, _) => LaneOutcome::Lost(TripError::Stopped),
            },
            (None, None) if report.done => LaneOutcome::Done,
            (None, None) => {
                let host = &self.host;
                let why = format!(
                    "the connection to {host} was cut before the script had reported its end"
                );
                LaneOutcome::Lost(TripError::Connection { why, help: None })
            }
        };
        self
    }

    /// A trip of nothing but the undo of what was done, last first.
    async fn take_back<R: Runner>(
        mut self,
        runner: &R,
        options: &LaneOptions,
        begun: &[PlannedStep],
        outcome: LaneOutcome,
    ) -> Lane {
        let steps: Vec<PlannedStep> = begun
            .iter()
            .rev()
            .filter(|step| self.known.endings.contains_key(&step.id))
            .filter_map(|step| {
                let mut back = step.clone();
                back.program = step.undo.clone()?;
                back.undo = None;
                back.id = format!("{}.undo", step.id);
                back.effect = Effect::Write;
                back.spec.title = format!("Take back: {}", step.spec.title);
                back.spec.when = Condition::Always;
                back.spec.block = None;
                back.spec.audit = None;
                back.spec.may_fail = true;
                Some(back)
            })
            .collect();
        self = self.go(runner, options, steps, false, &never()).await;
        if self.outcome == LaneOutcome::Done {
            self.outcome = outcome;
        }
        self
    }

    /// The fence behind which these steps may run. Whoever writes must hold the lock: that is
    /// seen to here, whatever command it is.
    fn fence(
        &self,
        options: &LaneOptions,
        steps: &[PlannedStep],
    ) -> Result<Option<Fence>, TripError> {
        if steps.iter().all(|step| step.effect != Effect::Write) {
            return Ok(None);
        }
        let fence = options.fences.get(&self.host).ok_or(TripError::Unlocked)?;
        Ok(Some(fence.clone()))
    }
}

const NO_PRIMARY: LaneOutcome =
    LaneOutcome::TakenBack { why: "no container of the primary role became good" };
const INTERRUPTED: LaneOutcome = LaneOutcome::TakenBack { why: "interrupted" };
const STOPPED: LaneOutcome =
    LaneOutcome::TakenBack { why: "a later run asked this one to stop, or it took too long" };

/// A stop that never comes.
fn never() -> watch::Receiver<bool> {
    watch::channel(false).1
}
