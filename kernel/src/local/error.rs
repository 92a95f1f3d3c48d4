//! What can go wrong with a local program.

use std::path::PathBuf;
use std::time::Duration;
use thiserror::Error;

/// A local program that could not be started or did not end as it should.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LocalError {
    /// No such program, file or interpreter.
    #[error(
        "{program} was not found\nhelp: install it, or check the PATH and the first line of the script"
    )]
    NotFound { program: String },
    /// The working directory is not there.
    #[error("{program} cannot run in {}: no such directory", directory.display())]
    NoDirectory { program: String, directory: PathBuf },
    /// It is there and cannot be started.
    #[error("{program} could not be started: {detail}\nhelp: is it executable (chmod +x)?")]
    NotStarted { program: String, detail: String },
    /// The system failed while it ran.
    #[error("{program} was lost: {detail}")]
    Lost { program: String, detail: String },
    /// It ran too long and was ended with all that it had started.
    #[error("{program} was ended because it took longer than {} s", limit.as_secs_f64())]
    TimedOut { program: String, limit: Duration },
    /// A command line of the configuration ended with another code than 0.
    #[error("the command `{line}` failed{}{detail}", if detail.is_empty() { "" } else { ": " })]
    Command { line: String, detail: String },
    /// git refused.
    #[error("{command} failed in {}{}{detail}", directory.display(), if detail.is_empty() { "" } else { ": " })]
    Git { command: String, directory: PathBuf, detail: String },
    /// Another run has the turn.
    #[error(
        "another windlass on this machine builds this project, and did not finish within {} s\nhelp: wait longer with --lock-wait SECONDS",
        wait.as_secs()
    )]
    Busy { wait: Duration },
    /// The file of the turn cannot be locked.
    #[error("{} cannot be locked: {detail}\nhelp: is the disk full, or the directory not yours?", path.display())]
    Turn { path: PathBuf, detail: String },
}
