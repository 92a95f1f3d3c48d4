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

/// The environment after `.env` files.
#[derive(Debug, Default)]
pub struct Environment {
    pub values: BTreeMap<String, String>,
    pub warnings: Vec<Problem>,
}

/// Read `.env` and then `.env.DEST` in `directory`; the latter wins, missing
/// files are nothing. `env` is the process environment; files win over it, as in
/// Kamal 1.9.3 (1.9.2 and older did the opposite).
///
/// # Errors
/// Every line that cannot be understood, with file and line, never its text.
pub fn read(
    directory: &Path,
    destination: Option<&str>,
    env: &BTreeMap<String, String>,
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
        let found = dotenv::parse(&Source::new(path, text), &mut files, env);
        let (errors, others): (Vec<_>, Vec<_>) = found.into_iter().partition(Problem::is_error);
        problems.extend(errors);
        warnings.extend(others);
    }
    if !problems.is_empty() {
        problems.extend(warnings);
        return Err(problems);
    }
    let mut values = env.clone();
    values.extend(files);
    Ok(Environment { values, warnings })
}

/// The store of the secrets that `declared` names, as far as `values` has them.
/// A missing one is no error until somebody asks for it.
pub fn store(declared: &[String], values: &BTreeMap<String, String>) -> SecretStore {
    let known = declared.iter().filter_map(|name| Some((name.clone(), values.get(name)?.clone())));
    known.collect()
}
