//! Checks answers other than steps. Each function returns one sentence: what is wrong.

use std::collections::BTreeSet;

use super::contract::{Answer, Lowered, LoweredQuery, LoweredWait};
use super::verify_texts;
use super::walk;
use crate::model::action::{self, Slot};
use crate::model::plan::LOCAL;
use crate::model::printable::is_one_line;
use crate::model::wit::{
    Action, ContainerAction, ContainerFact, ContainerQuery, ContainerSpec, Context, Contribution,
    Incoming, Move, Part, Query, Question, Workload,
};

/// Checks an id: `[a-z0-9._-]+`.
pub(super) fn id(what: &str, id: &str) -> Result<(), String> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
    if !id.is_empty() && id.chars().all(allowed) {
        return Ok(());
    }
    Err(format!("{what} {id:?} is not made of a–z, 0–9, `.`, `_` and `-`"))
}

/// Checks that a host is in play, or `local`.
pub(super) fn host(cx: &Context, name: &str) -> Result<(), String> {
    if name == LOCAL || cx.hosts.iter().any(|host| host.name == name) {
        return Ok(());
    }
    Err(format!("there is no host {name:?}"))
}

/// Checks that a role is in play.
pub(super) fn role(cx: &Context, name: &str) -> Result<(), String> {
    if cx.roles.iter().any(|role| role.name == name) {
        return Ok(());
    }
    Err(format!("there is no role {name:?}"))
}

/// Checks a path on a host. `..` would lead out of what was granted.
pub(super) fn path(path: &str) -> Result<(), String> {
    let climbs = path.split('/').any(|segment| segment == "..");
    if path.is_empty() || climbs || path.contains(char::is_control) {
        return Err(format!("{path:?} is not a path that can be used"));
    }
    Ok(())
}

pub(super) fn questions(cx: &Context, questions: &[Question]) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for question in questions {
        let Question { host: name, id, query } = question;
        host(cx, name)?;
        let named = |reason: String| format!("in the question {id:?} to `{name}`: {reason}");
        if id.is_empty() || !is_one_line(id) {
            return Err(format!("{id:?} is not a valid id of a question"));
        }
        if !seen.insert((name, id)) {
            return Err(format!("two questions to `{name}` are called `{id}`"));
        }
        match query {
            Query::File(asked) | Query::Directory(asked) | Query::EnvNames(asked) => {
                path(asked).map_err(named)?;
            }
            Query::Command(argv) if argv.first().is_none_or(String::is_empty) => {
                return Err(named("a command without a program".to_owned()));
            }
            Query::Other(other) | Query::Container(ContainerQuery::Other(other)) => {
                let kind = &other.name;
                return Err(named(format!("this Windlass does not know the query `{kind}`")));
            }
            Query::Command(_) | Query::Container(_) => {}
        }
    }
    Ok(())
}

pub(super) fn workloads(cx: &Context, workloads: &[Workload]) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for workload in workloads {
        let Workload { host: name, role: group, container, .. } = workload;
        let named = |reason| format!("in the container of `{group}` on `{name}`: {reason}");
        role(cx, group)?;
        server(cx, name)?;
        spec(container).map_err(named)?;
        if !seen.insert((name, group)) {
            return Err(format!("two containers are of `{group}` on `{name}`"));
        }
    }
    Ok(())
}

/// Applications run on servers.
fn server(cx: &Context, name: &str) -> Result<(), String> {
    if name == LOCAL { Err("a container on `local`".to_owned()) } else { host(cx, name) }
}

fn spec(spec: &ContainerSpec) -> Result<(), String> {
    if spec.name.is_empty() || spec.image.is_empty() {
        return Err("it lacks a name or an image".to_owned());
    }
    verify_texts::check(&action::container(spec))
}

/// Checks that only containers that were asked for are started.
pub(super) fn moves(cx: &Context, moves: &[Move], workloads: &[Workload]) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for Move { host: name, role: group, incoming, .. } in moves {
        role(cx, group)?;
        server(cx, name)?;
        if let Incoming::New(workload) = incoming {
            let planned = |given: &&Workload| (&given.host, &given.role) == (name, group);
            if (&workload.host, &workload.role) != (name, group)
                || !workloads.iter().any(|given| planned(&given))
            {
                return Err(format!(
                    "it moves `{group}` on `{name}`, for which no container is planned"
                ));
            }
        }
        if !seen.insert((name, group)) {
            return Err(format!("it moves `{group}` on `{name}` twice"));
        }
    }
    Ok(())
}

/// Checks answers about roles on hosts.
pub(super) fn on_hosts<'a>(
    cx: &Context,
    answers: impl Iterator<Item = (&'a str, &'a str)>,
) -> Result<(), String> {
    for (name, group) in answers {
        role(cx, group)?;
        server(cx, name)?;
    }
    Ok(())
}

pub(super) fn contributions(
    cx: &Context,
    contributions: &[Contribution],
    workloads: &[Workload],
) -> Result<(), String> {
    for contribution in contributions {
        let Contribution { host: name, role: group, .. } = contribution;
        host(cx, name)?;
        if !workloads.iter().any(|given| (&given.host, &given.role) == (name, group)) {
            return Err(format!("it adds to `{group}` on `{name}`, where no container is planned"));
        }
        let named = |reason| format!("in the addition to `{group}` on `{name}`: {reason}");
        contribution.env_files.iter().try_for_each(|file| path(file)).map_err(named)?;
        verify_texts::check(&walk::contribution(contribution)).map_err(named)?;
    }
    Ok(())
}

/// Checks an image repository, which may stand in an argv and in a file name.
pub(super) fn repository(name: &str) -> Result<(), String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._-/:[]".contains(c);
    if !name.is_empty() && name.chars().all(allowed) && !name.starts_with('-') {
        return Ok(());
    }
    Err(format!("{name:?} is not an image repository"))
}

/// Checks that there is an answer to each of what was asked.
pub(super) fn same(asked: usize, answered: usize) -> Result<(), String> {
    if asked == answered {
        return Ok(());
    }
    Err(format!("{asked} were asked for, {answered} came back"))
}

/// Checks commands: only what stands in the action may stand in its commands, and secrets
/// only in their environment and input.
pub(super) fn lowered(
    actions: &[ContainerAction],
    lowered: &[Result<Lowered, String>],
) -> Result<(), String> {
    for (action, lowered) in actions.iter().zip(lowered) {
        let Ok(Lowered { commands, abort, .. }) = lowered else { continue };
        let action = Action::Container(action.clone());
        let known: Vec<&Part> = walk::parts(&walk::action(&action)).collect();
        for command in commands.iter().chain(abort) {
            if command.argv.is_empty() {
                return Err("a command without a program".to_owned());
            }
            let stdin = command.stdin.iter().map(|text| (Slot::Value, text));
            let texts = action::argv(&command.argv).into_iter();
            let texts = texts.chain(action::values(&command.env)).chain(stdin).collect();
            verify_texts::check(&texts)?;
            let invented =
                |part: &&Part| !matches!(part, Part::Literal(_)) && !known.contains(part);
            if let Some(part) = walk::parts(&texts).find(invented) {
                return Err(format!("{} is not in the action", walk::part_name(part)));
            }
        }
    }
    Ok(())
}

pub(super) fn lowered_waits(lowered: &[Result<LoweredWait, String>]) -> Result<(), String> {
    for LoweredWait { argv, accept, steady, .. } in lowered.iter().flatten() {
        if argv.is_empty() {
            return Err("a command without a program".to_owned());
        }
        verify_texts::check(&action::argv(argv))?;
        if accept.is_empty() && steady.is_empty() {
            return Err("a wait that can never succeed".to_owned());
        }
        if let Some(part) = argv.iter().flatten().find(|part| !matches!(part, Part::Literal(_))) {
            return Err(format!("{} is not in the wait", walk::part_name(part)));
        }
    }
    Ok(())
}

pub(super) fn lowered_queries(lowered: &[Result<LoweredQuery, String>]) -> Result<(), String> {
    for LoweredQuery { command, each } in lowered.iter().flatten() {
        for argv in std::iter::once(command).chain(each) {
            if argv.first().is_none_or(String::is_empty) {
                return Err("a command without a program".to_owned());
            }
        }
    }
    Ok(())
}

/// Checks that facts are of the kind that was asked for.
pub(super) fn facts(
    answers: &[Answer],
    facts: &[Result<ContainerFact, String>],
) -> Result<(), String> {
    use ContainerFact as F;
    use ContainerQuery as Q;
    for (Answer { query, .. }, fact) in answers.iter().zip(facts) {
        let Ok(fact) = fact else { continue };
        let fits = match query {
            Q::Containers(_) | Q::Container(_) => matches!(fact, F::Containers(_)),
            Q::Images(_) => matches!(fact, F::Images(_)),
            Q::Other(_) => matches!(fact, F::Other(_)),
        };
        if !fits {
            return Err(format!("the fact it read is of another kind than {query:?}"));
        }
    }
    Ok(())
}
