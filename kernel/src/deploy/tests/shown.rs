//! Steps as the snapshots show them: in the words of the one renderer, under a line that says
//! where they belong.

use crate::model::plan::{Effect, PlannedStep};
use crate::model::render;

fn head(step: &PlannedStep) -> String {
    format!("{} {} ({})", step.spec.host, step.id, render::terms(step))
}

/// Where and on which terms, and what it does.
pub fn action(step: &PlannedStep) -> String {
    format!("{}\n{}", head(step), render::indent(&render::does(step), "  "))
}

/// The same; of a step that only looks, without what it does.
pub fn outline(step: &PlannedStep) -> String {
    match step.effect {
        Effect::Read => format!("{}\n", head(step)),
        Effect::Stage | Effect::User | Effect::Write => action(step),
    }
}

/// All that a plan says of a step.
pub fn whole(step: &PlannedStep) -> String {
    let name = |debug: String| debug.rsplit("::").next().unwrap_or_default().to_lowercase();
    let phase = name(format!("{:?}", step.spec.phase));
    let effect = name(format!("{:?}", step.effect));
    let (host, id, title) = (&step.spec.host, &step.id, &step.spec.title);
    let head = format!("{host} {phase} {effect} {id}: {title}");
    let (does, terms) = (render::does(step), render::terms(step));
    let text = format!("{does}\n{terms}\n{}", render::reasons(step));
    format!("{head}\n{}", render::indent(&text, "  "))
}
