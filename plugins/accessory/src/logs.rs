//! `windlass accessory logs`.

use windlass_sdk::arguments::log_options;
use windlass_sdk::steps::container as act;
use windlass_sdk::types::{ContainerAction, Phase, Problem, Step};

use crate::rollout::present;
use crate::scene::Scene;

/// For what ends when the user says so.
pub const NO_LIMIT_MS: u32 = u32::MAX;

/// The last lines on each host, or new ones of the first as they come.
pub fn logs(scene: &Scene) -> Result<Vec<Step>, Problem> {
    let follow = scene.arguments.switch("follow");
    if follow && !scene.first {
        return Ok(Vec::new());
    }
    let found = present(scene)?;
    let mut options = log_options(scene.arguments, &found.id, true)?;
    // As in Kamal, whatever is searched for.
    options.tail = options.tail.or(follow.then_some(10));
    let action = act(ContainerAction::Logs(options));
    let title = format!("Show lines of {}", found.name);
    let step = scene.step("logs", Phase::Start, title, action);
    Ok(vec![if follow { step.limit(NO_LIMIT_MS) } else { step }])
}
