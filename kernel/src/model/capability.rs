//! The capabilities, as the kernel decides on them and as deploy.yml writes them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// One thing that a plugin may be allowed to do. Written `containers`, `images`, `registry`,
/// `networks`, `run-as-role`, `compose`, `http`, `run`, `local`, `files:PATH`, `secret:NAME` or
/// `secret:*`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Capability {
    /// Start, stop and look into containers. As good as root on the host.
    Containers,
    /// Build, push, pull, tag and remove images.
    Images,
    /// Log in and out.
    Registry,
    /// Make and remove networks.
    Networks,
    /// Run commands as roles would.
    RunAsRole,
    /// Add to the containers of roles.
    Compose,
    /// Ask HTTP servers from the host.
    Http,
    /// Run any command. As good as the login user's rights.
    Run,
    /// Run hooks, steps on the user's own machine, and put its files on hosts.
    Local,
    /// Read about, write and remove what is at or below a path: below the run directory,
    /// unless absolute. `.` is the run directory.
    Files(String),
    /// Name this secret in texts; `*` is any.
    Secret(String),
}

impl Capability {
    /// Whether who holds this also holds `other`. Files are compared as written.
    pub fn includes(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Secret(held), Self::Secret(name)) => match held.strip_suffix('*') {
                Some(start) => name.starts_with(start),
                None => held == name,
            },
            (Self::Files(held), Self::Files(path)) => {
                match (resolve(held, ""), resolve(path, "")) {
                    (Some(held), Some(path)) => path.starts_with(&held),
                    _ => false,
                }
            }
            (held, other) => held == other,
        }
    }

    /// Whether this is `files` of a directory with the path in it. The path and `home`, if
    /// not empty, are of the same host.
    pub fn holds_path(&self, path: &[String], run_directory: &str, home: &str) -> bool {
        let Self::Files(prefix) = self else { return false };
        let prefix = if prefix.starts_with('/') || run_directory.is_empty() {
            resolve(prefix, home)
        } else {
            resolve(&format!("{run_directory}/{prefix}"), home)
        };
        prefix.is_some_and(|prefix| path.starts_with(&prefix))
    }

    /// As an item of a YAML flow sequence.
    pub fn yaml(&self) -> String {
        let text = self.to_string();
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:*".contains(c);
        if text.chars().all(plain) && !text.ends_with(':') {
            return text;
        }
        serde_json::Value::String(text).to_string()
    }
}

/// The segments of a path, from the root if it or `home` is absolute (then the first is
/// empty). None if it climbs with `..`.
pub fn resolve(path: &str, home: &str) -> Option<Vec<String>> {
    let path = if path.starts_with('/') || home.is_empty() {
        path.to_owned()
    } else {
        format!("{home}/{path}")
    };
    let mut segments = Vec::new();
    if path.starts_with('/') {
        segments.push(String::new());
    }
    for segment in path.split('/').filter(|segment| !matches!(*segment, "" | ".")) {
        if segment == ".." {
            return None;
        }
        segments.push(segment.to_owned());
    }
    Some(segments)
}

impl FromStr for Capability {
    type Err = String;

    /// # Errors
    /// A sentence that says what capabilities there are.
    fn from_str(text: &str) -> Result<Self, String> {
        match (text, text.split_once(':')) {
            ("containers", _) => Ok(Self::Containers),
            ("images", _) => Ok(Self::Images),
            ("registry", _) => Ok(Self::Registry),
            ("networks", _) => Ok(Self::Networks),
            ("run-as-role", _) => Ok(Self::RunAsRole),
            ("compose", _) => Ok(Self::Compose),
            ("http", _) => Ok(Self::Http),
            ("run", _) => Ok(Self::Run),
            ("local", _) => Ok(Self::Local),
            (_, Some(("files", path))) if path.is_empty() || resolve(path, "").is_none() => {
                Err(format!("`{text}` needs a path without `..` after the colon"))
            }
            (_, Some(("files", path))) => Ok(Self::Files(path.to_owned())),
            (_, Some(("secret", name))) if !name.is_empty() => Ok(Self::Secret(name.to_owned())),
            _ => Err(format!(
                "`{text}` is not a capability; the capabilities are containers, images, registry, networks, \
                 run-as-role, compose, http, run, local, files:PATH, secret:NAME and secret:*"
            )),
        }
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Containers => f.write_str("containers"),
            Self::Images => f.write_str("images"),
            Self::Registry => f.write_str("registry"),
            Self::Networks => f.write_str("networks"),
            Self::RunAsRole => f.write_str("run-as-role"),
            Self::Compose => f.write_str("compose"),
            Self::Http => f.write_str("http"),
            Self::Run => f.write_str("run"),
            Self::Local => f.write_str("local"),
            Self::Files(path) => write!(f, "files:{path}"),
            Self::Secret(name) => write!(f, "secret:{name}"),
        }
    }
}

impl TryFrom<String> for Capability {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Capability> for String {
    fn from(capability: Capability) -> Self {
        capability.to_string()
    }
}
