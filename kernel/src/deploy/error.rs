//! Why a run did not do what it was asked, with the line to type next.

use crate::execute::lanes::{Ending, Lane};
use crate::local::LocalError;
use crate::lock::Details;

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
    #[error("{}", lanes(.0))]
    Lanes(Vec<Lane>),
    #[error("{}", locked(.host, .by, .lease_s))]
    Locked { host: String, by: Details, lease_s: Option<i64> },
    #[error(
        "{host}: its fence stands at {number}: another deploy, with another primary host, has been here\nhelp: run the command again; it will pass that number"
    )]
    FenceLarger { host: String, number: u64 },
    #[error(
        "{host}: a script of an earlier run still works there and did not end within 20 s\nhelp: see what it does with `ssh {host} ps -ef`, then run the command again"
    )]
    FenceBusy { host: String },
    #[error(
        "the lock was lost before the end: another deploy took over, or the primary host was not reachable for 30 s\nhelp: windlass status"
    )]
    LeaseLost,
    #[error("interrupted; nothing was changed")]
    Interrupted,
    #[error("the hosts have changed since the plan was made, so it does not hold any more:{}{}\nhelp: make a new plan: windlass plan -o FILE", list(&.0.facts), list(&.0.steps))]
    Changed(Difference),
    #[error("{} and {} have different images under the tag {version}: {} and {}\nhelp: somebody pushed that tag again meanwhile; run the command again", .one.0, .other.0, .one.1, .other.1)]
    OtherImage { version: String, one: (String, String), other: (String, String) },
    #[error("the hook {name} failed: {why}\nhelp: fix it, or pass --skip-hooks")]
    Hook { name: String, why: String },
}

/// A step on the user's machine that failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{title}` failed: {why}")]
pub struct LocalFailure {
    pub title: String,
    pub why: String,
}

impl From<HostError> for RunError {
    fn from(error: HostError) -> Self {
        Self::Hosts(vec![error])
    }
}

fn list(lines: &[String]) -> String {
    lines.iter().map(|line| format!("\n  {line}")).collect()
}

fn locked(host: &str, by: &Details, lease_s: &Option<i64>) -> String {
    let lease = match lease_s {
        Some(left) => format!("its lease ends in {left} s unless it is renewed"),
        None => "it has no lease, so it stays until it is released".to_string(),
    };
    format!(
        "the deploy lock on {host} is held by {} since {}: {} (lock {}; {lease})\n\
         help: wait for it with --lock-wait SECONDS, or, if nobody is deploying: windlass lock release {}",
        or(by.owner(), "nobody known"),
        or(by.since(), "an unknown time"),
        or(by.message(), "no message"),
        by.id(),
        by.id()
    )
}

fn or<'a>(text: &'a str, otherwise: &'a str) -> &'a str {
    if text.is_empty() { otherwise } else { text }
}

fn lanes(lanes: &[Lane]) -> String {
    let told: Vec<String> = lanes.iter().map(lane).collect();
    told.join("\n")
}

fn lane(lane: &Lane) -> String {
    let host = &lane.host;
    match &lane.ending {
        Ending::Done => format!("{host}: done"),
        Ending::TakenBack { why } => {
            format!("{host}: taken back, the version before it runs on: {why}")
        }
        Ending::Refused(refusal) => format!("{host}: nothing was done: {refusal}"),
        Ending::Lost(error) => {
            format!(
                "{host}: {error}\nhelp: what had begun there ends by itself; run the command again"
            )
        }
        Ending::Failed { step, code, undone } => {
            let how = if *code == 124 {
                "ran out of time".into()
            } else {
                format!("failed (code {code})")
            };
            let mut told = format!("{host}: `{}` {how}", step.step.title);
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
            if let Some(help) = &step.step.help {
                told.push_str("\nhelp: ");
                told.push_str(help);
            }
            told
        }
    }
}

fn explains(lane: &Lane, id: &str) -> bool {
    lane.explains.iter().any(|e| e == id)
}
