//! Cord directories that nobody needs any more. Kamal leaves them behind.

use windlass_sdk::names::id_part;
use windlass_sdk::steps::{role_prefix, step};
use windlass_sdk::types::{Action, Context, Phase, Problem, Step};

use crate::cords::{absolute, is_named};
use crate::observe::ProxyFacts;
use crate::settings::Settings;

/// Removes cord directories of our roles: all of them, or those that no container mounts and
/// that are not this run's.
pub fn tidy(
    context: &Context,
    settings: &Settings,
    facts: &ProxyFacts,
    all: bool,
) -> Result<Vec<Step>, Problem> {
    let containers = facts.containers()?;
    let root = absolute(context, facts.host);
    let roles = context.roles.iter().filter(|role| facts.host.roles.contains(&role.name));
    let prefixes: Vec<_> = roles
        .filter(|role| settings.routes_to(&role.name))
        .map(|role| role_prefix(context, &role.name))
        .collect();
    let is_ours = |name: &str| prefixes.iter().any(|prefix| is_named(name, prefix));
    let is_free = |name: &str| {
        let path = format!("{root}/{name}");
        let mounted = containers.iter().flat_map(|c| &c.mounts).any(|mount| mount.source == path);
        !mounted && !name.ends_with(&context.run_id)
    };
    let steps = facts.cords().iter().filter(|name| is_ours(name) && (all || is_free(name)));
    let remove = |name: &String| {
        let id = format!("tidy.{}", id_part(name));
        let title = format!("Remove the cord directory {name}");
        let action = Action::RemoveDirectory(format!("{root}/{name}"));
        let why = "its container is gone";
        step(id, &facts.host.name, Phase::Cleanup, title, action).may_fail().why(why)
    };
    Ok(steps.map(remove).collect())
}
