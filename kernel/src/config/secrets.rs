//! `.env` and `.env.DEST`, and the store of the secrets that deploy.yml names.
//!
//! The files' text never enters `Sources`: a drawn line could show a secret.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::dotenv;
use super::source::Source;
use crate::model::problem::Problem;
use crate::model::secret::SecretStore;

/// Who wins where a file and the process environment set the same name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Precedence {
    /// The process environment: what the user typed for this one run.
    #[default]
    Environment,
    /// The files, as Kamal 1.9.3 does (1.9.2 and older did the opposite).
    Files,
}

/// The environment after `.env` files.
#[derive(Debug, Default)]
pub struct Environment {
    pub values: BTreeMap<String, String>,
    /// Names that a file has set, for `Masker` and reports.
    pub from_files: Vec<String>,
    pub warnings: Vec<Problem>,
}

/// Read `.env` and then `.env.DEST` in `directory`; the latter wins, missing
/// files are nothing. `env` is the process environment.
///
/// # Errors
/// Every line that cannot be understood, with file and line, never its text.
pub fn read(
    directory: &Path,
    destination: Option<&str>,
    env: &BTreeMap<String, String>,
    precedence: Precedence,
) -> Result<Environment, Vec<Problem>> {
    let mut names = vec![".env".to_owned()];
    names.extend(destination.map(|name| format!(".env.{name}")));
    let mut files = BTreeMap::new();
    let (mut problems, mut warnings) = (Vec::new(), Vec::new());
    for name in names {
        let path = directory.join(&name);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => {
                problems
                    .push(Problem::error(format!("{} cannot be read: {error}", path.display())));
                continue;
            }
        };
        let found = dotenv::parse(&Source::new(path, text), &mut files, env, precedence);
        let (errors, others): (Vec<_>, Vec<_>) = found.into_iter().partition(Problem::is_error);
        problems.extend(errors);
        warnings.extend(others);
    }
    if !problems.is_empty() {
        problems.extend(warnings);
        return Err(problems);
    }
    let from_files = files.keys().cloned().collect();
    let (mut values, over) = match precedence {
        Precedence::Environment => (files, env.clone()),
        Precedence::Files => (env.clone(), files),
    };
    values.extend(over);
    Ok(Environment { values, from_files, warnings })
}

/// The store of the secrets that `declared` names, as far as `values` has them.
/// A missing one is no error until somebody asks for it.
pub fn store(declared: &[String], values: &BTreeMap<String, String>) -> SecretStore {
    let known = declared.iter().filter_map(|name| Some((name.clone(), values.get(name)?.clone())));
    known.collect()
}
