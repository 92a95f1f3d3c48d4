//! What plugins are told of the user's machine.

use std::path::{Path, PathBuf};

use super::error::LocalError;
use super::git::{Repository, repository};

/// The project's directory and what is around it, looked at once per run: a plan that is made
/// again under the lock must not differ because of what the run itself has built meanwhile.
#[derive(Debug)]
pub struct Here {
    /// Absolute.
    directory: PathBuf,
    /// The user's own directory for what can be made again.
    cache: Option<PathBuf>,
    /// None outside of a repository.
    pub repository: Result<Option<Repository>, LocalError>,
}

impl Here {
    /// Looks at a directory.
    pub async fn look(directory: &Path, cache: Option<PathBuf>) -> Self {
        let repository = repository(directory).await;
        let directory = directory.canonicalize().unwrap_or_else(|_| directory.into());
        Self { directory, cache, repository }
    }

    /// The keys that `types.context` documents. What is not known is left out.
    pub fn annotations(&self) -> Vec<(String, String)> {
        let path = |path: &Path| path.to_string_lossy().into_owned();
        let mut known = vec![("local.directory", path(&self.directory))];
        known.extend(self.cache.as_deref().map(|cache| ("local.cache", path(cache))));
        match &self.repository {
            Ok(None) => {}
            Ok(Some(repository)) => known.extend([
                ("git.root", repository.root.clone()),
                ("git.prefix", repository.prefix.clone()),
                ("git.revision", repository.revision.clone()),
                ("git.uncommitted", repository.uncommitted.clone()),
            ]),
            Err(error) => known.push(("git.error", error.to_string())),
        }
        known.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
    }
}
