//! `windlass accessory logs`.

use windlass_sdk::arguments::log_options;
use windlass_sdk::steps::container as act;
use windlass_sdk::types::{ContainerAction, Phase, Problem, Step};

use crate::rollout::present;
use crate::subject::Subject;

/// For what ends when the user says so.
pub const NO_LIMIT_MS: u32 = u32::MAX;

/// The last lines on each host, or new ones of the first as they come.
pub fn logs(subject: &Subject) -> Result<Vec<Step>, Problem> {
    let follow = subject.arguments.switch("follow");
    if follow && !subject.first {
        return Ok(Vec::new());
    }
    let found = present(subject)?;
    let mut options = log_options(subject.arguments, &found.id, true)?;
    // As in Kamal, whatever is searched for.
    options.tail = options.tail.or(follow.then_some(10));
    let action = act(ContainerAction::Logs(options));
    let title = format!("Show lines of {}", found.name);
    let step = subject.step("logs", Phase::Start, title, action);
    Ok(vec![if follow { step.limit(NO_LIMIT_MS) } else { step }])
}
