//! What a plugin is for.

use std::fmt;

use serde::{Deserialize, Serialize};
/// What a plugin is for: the one interface that it exports beside `lifecycle`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    Engine,
    Role,
    Proxy,
    Env,
    Registry,
    /// Only `lifecycle`: builders, custom steps.
    Step,
}

impl Kind {
    /// The kind as the contract writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Engine => "engine",
            Self::Role => "role",
            Self::Proxy => "proxy",
            Self::Env => "env",
            Self::Registry => "registry",
            Self::Step => "step",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
