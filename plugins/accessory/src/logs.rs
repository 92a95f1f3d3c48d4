//! `windlass accessory logs`.

use windlass_sdk::arguments::search;
use windlass_sdk::steps::container as act;
use windlass_sdk::types::{ContainerAction, LogOptions, Phase, Problem, Step};

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
    let (since, grep) = (scene.arguments.text("since"), scene.arguments.text("grep"));
    let all = since.is_some() || grep.is_some();
    let default = if follow { Some(10) } else { (!all).then_some(100) };
    let options = LogOptions {
        container: found.id.clone(),
        tail: scene.arguments.number("lines").or(default),
        since,
        timestamps: true,
        follow,
        search: search(scene.arguments)?,
    };
    let action = act(ContainerAction::Logs(options));
    let title = format!("Show lines of {}", found.name);
    let step = scene.step("logs", Phase::Start, title, action);
    Ok(vec![if follow { step.limit(NO_LIMIT_MS) } else { step }])
}
