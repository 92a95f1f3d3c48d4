//! Programs on this machine: the only place that starts them (ssh's masters aside).

mod error;
mod git;
mod here;
mod run;
mod shell;
mod turn;

#[cfg(test)]
mod tests;

pub use error::LocalError;
pub use git::{REPOSITORY_VARIABLES, Repository, performer, repository, user_name};
pub use here::Here;
pub use run::{Command, Exit, Stream, run};
pub use shell::shell;
pub use turn::Turn;
