//! What can go wrong with a local program.

use std::path::PathBuf;
use std::time::Duration;
use thiserror::Error;

use crate::model::diagnostic::{Diagnostic, Kind};

/// A local program that could not be started or did not end as it should.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LocalError {
    /// No such program, file or interpreter.
    #[error("{program} was not found")]
    NotFound { program: String },
    /// The working directory is not there.
    #[error("{program} cannot run in {}: no such directory", directory.display())]
    NoDirectory { program: String, directory: PathBuf },
    /// It is there and cannot be started.
    #[error("{program} could not be started: {detail}")]
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
        "another windlass on this machine is building this project, and did not finish within {} s",
        wait.as_secs()
    )]
    Busy { wait: Duration },
    /// The file of the turn cannot be locked.
    #[error("{} cannot be locked: {detail}", path.display())]
    Turn { path: PathBuf, detail: String },
}

impl LocalError {
    /// What to type next.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::NotFound { .. } => {
                Some("install it, or check the PATH and the first line of the script")
            }
            Self::NotStarted { .. } => Some("is it executable (chmod +x)?"),
            Self::Busy { .. } => Some("wait longer with --lock-wait SECONDS"),
            Self::Turn { .. } => Some("is the disk full, or the directory not yours?"),
            Self::NoDirectory { .. }
            | Self::Lost { .. }
            | Self::TimedOut { .. }
            | Self::Command { .. }
            | Self::Git { .. } => None,
        }
    }
}

impl From<LocalError> for Diagnostic {
    fn from(error: LocalError) -> Self {
        let is_waiting = matches!(error, LocalError::Busy { .. });
        let kind = if is_waiting { Kind::Lock } else { Kind::Program };
        Self::new(kind, error.to_string()).help(error.help())
    }
}
