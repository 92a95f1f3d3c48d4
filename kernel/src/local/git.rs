//! What git knows: the repository to deploy from, its version, and who deploys.

use super::error::LocalError;
use super::run::{Command, Exit, Stream, run};
use std::path::Path;
use std::time::Duration;

/// `git status` of a large repository on a cold disk takes seconds, not minutes.
const LIMIT: Duration = Duration::from_secs(60);
/// What git sets for a hook of its own repository. It would lead any other git astray: a reset of
/// a clone could move the branch that is being pushed to.
pub const REPOSITORY_VARIABLES: [&str; 6] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_PREFIX",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
];
/// Output of a git command that is kept, in bytes.
const KEPT: usize = 1024 * 1024;

/// A repository with at least one commit, as seen from a directory of its work tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// The top directory of the work tree.
    pub root: String,
    /// The directory below the root, with a slash at its end; empty at the root itself.
    pub prefix: String,
    /// The full id of HEAD.
    pub revision: String,
    /// `git status --porcelain`, trimmed: one line per path that is not committed.
    pub uncommitted: String,
}

impl Repository {
    /// The version of what is built from here: the revision, and `_uncommitted_` with 16 random
    /// hex digits if more than what is committed goes into it. Random at each call, so call it
    /// once per run.
    pub fn version(&self, committed_only: bool) -> String {
        match committed_only || self.uncommitted.is_empty() {
            true => self.revision.clone(),
            false => format!("{}_uncommitted_{:016x}", self.revision, fastrand::u64(..)),
        }
    }
}

/// The repository that a directory is in. `None` outside of one; a repository without a commit is
/// an error, as is one that git refuses to read.
pub async fn repository(directory: &Path) -> Result<Option<Repository>, LocalError> {
    let place = ["rev-parse", "--show-toplevel", "--show-prefix", "HEAD"];
    let place = match git(directory, &place).await {
        Ok(place) => place,
        // git says the same code for "no repository" and for one that it may not read.
        Err(LocalError::Git { .. } | LocalError::NotFound { .. }) if !in_repository(directory) => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let uncommitted = git(directory, &["status", "--porcelain"]).await?;
    let mut lines = place.lines();
    let mut line = || lines.next().unwrap_or_default().to_owned();
    let (root, prefix, revision) = (line(), line(), line());
    Ok(Some(Repository { root, prefix, revision, uncommitted }))
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
    command.env_removed = REPOSITORY_VARIABLES.map(Into::into).to_vec();
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
