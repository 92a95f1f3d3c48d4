//! A command that failed: what is printed, and the exit code.

use std::process::ExitCode;

use crate::config::draw::draw;
use crate::config::source::Sources;
use crate::deploy::RunError;
use crate::model::problem::Problem;

use super::stream::{self, Stream};

/// Everything a command can fail with.
#[derive(Debug)]
pub enum Failure {
    /// Wrong words: clap explains, code 2; help comes this way too, with code 0.
    Usage(clap::Error),
    /// Problems with their source lines.
    Drawn(String),
    /// One message; `help:` lines are part of it.
    Message(String),
    /// Nobody reads the results any more: code 141, as of a program that a closed pipe ends.
    CutOff,
    /// Ctrl-C or SIGTERM, and what that left: code 130.
    Interrupted(String),
    /// Everything was said already.
    Said,
}

impl Failure {
    /// A message with a line to type next.
    pub fn with_help(message: impl std::fmt::Display, help: &str) -> Self {
        Self::Message(format!("{message}\nhelp: {help}"))
    }

    /// Problems, drawn on the lines of the files they are about.
    pub fn drawn(problems: &[Problem], sources: &Sources) -> Self {
        Self::Drawn(draw(problems, sources, stream::color()))
    }

    /// The failure as a problem of what asked for it.
    pub fn into_problem(self) -> Problem {
        match self {
            Self::Message(text) | Self::Drawn(text) => match text.split_once("\nhelp: ") {
                Some((message, help)) => Problem::error(message).help(help),
                None => Problem::error(text),
            },
            Self::Usage(error) => Problem::error(error.to_string()),
            Self::Interrupted(_) | Self::Said | Self::CutOff => Problem::error("interrupted"),
        }
    }

    /// Prints it and gives the exit code.
    pub fn tell(self) -> ExitCode {
        let stderr = Stream::new(std::io::stderr());
        match self {
            Self::Usage(error) => {
                let _ = error.print();
                return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
            }
            Self::Drawn(text) => {
                stderr.print(&format!("{}\n", text.strip_suffix('\n').unwrap_or(&text)));
            }
            Self::Message(text) => {
                stderr.print(&format!("error: {text}\n"));
            }
            Self::Interrupted(text) => {
                stderr.print(&format!("error: interrupted; {text}\n"));
                return ExitCode::from(130);
            }
            Self::CutOff => return ExitCode::from(141),
            Self::Said => {}
        }
        ExitCode::FAILURE
    }
}

impl From<clap::Error> for Failure {
    fn from(error: clap::Error) -> Self {
        Self::Usage(error)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Message(error.to_string())
    }
}

impl From<crate::plugin::PluginError> for Failure {
    fn from(error: crate::plugin::PluginError) -> Self {
        Self::Message(error.to_string())
    }
}

impl From<crate::local::LocalError> for Failure {
    fn from(error: crate::local::LocalError) -> Self {
        Self::Message(error.to_string())
    }
}

impl From<crate::deploy::hosts::HostError> for Failure {
    fn from(error: crate::deploy::hosts::HostError) -> Self {
        Self::Message(error.to_string())
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Interrupted => Self::Interrupted("nothing was changed".into()),
            error => Self::Message(error.to_string()),
        }
    }
}
