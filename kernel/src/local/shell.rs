//! A command line that the user's own configuration runs.

use std::collections::BTreeMap;
use std::time::Duration;

use super::error::LocalError;
use super::git::collect;
use super::run::Command;

/// Configuration is read before anything else; nobody waits longer for it.
const LIMIT: Duration = Duration::from_secs(60);

/// What a command line prints, as Ruby's backquotes give it. Unlike there, a failure is one.
pub async fn shell(line: &str, env: &BTreeMap<String, String>) -> Result<String, LocalError> {
    let mut command = Command::new(["sh", "-c", line]);
    command.env = env.iter().map(|(name, value)| (name.into(), value.into())).collect();
    command.time_limit = Some(LIMIT);
    let (exit, out, err) = collect(command).await?;
    match exit.ok() {
        true => Ok(out),
        false => Err(LocalError::Command { line: line.to_owned(), detail: err }),
    }
}
