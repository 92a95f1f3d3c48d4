//! What one trip to a host carries. Plain data: `script` writes it down, `report` reads what comes
//! back.

use std::collections::BTreeMap;

use crate::model::outputs;
use crate::model::plan::PlannedStep;
use crate::model::secret::MissingSecret;
use crate::model::wit::OutputKind;

/// Why a script could not be written. Nothing was run.
#[derive(Debug, thiserror::Error, Clone, PartialEq)]
pub enum ScriptError {
    #[error("the secret `{name}` would appear in a command line, where every process can read it")]
    SecretInCommand { name: String },
    #[error("{0}")]
    NoSecret(#[from] MissingSecret),
    #[error("`{name}` cannot be the name of an environment variable")]
    BadName { name: String },
    #[error("the step `{step}` has not yielded {}", outputs::with_article(*kind))]
    NoOutput { step: String, kind: OutputKind },
    #[error("a text has a part that is not allowed there")]
    Unsupported,
    #[error("the variable `{name}` {why}")]
    Value { name: String, why: String },
}

/// What steps have yielded: the id of the step, and the shell word that stands for it.
pub(super) type Outputs = BTreeMap<String, String>;

/// A host's fence as a script must find it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fence {
    /// File that holds the number and is held under `flock`.
    pub guard: String,
    /// File that names the process group of the holder.
    pub group: String,
    pub number: u64,
}

/// Where and as whom a script records what it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audit {
    pub path: String,
    pub performer: String,
    pub destination: Option<String>,
}

/// What one script does on one host.
#[derive(Debug, Clone)]
pub struct Trip {
    /// Required as soon as a step writes.
    pub fence: Option<Fence>,
    pub audit: Audit,
    pub steps: Vec<PlannedStep>,
    /// How steps of earlier trips ended, and what they yielded.
    pub known: StepResults,
    /// True: a failure takes back what this trip did.
    pub undo: bool,
}

/// What earlier trips of the host left.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StepResults {
    /// By step or block id: true = ended well.
    pub endings: BTreeMap<String, bool>,
    /// By step id.
    pub outputs: BTreeMap<String, String>,
}
