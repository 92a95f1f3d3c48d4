//! Questions, merge and order, as the kernel does them.

use windlass_app::{observe as app_observe, workloads as app};
use windlass_sdk::composition::{Contribution, Workload};
use windlass_sdk::types::{
    Action, Condition, Context, Fact, Observation, Phase, Problem, Query, Question, Step,
};
use windlass_traefik::{commands, contribute, observe as proxy_observe, traffic};

use super::world::World;

/// The plan of an operation, each host's steps in their order.
pub fn plan(context: &Context, worlds: &[World]) -> Result<Vec<Step>, Vec<Problem>> {
    let role_facts = answers(app_observe::questions(context), worlds);
    let proxy_facts = answers(proxy_observe::questions(context)?, worlds);
    let workloads = app::workloads(context)?;
    let contributions = contribute::contribute(context, &workloads)?;
    let merged: Vec<_> = workloads.into_iter().map(|w| merge(w, &contributions)).collect();
    let (rolled, moves) = app::roll(context, &role_facts, &merged)?;
    let proxy = prefixed("traefik", commands::plan(context, &proxy_facts)?);
    let moved = prefixed("traefik", traffic::traffic(context, &proxy_facts, &moves)?);
    let rest = prefixed("app", windlass_app::commands::plan(context, &role_facts)?);
    let mut steps = [proxy, prefixed("app", rolled), rest, moved].concat();
    steps.sort_by_key(|step| rank(step.phase));
    check_ids(&steps);
    Ok(steps)
}

fn prefixed(plugin: &str, mut steps: Vec<Step>) -> Vec<Step> {
    for step in &mut steps {
        step.id = format!("{plugin}.{}", step.id);
        if let Condition::Ok(id) | Condition::Failed(id) = &mut step.when {
            *id = format!("{plugin}.{id}");
        }
        step.block = step.block.take().map(|block| format!("{plugin}.{block}"));
    }
    steps
}

/// Ids are well formed, unique on a host, and named only after they were met.
fn check_ids(steps: &[Step]) {
    let mut seen: Vec<(&str, &str)> = Vec::new();
    for step in steps {
        let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b);
        assert!(step.id.bytes().all(fits), "{}", step.id);
        let key = (step.host.as_str(), step.id.as_str());
        assert!(
            !steps
                .iter()
                .any(|other| other.host == step.host && other.block.as_deref() == Some(&step.id))
        );
        assert!(!seen.contains(&key), "{key:?} twice");
        if let Condition::Ok(id) | Condition::Failed(id) = &step.when {
            assert!(seen.contains(&(&step.host, id)), "{} refers to {id}", step.id);
        }
        let text = serde_json::to_string(&step.action).unwrap();
        for (at, _) in text.match_indices("\"step\":\"") {
            let id = text[at + 8..].split('"').next().unwrap();
            let earlier = seen.iter().any(|(h, known)| *h == step.host && known.ends_with(id));
            assert!(earlier, "{} uses the output of {id}", step.id);
        }
        assert!(!step.why.is_empty() && !step.title.is_empty(), "{}", step.id);
        seen.push(key);
        seen.extend(step.block.as_deref().map(|block| (step.host.as_str(), block)));
    }
}

/// The position of a phase.
pub fn rank(phase: Phase) -> u8 {
    match phase {
        Phase::Stage => 0,
        Phase::Share => 1,
        Phase::Prepare => 2,
        Phase::Start => 3,
        Phase::Route => 4,
        Phase::Drain => 5,
        Phase::Retire => 6,
        Phase::Cleanup => 7,
    }
}

fn merge(mut workload: Workload, contributions: &[Contribution]) -> Workload {
    let ours = |c: &&Contribution| c.host == workload.host && c.role == workload.role;
    for added in contributions.iter().filter(ours) {
        let container = &mut workload.container;
        for (name, _) in &added.labels {
            assert!(!container.labels.iter().any(|(known, _)| known == name), "{name} twice");
        }
        container.labels.extend(added.labels.clone());
        container.volumes.extend(added.volumes.clone());
        container.health = added.health.clone().or(container.health.take());
    }
    workload
}

/// What the worlds answer.
pub fn answers(questions: Vec<Question>, worlds: &[World]) -> Vec<Observation> {
    let answer = |question: Question| {
        let world = worlds.iter().find(|world| world.host == question.host).unwrap();
        let fact = match &question.query {
            Query::Containers(labels) => Fact::Containers(
                world
                    .containers
                    .iter()
                    .filter(|c| labels.iter().all(|label| c.labels.contains(label)))
                    .cloned()
                    .collect(),
            ),
            Query::Container(name) => Fact::Containers(
                world.containers.iter().filter(|c| c.name == *name).cloned().collect(),
            ),
            Query::Images(_) => Fact::Images(world.images()),
            Query::EnvNames(_) => Fact::EnvNames(None),
            Query::Directory(_) => Fact::Directory(Some(world.cord_directories())),
            other => panic!("{other:?}"),
        };
        Observation { host: question.host, id: question.id, answer: Ok(fact) }
    };
    questions.into_iter().map(answer).collect()
}

/// True if the step runs when all goes well.
pub fn is_unconditional(step: &Step) -> bool {
    step.when == Condition::Always
}

/// A step as one line, for snapshots.
pub fn line(step: &Step) -> String {
    let phase = format!("{:?}", step.phase).rsplit("::").next().unwrap().to_lowercase();
    let mut line = format!("{} {phase}: {}", step.host, step.title);
    if let Condition::Failed(id) = &step.when {
        line = format!("{line} (only if {id} fails)");
    }
    if step.may_fail && is_unconditional(step) {
        line += " (may fail)";
    }
    if let Action::Other((name, json)) = &step.action {
        line = format!("{line} ({name} {json})");
    }
    let hidden = matches!(step.action, Action::Wait(_)) && step.undo.is_none();
    match &step.undo {
        Some(undo) if !hidden => {
            format!("{line}\n    undo: {}", serde_json::to_string(undo).unwrap())
        }
        _ => line,
    }
}
