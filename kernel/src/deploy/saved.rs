//! Saved plans: everything that decides what `apply` does.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::model::diagnostic::{Diagnostic, Kind};
use crate::model::plan::Plan;
use crate::model::project::Project;
use crate::model::wit::{Machine, Operation};

use super::crew::{Crew, Request};
use super::snapshot::Snapshot;

/// Version of the format of [`Saved`].
const FORMAT: u32 = 3;

/// A saved plan. It holds no secret.
#[derive(Debug, Serialize, Deserialize)]
pub struct Saved {
    format: u32,
    /// The build of the CLI that made it.
    windlass: String,
    /// Name and digest of each plugin.
    plugins: Vec<(String, String)>,
    project: Project,
    hosts: Vec<String>,
    roles: Vec<String>,
    /// What plugins were told of the machine that the plan was made on.
    machine: Machine,
    pub operation: Operation,
    pub arguments: serde_json::Value,
    pub plan: Plan,
    pub seen: Snapshot,
}

/// Why a file is not a plan that can be applied.
#[derive(Debug, thiserror::Error)]
pub enum SavedError {
    #[error("{path}: {error}")]
    File { path: String, error: std::io::Error },
    #[error("{path} is not a plan of this version: {error}")]
    Format { path: String, error: serde_json::Error },
    #[error("{path}: {what} since this plan was made")]
    Changed { path: String, what: &'static str },
}

impl From<SavedError> for Diagnostic {
    fn from(error: SavedError) -> Self {
        let (kind, help) = match &error {
            SavedError::File { .. } => (Kind::Io, None),
            SavedError::Format { .. } | SavedError::Changed { .. } => {
                (Kind::Plan, Some("make a new one: windlass plan -o FILE"))
            }
        };
        Self::new(kind, error.to_string()).help(help)
    }
}

impl Saved {
    /// A plan with all that it rests on. `request`: as the plan was made with.
    pub fn new(crew: &Crew, request: &Request, plan: Plan, seen: Snapshot) -> Self {
        Self {
            format: FORMAT,
            windlass: env!("CARGO_PKG_VERSION").into(),
            plugins: plugins(crew),
            project: request.project.clone(),
            hosts: request.hosts.clone(),
            roles: request.roles.clone(),
            machine: request.machine.clone(),
            operation: request.operation.clone(),
            arguments: request.arguments.clone(),
            plan,
            seen,
        }
    }

    /// Writes it to a file.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), SavedError> {
        let path_name = || path.display().to_string();
        let text = serde_json::to_string_pretty(self)
            .map_err(|error| SavedError::Format { path: path_name(), error })?;
        std::fs::write(path, text + "\n")
            .map_err(|error| SavedError::File { path: path_name(), error })
    }

    /// Reads it from a file that this build of Windlass has written.
    ///
    /// # Errors
    /// The file cannot be read, is not a plan, or was written by another build.
    pub fn read(path: &Path) -> Result<Self, SavedError> {
        let path_name = || path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|error| SavedError::File { path: path_name(), error })?;
        let saved: Self = serde_json::from_str(&text)
            .map_err(|error| SavedError::Format { path: path_name(), error })?;
        if saved.format != FORMAT || saved.windlass != env!("CARGO_PKG_VERSION") {
            return Err(SavedError::Changed { path: path_name(), what: "Windlass has changed" });
        }
        Ok(saved)
    }

    /// Checks that configuration and plugins are those that it was made with, and makes the
    /// request the one that it was made with.
    ///
    /// # Errors
    /// One of them has changed.
    pub fn bind(&self, path: &Path, crew: &Crew, request: &mut Request) -> Result<(), SavedError> {
        let changed = |what| SavedError::Changed { path: path.display().to_string(), what };
        if plugins(crew) != self.plugins {
            return Err(changed("the plugins have changed"));
        }
        if request.project != self.project {
            return Err(changed("the configuration has changed"));
        }
        request.run_id.clone_from(&self.plan.run_id);
        request.hosts.clone_from(&self.hosts);
        request.roles.clone_from(&self.roles);
        // The planned revision is built, whatever has been committed since.
        request.machine.clone_from(&self.machine);
        Ok(())
    }
}

fn plugins(crew: &Crew) -> Vec<(String, String)> {
    crew.iter().map(|plugin| (plugin.name().into(), plugin.digest().into())).collect()
}
