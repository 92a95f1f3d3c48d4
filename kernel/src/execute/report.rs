//! What a script said about its steps.

use std::collections::BTreeMap;
use std::time::Instant;

use crate::model::event::{Ending, Event, Sink};
use crate::model::plan::{PlannedStep, Program};
use crate::model::secret::Secret;
use crate::model::wit::{Action, ContainerAction, LogSearch, OutputKind};
use crate::ssh::frame::Frame;

use super::trip::Trip;

/// Lines of a step's output that are kept for the report of a failure.
const KEPT_LINES: usize = 400;
/// The exit code of a wait or command that ran out of time, as `timeout` has it.
const TIMED_OUT: i32 = 124;

/// Why a script did not do its steps at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The host's number is not the one of this run: somebody took over.
    #[error("the host's fence is {found}, not the number of this run: another deploy took over")]
    Fenced { found: String },
    /// A script of an earlier run holds the fence and did not end.
    #[error("a script of an earlier run is still running on this host")]
    Busy,
}

/// What a trip did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TripReport {
    /// By step id: the exit code of each step that ended.
    pub codes: BTreeMap<String, i32>,
    /// By step or block id, for conditions of later trips.
    pub endings: BTreeMap<String, bool>,
    pub outputs: BTreeMap<String, String>,
    /// Steps that were taken back, and whether that went well.
    pub undone: Vec<(String, bool)>,
    pub refusal: Option<Refusal>,
    /// Process id of the script, to ask it to stop.
    pub pid: Option<u32>,
    /// True: the script came to its end. False: the connection or the script was cut.
    pub done: bool,
    /// What each step printed.
    pub texts: BTreeMap<String, Vec<String>>,
}

impl TripReport {
    /// The first step whose failure fails the lane.
    pub fn failure<'a>(&self, steps: &'a [PlannedStep]) -> Option<&'a PlannedStep> {
        steps.iter().find(|s| {
            !s.spec.may_fail
                && !matches!(s.spec.when, crate::model::wit::Condition::Failed(_))
                && self.codes.get(&s.id).is_some_and(|code| *code != 0)
        })
    }
}

impl TripReport {
    /// True if the script came to its end without a failure, and yet left steps out: it was
    /// asked to stop, or ran past its deadline.
    pub fn interrupted(&self, steps: &[PlannedStep]) -> bool {
        let left_out = |step: &PlannedStep| {
            let block = step.spec.block.as_ref().and_then(|block| self.endings.get(block));
            step.spec.when == crate::model::wit::Condition::Always
                && !self.codes.contains_key(&step.id)
                && block != Some(&false)
        };
        self.done
            && self.refusal.is_none()
            && self.failure(steps).is_none()
            && steps.iter().any(left_out)
    }
}

/// Reads the frames of one trip, tells the sink, and collects the report.
pub struct Reader<'a> {
    trip: &'a Trip,
    host: String,
    sink: Sink,
    began: Option<Instant>,
    report: TripReport,
}

impl<'a> Reader<'a> {
    /// Reads the frames of `trip` on `host`.
    pub fn new(trip: &'a Trip, host: &str, sink: Sink) -> Self {
        let report = TripReport::default();
        Self { trip, host: host.to_string(), sink, began: None, report }
    }

    /// Takes the next frame.
    pub fn take(&mut self, frame: Frame) {
        match frame {
            Frame::Event(words) => {
                let words: Vec<&str> = words.iter().map(String::as_str).collect();
                self.event(&words);
            }
            Frame::Text { step: Some(n), line } => {
                let Some(step) = self.trip.steps.get(n) else { return };
                if !wanted(step, &line) {
                    return;
                }
                let kept = self.report.texts.entry(step.id.clone()).or_default();
                if kept.len() < KEPT_LINES {
                    kept.push(line.clone());
                }
                let result = step.spec.is_result;
                let (host, step) = (self.host.clone(), step.id.clone());
                (self.sink)(Event::Text { host, step, line, result });
            }
            // Before the first step: the login shell's or sh's own words.
            Frame::Text { step: None, line } => {
                (self.sink)(Event::Debug { message: format!("{}: {line}", self.host) });
            }
        }
    }

    /// The report, when the streams have ended.
    pub fn finish(self) -> TripReport {
        self.report
    }

    fn event(&mut self, words: &[&str]) {
        let step = |n: &str| n.parse::<usize>().ok().and_then(|n| self.trip.steps.get(n)).cloned();
        match words {
            ["pid", pid] => self.report.pid = pid.parse().ok(),
            ["fence", "busy"] => self.report.refusal = Some(Refusal::Busy),
            ["fence", found] => {
                self.report.refusal = Some(Refusal::Fenced { found: found.to_string() });
            }
            ["begin", n] => {
                let Some(step) = step(n) else { return };
                self.began = Some(Instant::now());
                let (host, title) = (self.host.clone(), step.spec.title);
                (self.sink)(Event::Begin { host, step: step.id, title });
            }
            ["out", n, value @ ..] => {
                let Some(step) = step(n) else { return };
                let value = value.join(" ");
                if let Program::Processes { yields: Some(OutputKind::SecretText), .. } =
                    step.program
                {
                    (self.sink)(Event::Secret { text: Secret::new(value.clone()) });
                }
                self.report.outputs.insert(step.id, value);
            }
            ["end", n, code] => {
                let (Some(step), Ok(code)) = (step(n), code.parse::<i32>()) else { return };
                self.ended(&step, code);
            }
            ["undone", n, code] => {
                let Some(step) = step(n) else { return };
                let (ok, host, title) = (*code == "0", self.host.clone(), step.spec.title);
                self.report.undone.push((step.id.clone(), ok));
                (self.sink)(Event::Undone { host, step: step.id, title, ok });
            }
            ["done"] => self.report.done = true,
            _ => {}
        }
    }

    fn ended(&mut self, step: &PlannedStep, code: i32) {
        let ok = code == 0;
        self.report.codes.insert(step.id.clone(), code);
        self.report.endings.insert(step.id.clone(), ok);
        if let Some(block) = &step.spec.block {
            let all = self.report.endings.entry(block.clone()).or_insert(true);
            *all = *all && ok;
        }
        let ms = self.began.map_or(0, |began| began.elapsed().as_millis() as u64);
        let ending = match code {
            0 => Ending::Ok,
            TIMED_OUT => Ending::TimedOut,
            _ => Ending::Failed,
        };
        let (host, title) = (self.host.clone(), step.spec.title.clone());
        (self.sink)(Event::End { host, step: step.id.clone(), title, ending, code, ms });
    }
}

/// The search that the step's lines go through.
pub(super) fn search(step: &PlannedStep) -> Option<&LogSearch> {
    match &step.spec.action {
        Action::Container(ContainerAction::Logs(logs)) => logs.search.as_ref(),
        _ => None,
    }
}

/// False for a line that the step's search leaves out.
fn wanted(step: &PlannedStep, line: &str) -> bool {
    let Some(search) = search(step) else { return true };
    let found = if search.ignore_case {
        line.to_lowercase().contains(&search.text.to_lowercase())
    } else {
        line.contains(&search.text)
    };
    found != search.invert
}
