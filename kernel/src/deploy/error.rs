//! Why a run did not do what it was asked, with the line to type next.

use crate::execute::ScriptError;
use crate::execute::lanes::{Lane, LaneOutcome, TripError};
use crate::local::LocalError;
use crate::lock::Details;
use crate::model::diagnostic::{Diagnostic, Kind, OnHost};
use crate::model::problem::Problem;

use super::compare::Difference;
use super::compose::PlanError;
use super::hosts::HostError;

/// A run that failed.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Hosts(Vec<HostError>),
    #[error(transparent)]
    Local(#[from] LocalFailure),
    #[error(transparent)]
    Turn(#[from] LocalError),
    #[error("{}", .0.iter().map(told).collect::<Vec<_>>().join("\n"))]
    Lanes(Vec<Lane>),
    #[error("{}", locked(.host, .by, .lease_s))]
    Locked { host: String, by: Details, lease_s: Option<i64> },
    #[error("{host}: {}", other_primary(.number))]
    FenceLarger { host: String, number: u64 },
    #[error("{host}: {STILL_WORKS}")]
    FenceBusy { host: String },
    #[error(
        "the lock was lost before the end: another deploy took over, or the primary host was not reachable for 30 s"
    )]
    LeaseLost,
    #[error("interrupted; {UNCHANGED}")]
    Interrupted,
    #[error("the hosts have changed since the plan was made, so it is no longer valid:{}{}", list(&.0.facts), list(&.0.steps))]
    Changed(Difference),
    #[error("{} and {} have different images under the tag {version}: {} and {}", .one.0, .other.0, .one.1, .other.1)]
    OtherImage { version: String, one: (String, String), other: (String, String) },
    #[error("the hook {name} failed: {why}")]
    Hook { name: String, why: String, help: Option<&'static str> },
    #[error("interrupted in the hook {name}")]
    InterruptedHook { name: String },
}

const STILL_WORKS: &str =
    "a script of an earlier run is still running there and did not end within 20 s";
const UNCHANGED: &str = "nothing was changed";

/// A step on the user's machine that failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{title}` failed: {why}")]
pub struct LocalFailure {
    pub title: String,
    pub why: String,
    /// What to type next.
    pub help: Vec<String>,
}

impl From<HostError> for RunError {
    fn from(error: HostError) -> Self {
        Self::Hosts(vec![error])
    }
}

impl From<RunError> for Diagnostic {
    fn from(error: RunError) -> Self {
        Self::from(&error)
    }
}

impl From<&RunError> for Diagnostic {
    fn from(error: &RunError) -> Self {
        let new = |kind| Self::new(kind, error.to_string());
        match error {
            RunError::Plan(PlanError::Problems(problems)) => {
                let title = problems.iter().map(Problem::title).collect::<Vec<_>>().join("\n");
                let all = problems.iter().cloned().map(Self::from);
                all.fold(Self::new(Kind::Configuration, title), |all, one| Self {
                    places: [all.places, one.places].concat(),
                    help: [all.help, one.help].concat(),
                    hosts: [all.hosts, one.hosts].concat(),
                    ..all
                })
            }
            RunError::Plan(
                PlanError::Plugin(_) | PlanError::Lower(_) | PlanError::Writes { .. },
            ) => new(Kind::Plugin),
            RunError::Hosts(errors) => {
                Self::on_hosts(Kind::Host, errors.iter().cloned().map(HostError::on_host).collect())
            }
            RunError::Local(failure) => new(Kind::Step).help(&failure.help),
            RunError::Turn(error) => error.clone().into(),
            RunError::Lanes(lanes) => {
                Self::on_hosts(Kind::Step, lanes.iter().map(on_host).collect())
            }
            RunError::Locked { host, by, .. } => {
                let release = format!(
                    "wait for it with --lock-wait SECONDS, or, if nobody is deploying: windlass lock release {}",
                    by.id()
                );
                new(Kind::Lock).help([release]).about(host)
            }
            RunError::FenceLarger { host, number } => {
                let help = "run the command again; it will take a higher number".into();
                let (host, message) = (host.clone(), other_primary(number));
                Self::on_hosts(Kind::Lock, vec![OnHost { host, message, help: vec![help] }])
            }
            RunError::FenceBusy { host } => {
                let help = format!(
                    "see what it does with `ssh {host} ps -ef`, then run the command again"
                );
                let (host, message) = (host.clone(), STILL_WORKS.into());
                Self::on_hosts(Kind::Lock, vec![OnHost { host, message, help: vec![help] }])
            }
            RunError::LeaseLost => new(Kind::Lock).help(["windlass status"]),
            RunError::Interrupted => Self::new(Kind::Interrupted, UNCHANGED),
            RunError::InterruptedHook { .. } => new(Kind::Interrupted),
            RunError::Changed(_) => {
                new(Kind::Plan).help(["make a new plan: windlass plan -o FILE"])
            }
            RunError::OtherImage { one, other, .. } => {
                let help = "somebody has pushed that tag again; run the command again";
                new(Kind::Plan).help([help]).about(&one.0).about(&other.0)
            }
            RunError::Hook { help, .. } => {
                new(Kind::Hook).help(*help).help(["fix it, or pass --skip-hooks"])
            }
        }
    }
}

fn list(lines: &[String]) -> String {
    lines.iter().map(|line| format!("\n  {line}")).collect()
}

fn other_primary(number: &u64) -> String {
    format!("its fence is at {number}: another deploy, with another primary host, has run here")
}

fn locked(host: &str, by: &Details, lease_s: &Option<i64>) -> String {
    let lease = match lease_s {
        Some(left) => format!("its lease ends in {left} s unless it is renewed"),
        None => "it has no lease, so it stays until it is released".to_string(),
    };
    format!(
        "the deploy lock on {host} is held by {} since {}: {} (lock {}; {lease})",
        or(by.owner(), "nobody known"),
        or(by.since(), "an unknown time"),
        or(by.message(), "no message"),
        by.id()
    )
}

fn or<'a>(text: &'a str, otherwise: &'a str) -> &'a str {
    if text.is_empty() { otherwise } else { text }
}

fn told(lane: &Lane) -> String {
    let OnHost { host, message, .. } = on_host(lane);
    format!("{host}: {message}")
}

/// How a host came out of the run.
fn on_host(lane: &Lane) -> OnHost {
    let mut help = Vec::new();
    let message = match &lane.outcome {
        LaneOutcome::Done => "done".to_string(),
        LaneOutcome::TakenBack { why } => {
            format!("taken back, the previous version keeps running: {why}")
        }
        LaneOutcome::Refused(refusal) => format!("nothing was done: {refusal}"),
        LaneOutcome::Lost(error) => {
            match error {
                // Nothing has started.
                TripError::Script(ScriptError::NoSecret(missing)) => {
                    help.push(missing.help.clone())
                }
                TripError::Script(_) | TripError::Unlocked => {}
                other => {
                    if let TripError::Connection { help: Some(first), .. } = other {
                        help.push(first.clone());
                    }
                    let ends = "what has started there ends by itself; run the command again";
                    help.push(ends.into());
                }
            }
            error.to_string()
        }
        LaneOutcome::Failed { step, code, undone } => {
            help.extend(step.spec.help.clone());
            let how = if *code == 124 {
                "ran out of time".into()
            } else {
                format!("failed (code {code})")
            };
            let mut told = format!("`{}` {how}", step.spec.title);
            let mut ids = vec![step.id.as_str()];
            // What was asked because of the failure explains it.
            ids.extend(
                lane.texts
                    .keys()
                    .map(String::as_str)
                    .filter(|id| *id != step.id && explains(lane, id)),
            );
            for id in ids {
                let lines = lane.texts.get(id).map_or(&[][..], Vec::as_slice);
                for line in lines.iter().rev().take(60).rev() {
                    told.push_str("\n  ");
                    told.push_str(line);
                }
            }
            if *undone {
                told.push_str("\n  what this run had done there was taken back");
            }
            told
        }
    };
    OnHost { host: lane.host.clone(), message, help }
}

fn explains(lane: &Lane, id: &str) -> bool {
    lane.explains.iter().any(|e| e == id)
}
