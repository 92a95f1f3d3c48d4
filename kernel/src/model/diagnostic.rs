//! An error as data: what went wrong, where, on which hosts, and what to type next.
//!
//! Errors of every room become this on their way up. Only the command line renders it, for
//! people or as JSON; nobody reads it back out of a text.

use serde::Serialize;

use super::problem::{Place, Problem};

/// What an error is about, for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The command line is wrong.
    Usage,
    /// What the command line asks for cannot be done.
    Command,
    /// A file of the project is wrong.
    Configuration,
    /// A plugin cannot be loaded, or gave no usable answer.
    Plugin,
    /// A program on this machine failed.
    Program,
    /// A file or stream on this machine cannot be used.
    Io,
    /// A host cannot be connected to.
    Connection,
    /// A connected host gave no usable answer.
    Host,
    /// Somebody else holds the lock, or took it.
    Lock,
    /// A plan does not hold any more.
    Plan,
    /// A hook failed.
    Hook,
    /// A step failed.
    Step,
    /// Ctrl-C or SIGTERM.
    Interrupted,
}

/// One error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    pub kind: Kind,
    /// Empty if the messages of the hosts say everything.
    pub message: String,
    pub places: Vec<Place>,
    /// What to type next.
    pub help: Vec<String>,
    /// The hosts that it is about.
    pub hosts: Vec<OnHost>,
}

/// A host that an error is about, with what concerns it alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OnHost {
    pub host: String,
    /// Empty if the message of the error says everything.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub help: Vec<String>,
}

impl Diagnostic {
    /// An error with nothing but its message.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        let (places, help, hosts) = Default::default();
        Self { kind, message: message.into(), places, help, hosts }
    }

    /// An error that hosts have one by one.
    pub fn on_hosts(kind: Kind, hosts: Vec<OnHost>) -> Self {
        Self { hosts, ..Self::new(kind, "") }
    }

    /// The same error, with what to type next.
    #[must_use]
    pub fn help<T: Into<String>>(mut self, help: impl IntoIterator<Item = T>) -> Self {
        self.help.extend(help.into_iter().map(Into::into));
        self
    }

    /// The same error, about this host.
    #[must_use]
    pub fn about(mut self, host: impl Into<String>) -> Self {
        self.hosts.push(OnHost { host: host.into(), message: String::new(), help: Vec::new() });
        self
    }
}

impl From<Problem> for Diagnostic {
    fn from(problem: Problem) -> Self {
        let places = problem.place.into_iter().collect();
        let diagnostic = Self::new(Kind::Configuration, problem.message).help(problem.help);
        problem.host.into_iter().fold(Self { places, ..diagnostic }, Self::about)
    }
}

impl From<std::io::Error> for Diagnostic {
    fn from(error: std::io::Error) -> Self {
        Self::new(Kind::Io, error.to_string())
    }
}
