//! What the caller says about a load.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use super::foreign::ForeignKey;
use crate::model::problem::Problem;

/// What to load, and for whom.
#[derive(Clone, Copy)]
pub struct LoadOptions<'a> {
    /// `config/deploy.yml`, as the user would write it.
    pub path: &'a Path,
    pub destination: Option<&'a str>,
    /// Becomes `Project::version`; empty if the caller finds out later.
    pub version: Option<&'a str>,
    /// What ERB's `ENV` sees: the environment after `.env` files.
    pub env: &'a BTreeMap<String, String>,
    /// Reads a file: the configuration itself, and what its ERB reads.
    pub read: &'a dyn Fn(&Path) -> io::Result<Vec<u8>>,
    /// Keys that have an answer of their own where nobody owns them.
    pub foreign: &'a [ForeignKey<'a>],
    /// Whether commands in ERB may run. A file may allow it too, by `x-windlass: allow_commands`.
    pub allow_commands: bool,
    /// Runs a command line of ERB and gives what it prints.
    pub run: &'a dyn Fn(&str) -> Result<String, Box<Problem>>,
}
