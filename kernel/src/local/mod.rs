//! Programs on this machine: the only place that starts them (ssh's masters aside).

mod error;
mod git;
mod run;
mod shell;

#[cfg(test)]
mod tests;

pub use error::LocalError;
pub use git::{git_revision, git_uncommitted, git_version, performer, user_name};
pub use run::{Command, Exit, Stream, run};
pub use shell::shell;
