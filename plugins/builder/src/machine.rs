//! Steps on the user's machine.

use windlass_sdk::steps::step;
use windlass_sdk::types::{Action, Command, Phase, Step};

/// The user's own machine among the hosts.
const LOCAL: &str = "local";
/// For what moves layers or a whole repository.
pub const TRANSFER_LIMIT_MS: u32 = 20 * 60 * 1000;

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
