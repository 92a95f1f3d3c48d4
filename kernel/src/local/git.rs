//! What git knows: the version to deploy and who deploys.

use super::error::LocalError;
use super::run::{Command, Exit, Stream, run};
use std::path::Path;
use std::time::Duration;

/// `git status` of a large repository on a cold disk takes seconds, not minutes.
const LIMIT: Duration = Duration::from_secs(60);
/// Output of a git command that is kept, in bytes.
const KEPT: usize = 1024 * 1024;

/// The version of a working tree: the full id of HEAD, and `_uncommitted_` with 16 random hex
/// digits if anything is not committed. Random at each call, so call it once per run. `None`
/// outside of a repository.
pub async fn git_version(directory: &Path) -> Result<Option<String>, LocalError> {
    let Some(revision) = git_revision(directory).await? else {
        return Ok(None);
    };
    Ok(Some(match git_uncommitted(directory).await?.is_empty() {
        true => revision,
        false => format!("{revision}_uncommitted_{:016x}", fastrand::u64(..)),
    }))
}

/// The full id of HEAD, for builds from a clone. `None` outside of a repository; a repository
/// without a commit is an error, as is one that git refuses to read.
pub async fn git_revision(directory: &Path) -> Result<Option<String>, LocalError> {
    match git(directory, &["rev-parse", "--verify", "HEAD"]).await {
        Ok(revision) => Ok(Some(revision)),
        // git says the same code for "no repository" and for one that it may not read.
        Err(LocalError::Git { .. }) if !in_repository(directory) => Ok(None),
        Err(error) => Err(error),
    }
}

/// `git status --porcelain`, trimmed: one line per path that is not committed, empty if there is
/// none.
pub async fn git_uncommitted(directory: &Path) -> Result<String, LocalError> {
    git(directory, &["status", "--porcelain"]).await
}

/// Who deploys, for the audit line: git's `user.email`, or the login name if that is empty or git
/// is missing.
pub async fn performer(directory: &Path) -> Result<String, LocalError> {
    match git(directory, &["config", "user.email"]).await {
        Ok(email) if !email.is_empty() => Ok(email),
        Ok(_) | Err(LocalError::Git { .. } | LocalError::NotFound { .. }) => {
            let (exit, out, err) =
                collect(Command { time_limit: Some(LIMIT), ..Command::new(["whoami"]) }).await?;
            match exit.ok() {
                true => Ok(out),
                false => Err(LocalError::Lost { program: "whoami".into(), detail: err }),
            }
        }
        Err(error) => Err(error),
    }
}

/// Who takes the lock, as Kamal names them: git's `user.name`; none if it is empty or git is
/// missing.
pub async fn user_name(directory: &Path) -> Result<Option<String>, LocalError> {
    match git(directory, &["config", "user.name"]).await {
        Ok(name) => Ok(Some(name).filter(|name| !name.is_empty())),
        Err(LocalError::Git { .. } | LocalError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn git(directory: &Path, arguments: &[&str]) -> Result<String, LocalError> {
    let mut command = Command::new(["git"].iter().chain(arguments));
    command.cwd = Some(directory.into());
    command.time_limit = Some(LIMIT);
    // Looking must not take the index lock from a commit that the user makes meanwhile.
    command.env.insert("GIT_OPTIONAL_LOCKS".into(), "0".into());
    let (exit, out, err) = collect(command).await?;
    match exit.ok() {
        true => Ok(out),
        false => Err(LocalError::Git {
            command: format!("git {}", arguments.join(" ")),
            directory: directory.into(),
            detail: err,
        }),
    }
}

/// Exit, and the trimmed first MiB of stdout and stderr.
pub(super) async fn collect(command: Command) -> Result<(Exit, String, String), LocalError> {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let exit = run(command, |stream, bytes| {
        let kept: &mut Vec<u8> = if stream == Stream::Stdout { &mut out } else { &mut err };
        kept.extend_from_slice(&bytes[..bytes.len().min(KEPT - kept.len())]);
    })
    .await?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).trim().to_owned();
    Ok((exit, text(out), text(err)))
}

fn in_repository(directory: &Path) -> bool {
    let absolute = directory.canonicalize().unwrap_or_else(|_| directory.into());
    absolute.ancestors().any(|ancestor| ancestor.join(".git").exists())
}
