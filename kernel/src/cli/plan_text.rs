//! A plan in words.

use std::fmt::Write as _;

use crate::model::plan::{Effect, LOCAL, Plan, PlannedStep};
use crate::model::wit::{Condition, Phase};

/// Every step by host, with what it may change, when it runs, and why it is there.
pub fn describe(plan: &Plan, verbose: bool) -> String {
    let mut text = String::new();
    let writes = plan.steps.iter().filter(|s| s.effect == Effect::Write).count();
    let _ = writeln!(
        text,
        "Plan of {} for {} at version {}: {} steps, {writes} of them change a host under the lock.\n\
         ! changes the host   + adds what nothing uses yet   ? only looks   » is yours",
        plan.operation,
        plan.service,
        plan.version,
        plan.steps.len()
    );
    let mut hosts = plan.hosts();
    if plan.steps.iter().any(|s| s.step.host == LOCAL) {
        hosts.insert(0, LOCAL);
    }
    for host in hosts {
        let _ = writeln!(text, "\n{host}");
        let mut phase = None;
        for step in plan.steps.iter().filter(|s| s.step.host == host) {
            if phase != Some(step.step.phase) {
                phase = Some(step.step.phase);
                let _ = writeln!(text, "  {}", phase_name(step.step.phase));
            }
            text.push_str(&line(plan, step, verbose));
        }
    }
    text
}

fn phase_name(phase: Phase) -> &'static str {
    match phase {
        Phase::Stage => "stage: before the lock",
        Phase::Share => "share: before any host starts the new version",
        Phase::Prepare => "prepare",
        Phase::Start => "start: the new version beside the old one",
        Phase::Route => "route: until the new version serves",
        Phase::Drain => "drain: behind the gate",
        Phase::Retire => "retire: the old version",
        Phase::Cleanup => "cleanup: when all hosts are done",
    }
}

fn line(plan: &Plan, step: &PlannedStep, verbose: bool) -> String {
    let mark = match step.effect {
        Effect::Read => "?",
        Effect::Stage => "+",
        Effect::User => "»",
        Effect::Write => "!",
    };
    let condition = match &step.step.when {
        Condition::Always => String::new(),
        Condition::Ok(id) => format!(" — only if “{}” succeeds", title(plan, id)),
        Condition::Failed(id) => format!(" — only if “{}” fails", title(plan, id)),
    };
    let undo = if step.undo.is_some() { " (taken back on failure)" } else { "" };
    let why = if verbose && !step.step.why.is_empty() {
        format!("\n        because {} [{}]", step.step.why, step.plugin)
    } else {
        String::new()
    };
    format!("    {mark} {}{condition}{undo}{why}\n", step.step.title)
}

/// The title of a step; of a block, those of its first and last step.
fn title(plan: &Plan, id: &str) -> String {
    let title = |step: Option<&PlannedStep>| step.map(|step| step.step.title.clone());
    let mut block = plan.steps.iter().filter(|s| s.step.block.as_deref() == Some(id));
    match (title(plan.steps.iter().find(|s| s.id == id)), title(block.next())) {
        (Some(title), _) => title,
        (None, Some(first)) => {
            title(block.next_back()).map_or(first.clone(), |last| format!("{first} … {last}"))
        }
        (None, None) => id.to_string(),
    }
}
