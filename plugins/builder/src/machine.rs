//! The user's machine: what the kernel tells about it, and steps on it.

use windlass_sdk::steps::{StepExt, annotation, step};
use windlass_sdk::types::{Action, Command, Context, Phase, Step};

/// The user's own machine among the hosts.
const LOCAL: &str = "local";
/// For what moves layers or a whole repository.
pub const TRANSFER_LIMIT_MS: u32 = 20 * 60 * 1000;

/// A git repository and where the project is in it.
pub struct Repository {
    pub root: String,
    /// Empty, or with a slash at its end.
    pub prefix: String,
    pub revision: String,
    /// A line per path that is not committed.
    pub uncommitted: String,
}

/// The repository of the project. The error is why git could not tell.
pub fn repository(context: &Context) -> Result<Option<Repository>, String> {
    let known = |key: &str| annotation(&context.annotations, key).map(str::to_string);
    if let Some(error) = known("git.error") {
        return Err(error);
    }
    let (Some(root), Some(revision)) = (known("git.root"), known("git.revision")) else {
        return Ok(None);
    };
    Ok(Some(Repository {
        root,
        revision,
        prefix: known("git.prefix").unwrap_or_default(),
        uncommitted: known("git.uncommitted").unwrap_or_default(),
    }))
}

/// A step before the lock.
pub fn local(id: impl Into<String>, title: impl Into<String>, action: Action) -> Step {
    step(id, LOCAL, Phase::Stage, title.into(), action).limit(TRANSFER_LIMIT_MS).why("/builder")
}

/// A command as a step.
pub fn run(id: impl Into<String>, title: impl Into<String>, command: Command) -> Step {
    local(id, title, Action::Run(command))
}

/// A command that only looks.
pub fn look(id: impl Into<String>, title: impl Into<String>, command: Command) -> Step {
    run(id, title, Command { read_only: true, ..command })
}
