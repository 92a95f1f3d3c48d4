//! Something that is wrong with what the user wrote, as data.
//!
//! A problem says what, where and how to get out of it. It renders nothing:
//! `config::draw` shows it in a terminal, `--json` prints it as it stands, and
//! plugins answer with the same shape.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// How bad a [`Problem`] is. Only errors stop a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    Error,
    Warning,
    Info,
}

/// A stretch of text in one file.
///
/// `line` and `column` count from 1, columns in characters; `span` counts
/// bytes from the start of the file as it is on disk.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Place {
    pub file: PathBuf,
    pub line: usize,
    pub column: usize,
    pub span: Range<usize>,
}

/// One thing that is wrong, or worth knowing.
///
/// `pointer` is a JSON pointer into the resolved configuration, `label` the
/// short text under the marked source, `help` the way out, and `origin` the
/// plugin that found it (none for the kernel). `host` is the one that it is about, if any.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    pub severity: Severity,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    pub message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
}

impl Problem {
    /// A problem of the given severity with nothing but its message.
    pub fn new(severity: Severity, message: impl Into<String>) -> Self {
        Self {
            severity,
            host: None,
            message: message.into(),
            place: None,
            pointer: None,
            label: None,
            help: None,
            origin: None,
        }
    }

    /// An error with nothing but its message.
    pub fn error(message: impl Into<String>) -> Self {
        Self::new(Severity::Error, message)
    }

    /// A warning with nothing but its message.
    pub fn warning(message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, message)
    }

    /// The same problem, at this place.
    #[must_use]
    pub fn at(mut self, place: impl Into<Option<Place>>) -> Self {
        self.place = place.into();
        self
    }

    /// The same problem, about this part of the configuration.
    #[must_use]
    pub fn about(mut self, pointer: impl Into<String>) -> Self {
        self.pointer = Some(pointer.into());
        self
    }

    /// The same problem, with a short text under the marked source.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// The same problem, with the way out.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same problem, found by this plugin.
    #[must_use]
    pub fn origin(mut self, plugin: impl Into<String>) -> Self {
        self.origin = Some(plugin.into());
        self
    }

    /// The message, behind the host that it is about.
    pub fn title(&self) -> String {
        match &self.host {
            Some(host) => format!("{host}: {}", self.message),
            None => self.message.clone(),
        }
    }

    /// Whether this problem stops a command.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Problem {
    /// One line, for logs: `config/deploy.yml:3:5: message (help)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            let Place { file, line, column, .. } = place;
            write!(f, "{}:{line}:{column}: ", file.display())?;
        }
        f.write_str(&self.title())?;
        match &self.help {
            Some(help) => write!(f, " ({help})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Problem {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_and_serialises() {
        let place = Place { file: "a.yml".into(), line: 3, column: 5, span: 20..24 };
        let problem = Problem::error("no such key").at(place).about("/x").help("try `y`");
        assert_eq!(problem.to_string(), "a.yml:3:5: no such key (try `y`)");
        let json = serde_json::to_value(&problem).unwrap();
        assert_eq!(json["severity"], "error");
        assert_eq!(json["place"]["span"]["start"], 20);
        assert!(json.get("origin").is_none());
        assert_eq!(serde_json::from_value::<Problem>(json).unwrap(), problem);
    }
}
