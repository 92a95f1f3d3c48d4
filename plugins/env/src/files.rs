//! The env files on the hosts: where they are, and what a host says about them.

use windlass_sdk::containers::rolls;
use windlass_sdk::steps::{error_on, question, role_prefix};
use windlass_sdk::types::{Context, Fact, Observation, Problem, Query, Question};

/// The env file of a role, in Docker's format.
pub fn path(context: &Context, role: &str) -> String {
    format!("{}/env/roles/{}.env", context.run_directory, role_prefix(context, role))
}

/// Beside it, the values that the format cannot carry, one file each.
pub fn directory(context: &Context, role: &str) -> String {
    format!("{}.d", path(context, role))
}

/// What a host has for a role.
#[derive(Debug, PartialEq)]
pub enum Seen {
    /// Nobody asked.
    Unasked,
    Absent,
    /// The file, and the names in the directory beside it.
    Present(Vec<String>),
}

/// The questions of an operation that starts containers. `setup` writes the files first.
pub fn questions(context: &Context) -> Vec<Question> {
    let starts = rolls(&context.operation) || context.operation == "app exec";
    if !starts || context.operation == "setup" {
        return Vec::new();
    }
    let of_role = |host: &str, role: &str| {
        [
            question(host, file_id(role), Query::File(path(context, role))),
            question(host, directory_id(role), Query::Directory(directory(context, role))),
        ]
    };
    let hosts = context.hosts.iter();
    hosts.flat_map(|h| h.roles.iter().flat_map(|role| of_role(&h.name, role))).collect()
}

/// What the host answered.
pub fn seen(observations: &[Observation], host: &str, role: &str) -> Result<Seen, Problem> {
    let file = match answer(observations, host, &file_id(role))? {
        Some(Fact::File(file)) => file,
        _ => return Ok(Seen::Unasked),
    };
    let names = match answer(observations, host, &directory_id(role))? {
        Some(Fact::Directory(names)) => names.clone().unwrap_or_default(),
        _ => Vec::new(),
    };
    Ok(file.as_ref().map_or(Seen::Absent, |_| Seen::Present(names)))
}

fn answer<'a>(
    observations: &'a [Observation],
    host: &str,
    id: &str,
) -> Result<Option<&'a Fact>, Problem> {
    match observations.iter().find(|o| o.host == host && o.id == id).map(|o| &o.answer) {
        None => Ok(None),
        Some(Ok(fact)) => Ok(Some(fact)),
        Some(Err(why)) => Err(error_on(
            host,
            format!("the env files of the host are not known: {}", why.trim()),
            "see that the user may read the run directory",
        )),
    }
}

fn file_id(role: &str) -> String {
    format!("env-file {role}")
}

fn directory_id(role: &str) -> String {
    format!("env-directory {role}")
}
