//! Cords: a file on the host that a container's health check looks for. Removing it takes the
//! container out of service while it finishes what it was asked.

use windlass_sdk::steps::{absolute_run_directory, error_on, role_prefix, step};
use windlass_sdk::texts::text;
use windlass_sdk::types::{
    Action, ContainerState, Context, FileWrite, HostInfo, Incoming, Move, Phase, Problem, Step,
};

/// The directory of all cords, as the configuration spells it.
pub fn relative(context: &Context) -> String {
    format!("{}/cords", context.run_directory.trim_end_matches('/'))
}

/// The directory of all cords, as a mount spells it.
pub fn absolute(context: &Context, host: &HostInfo) -> String {
    format!("{}/cords", absolute_run_directory(context, host).trim_end_matches('/'))
}

/// The directory of the cord of a role's new container.
pub fn directory(context: &Context, host: &HostInfo, role: &str) -> Result<String, Problem> {
    if host.home.is_empty() && !context.run_directory.starts_with('/') {
        let help = "set run_directory to an absolute path";
        return Err(error_on(&host.name, "the home directory of the user is not known", help));
    }
    let prefix = role_prefix(context, role);
    Ok(format!("{}/{prefix}-{}", absolute(context, host), context.run_id))
}

/// Where a container has its cord on the host: a directory of [`directory`]'s name, below any
/// run directory and mounted anywhere, since both may have been others when it was started.
pub fn source<'a>(context: &Context, role: &str, container: &'a ContainerState) -> Option<&'a str> {
    let prefix = role_prefix(context, role);
    let is_cord = |source: &&str| {
        let name = source.rsplit_once('/').filter(|(above, _)| above.ends_with("/cords"));
        name.is_some_and(|(_, name)| is_named(name, &prefix))
    };
    container.mounts.iter().map(|mount| mount.source.as_str()).find(is_cord)
}

/// True for the name of a directory of a role's cord: the role's prefix and the id of a run.
pub fn is_named(name: &str, prefix: &str) -> bool {
    let run = name.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('-'));
    // Exactly 32 digits: `-staging-…` is another destination's.
    run.is_some_and(|run| run.len() == 32 && run.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Makes the cord, and its directory.
pub fn tie(directory: &str) -> Action {
    Action::WriteFile(FileWrite { path: file(directory), content: text(""), mode: 0o644 })
}

/// Removes the cord but not its directory, which the container would no longer see after it was
/// made again: so the cord can be tied again.
pub fn cut(directory: &str) -> Action {
    Action::RemoveFile(file(directory))
}

fn file(directory: &str) -> String {
    format!("{directory}/cord")
}

/// Ties the cord of a container that is started again: it was cut when the container was
/// replaced, and without it the container would never be healthy.
pub fn tie_again(context: &Context, moved: &Move) -> Option<Step> {
    let Incoming::Started(container) = &moved.incoming else { return None };
    let directory = source(context, &moved.role, container)?;
    let id = format!("{}.cord", windlass_sdk::names::id_part(&moved.role));
    let title = format!("Tie the cord of {}", container.name);
    let why = "it may have been cut when the container was replaced";
    let tie = step(id, &moved.host, Phase::Prepare, title, tie(directory));
    Some(tie.role(&moved.role).why(why))
}
