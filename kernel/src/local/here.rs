//! What plugins are told of the user's machine.

use std::path::{Path, PathBuf};

use crate::model::wit::{GitState, Machine, WorkTree};

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

    /// The same as plugins are told it.
    pub fn machine(&self) -> Machine {
        let path = |path: &Path| path.to_string_lossy().into_owned();
        Machine {
            directory: path(&self.directory),
            cache: self.cache.as_deref().map(path),
            git: match &self.repository {
                Ok(None) => GitState::None,
                Ok(Some(repository)) => GitState::WorkTree(WorkTree {
                    root: repository.root.clone(),
                    prefix: repository.prefix.clone(),
                    revision: repository.revision.clone(),
                    uncommitted: repository.uncommitted.clone(),
                }),
                Err(error) => GitState::Unknown(error.to_string()),
            },
        }
    }
}
