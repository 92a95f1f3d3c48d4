//! Checks steps: names, hosts, references, what an action must say to be meant.

use std::collections::{BTreeMap, BTreeSet};

use super::verify::{host, id, path, role};
use super::{url, verify_texts, walk};
use crate::model::action::{Yields, profile};
use crate::model::outputs;
use crate::model::plan::{LOCAL, Segment, rank};
use crate::model::printable::is_one_line;
use crate::model::wit::{
    Action, Command, Condition, ContainerAction, Context, FileWrite, OutputKind, OutputRef, Part,
    Phase, Step, Upload, Wait,
};

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
        // The order in which they run: by phase, those that are `once` last, then as listed.
        steps.sort_by_key(|step| (rank(step.phase), step.once));
        unique(steps)?;
    }
    let local = hosts.get(LOCAL).cloned().unwrap_or_default();
    let mut kinds = BTreeMap::new();
    for (host, steps) in &hosts {
        // What this machine yields before the lock, every host may use.
        references(steps, if *host == LOCAL { &[] } else { &local }, &mut kinds)?;
    }
    once(steps)
}

/// Checks that what happens once has a phase with a barrier, and one host.
fn once(steps: &[Step]) -> Result<(), String> {
    for step in steps.iter().filter(|step| step.once) {
        let named =
            |reason: &str| Err(format!("the step `{}`, which is `once`, {reason}", step.id));
        if !matches!(step.phase, Phase::Share | Phase::Cleanup) {
            return named("is neither in `share` nor in `cleanup`");
        }
        if step.host == LOCAL {
            return named("is on `local`");
        }
        if steps.iter().any(|other| other.id == step.id && other.host != step.host) {
            return named("is on two hosts");
        }
    }
    Ok(())
}

/// What can be said of a step without the others.
fn alone(cx: &Context, step: &Step) -> Result<(), String> {
    id("the id", &step.id)?;
    host(cx, &step.host)?;
    step.role.iter().try_for_each(|name| role(cx, name))?;
    step.block.iter().try_for_each(|name| id("the block", name))?;
    let (audit, help) = (step.audit.as_ref(), step.help.as_ref());
    let texts = [("title", Some(&step.title)), ("audit line", audit), ("help", help)];
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
    if step.undo.is_some() && !Segment::of(step).is_taken_back() {
        return Err("it has an undo in a phase in which nothing is taken back".to_owned());
    }
    if step.host == LOCAL {
        here(step)?;
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

/// Checks that a step on the user's machine has a moment at which it is performed.
fn here(step: &Step) -> Result<(), String> {
    match (&step.action, step.phase) {
        (_, Phase::Stage)
        | (Action::Hook(_), Phase::Prepare | Phase::Start | Phase::Route | Phase::Cleanup) => {
            Ok(())
        }
        (Action::Hook(_), _) => Err("no hook runs in this phase".to_owned()),
        _ => Err("on `local` nothing but hooks runs after `stage`".to_owned()),
    }
}

/// Checks that an action can be performed as it stands.
fn meant(action: &Action) -> Result<(), String> {
    let profile = profile(action);
    profile.paths.into_iter().try_for_each(path)?;
    let mut names = BTreeSet::new();
    for var in profile.variables {
        if var.name.is_empty() || var.name.contains(['=', '\0', '\n']) {
            return Err(format!("{:?} is not a valid name of a variable", var.name));
        }
        if !names.insert(&var.name) {
            return Err(format!("the variable `{}` is set twice", var.name));
        }
    }
    match action {
        Action::Other(other) => {
            Err(format!("this Windlass does not know the action `{}`", other.name))
        }
        Action::Run(command) | Action::Wait(Wait::Command(command)) => runs(command),
        Action::Exec(user) => runs(&user.command),
        Action::Container(ContainerAction::Exec(exec)) => program(exec.argv.is_empty()),
        // A set-user-ID file would be somebody else's rights for whoever runs it.
        Action::WriteFile(FileWrite { mode, .. }) | Action::Upload(Upload { mode, .. })
            if *mode > 0o777 =>
        {
            Err(format!("the mode {mode:o} is not within 777"))
        }
        Action::Wait(Wait::Http(http)) if http.status_from > http.status_to => {
            Err(format!("there is no status from {} to {}", http.status_from, http.status_to))
        }
        Action::Hook(name) if name.is_empty() || name.contains(['/', '\0']) => {
            Err(format!("{name:?} is not a valid name of a hook"))
        }
        _ => Ok(()),
    }
}

fn runs(command: &Command) -> Result<(), String> {
    command.directory.as_deref().map_or(Ok(()), path)?;
    program(command.argv.is_empty())
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
/// one host in the order in which they run, `local` those of this machine that are done by then.
/// `kinds`: what the output of a step, by its host and id, is used as; its syntax is checked once.
fn references<'a>(
    steps: &[&'a Step],
    local: &[&'a Step],
    kinds: &mut BTreeMap<(&'a str, &'a str), OutputKind>,
) -> Result<(), String> {
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
                let given = || local.iter().copied().find(|step| step.id == output.step);
                let giver = gives(giver.or_else(given), output).map_err(named)?;
                let kind = *kinds.entry((&giver.host, &giver.id)).or_insert(output.kind);
                if kind != output.kind {
                    return Err(named(format!(
                        "the output of `{}` is used as {} here and as {} elsewhere",
                        output.step,
                        outputs::name(output.kind),
                        outputs::name(kind)
                    )));
                }
            }
        }
    }
    Ok(())
}

/// Checks that a step can have the output that is referred to.
fn gives<'a>(giver: Option<&'a Step>, output: &OutputRef) -> Result<&'a Step, String> {
    let OutputRef { step, kind } = output;
    let Some(giver) = giver else {
        return Err(format!("no earlier step is called `{step}`"));
    };
    let gives = match profile(&giver.action).yields {
        Yields::Nothing => false,
        Yields::Only(only) => only == *kind,
        Yields::Printed => true,
    };
    let kind = outputs::name(*kind);
    if gives { Ok(giver) } else { Err(format!("the step `{step}` gives no {kind}")) }
}
