//! Checks steps: names, hosts, references, what an action must say to be meant.

use std::collections::{BTreeMap, BTreeSet};

use super::verify::{host, id, path, role};
use super::{url, verify_texts, walk};
use crate::model::printable::is_one_line;
use crate::model::wit::{
    Action, Condition, ContainerAction, Context, OutputKind, OutputRef, Part, Step, Wait,
};

/// The `other` actions that the kernel performs.
const KNOWN: [&str; 1] = ["say"];

/// The annotation that says what to do if the step fails.
const HELP: &str = "help";

/// Checks the steps of one answer.
///
/// # Errors
/// One sentence that names the step.
pub(super) fn check(cx: &Context, steps: &[Step]) -> Result<(), String> {
    let mut hosts: BTreeMap<&str, Vec<&Step>> = BTreeMap::new();
    for step in steps {
        let named =
            |reason: String| format!("in the step `{}` on `{}`: {reason}", step.id, step.host);
        alone(cx, step).map_err(named)?;
        hosts.entry(&step.host).or_default().push(step);
    }
    for steps in hosts.values_mut() {
        // The order in which they run: by phase, then as listed.
        steps.sort_by_key(|step| step.phase as u8);
        unique(steps)?;
        references(steps)?;
    }
    Ok(())
}

/// What can be said of a step without the others.
fn alone(cx: &Context, step: &Step) -> Result<(), String> {
    id("the id", &step.id)?;
    host(cx, &step.host)?;
    step.role.iter().try_for_each(|name| role(cx, name))?;
    step.block.iter().try_for_each(|name| id("the block", name))?;
    let help = step.annotations.iter().find(|(key, _)| key == HELP).map(|(_, text)| text);
    let texts = [("title", Some(&step.title)), ("audit line", step.audit.as_ref()), ("help", help)];
    for (what, text) in texts {
        let Some(text) = text else { continue };
        if text.trim().is_empty() || !is_one_line(text) {
            return Err(format!("the {what} must be one line of text, not {text:?}"));
        }
    }
    if !is_one_line(&step.why) {
        return Err(format!("the reason must be one line of text, not {:?}", step.why));
    }
    if step.time_limit_ms == 0 {
        return Err("it has no time limit".to_owned());
    }
    for action in std::iter::once(&step.action).chain(&step.undo) {
        meant(action)?;
        verify_texts::check(&walk::action(action))?;
        if let Action::Wait(Wait::Http(http)) = action {
            url::check(&http.url)?;
        }
    }
    match step.action {
        Action::Wait(Wait::DelayMs(delay)) if delay > step.time_limit_ms => {
            Err(format!("it waits {delay} ms within a time limit of {} ms", step.time_limit_ms))
        }
        _ => Ok(()),
    }
}

/// Checks that an action can be performed as it stands.
fn meant(action: &Action) -> Result<(), String> {
    walk::changed_paths(action).into_iter().try_for_each(path)?;
    let texts = walk::variables(action);
    let mut names = BTreeSet::new();
    for var in texts {
        if var.name.is_empty() || var.name.contains(['=', '\0', '\n']) {
            return Err(format!("{:?} is no name of a variable", var.name));
        }
        if !names.insert(&var.name) {
            return Err(format!("the variable `{}` is set twice", var.name));
        }
    }
    match action {
        Action::Other((name, _)) if !KNOWN.contains(&name.as_str()) => {
            Err(format!("this Windlass does not know the action `{name}`"))
        }
        Action::Run(command)
        | Action::Exec((command, _))
        | Action::Wait(Wait::Command(command)) => {
            command.directory.as_deref().map_or(Ok(()), path)?;
            program(command.argv.is_empty())
        }
        Action::Container(ContainerAction::Exec(exec)) => program(exec.argv.is_empty()),
        // A set-user-ID file would be somebody else's rights for whoever runs it.
        Action::WriteFile(write) if write.mode > 0o777 => {
            Err(format!("the mode {:o} is not within 777", write.mode))
        }
        Action::Wait(Wait::Http(http)) if http.status_from > http.status_to => {
            Err(format!("no status lies from {} to {}", http.status_from, http.status_to))
        }
        Action::Hook(name) if name.is_empty() || name.contains(['/', '\0']) => {
            Err(format!("{name:?} is no name of a hook"))
        }
        _ => Ok(()),
    }
}

fn program(missing: bool) -> Result<(), String> {
    if missing { Err("a command without a program".to_owned()) } else { Ok(()) }
}

/// The names of steps and blocks share one space, as conditions do not say which they mean.
fn unique(steps: &[&Step]) -> Result<(), String> {
    let blocks: BTreeSet<&str> = steps.iter().filter_map(|step| step.block.as_deref()).collect();
    let mut ids = BTreeSet::new();
    for step in steps {
        let Step { id, host, .. } = step;
        if !ids.insert(id) {
            return Err(format!("two steps on `{host}` are called `{id}`"));
        }
        if blocks.contains(id.as_str()) {
            return Err(format!("on `{host}`, `{id}` is both a step and a block"));
        }
    }
    Ok(())
}

/// Checks that conditions and outputs refer to what has run by then; `steps` are those of
/// one host in the order in which they run.
fn references(steps: &[&Step]) -> Result<(), String> {
    let place: BTreeMap<&str, usize> =
        steps.iter().enumerate().map(|(index, step)| (step.id.as_str(), index)).collect();
    let ends: BTreeMap<&str, usize> = steps
        .iter()
        .enumerate()
        .filter_map(|(index, step)| Some((step.block.as_deref()?, index)))
        .collect();
    for (index, step) in steps.iter().enumerate() {
        let named =
            |reason: String| format!("in the step `{}` on `{}`: {reason}", step.id, step.host);
        if let Condition::Ok(name) | Condition::Failed(name) = &step.when {
            let end = place.get(name.as_str()).or_else(|| ends.get(name.as_str()));
            if end.is_none_or(|end| *end >= index) {
                return Err(named(format!("no earlier step or block is called `{name}`")));
            }
        }
        let actions = [(Some(&step.action), index), (step.undo.as_ref(), index + 1)];
        for (action, end) in actions {
            let Some(action) = action else { continue };
            for part in walk::parts(&walk::action(action)) {
                let Part::OutputOf(output) = part else { continue };
                let giver = place.get(output.step.as_str()).filter(|giver| **giver < end);
                let giver = giver.map(|giver| steps[*giver]);
                gives(giver, output).map_err(named)?;
            }
        }
    }
    Ok(())
}

/// Checks that a step can have the output that is referred to.
fn gives(giver: Option<&Step>, output: &OutputRef) -> Result<(), String> {
    let OutputRef { step, kind } = output;
    let Some(giver) = giver else {
        return Err(format!("no earlier step is called `{step}`"));
    };
    let gives = match &giver.action {
        Action::Container(ContainerAction::Run(_)) => *kind == OutputKind::ContainerId,
        Action::Container(ContainerAction::InspectAddress(_)) => *kind == OutputKind::IpAddress,
        Action::Container(ContainerAction::InspectPort(_)) => *kind == OutputKind::Port,
        Action::Container(ContainerAction::InspectImage(_)) => *kind == OutputKind::Digest,
        Action::Container(
            ContainerAction::Exec(_) | ContainerAction::RunOnce(_) | ContainerAction::Other(_),
        )
        | Action::Run(_) => true,
        Action::Wait(Wait::Http(http)) => *kind == OutputKind::Port && http.port_after.is_some(),
        _ => false,
    };
    let kind = walk::output_name(*kind);
    if gives { Ok(()) } else { Err(format!("the step `{step}` gives no {kind}")) }
}
