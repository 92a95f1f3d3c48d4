//! What happens during a run, as data: shown by the CLI, printed by `--json`.

use serde::{Deserialize, Serialize};

use super::problem::Problem;
use super::secret::Secret;

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    Ok,
    Failed,
    TimedOut,
}

/// One event of a run. Texts are unmasked here: whoever prints or keeps them masks them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// Something that the run does as a whole: "Observe 3 hosts".
    Phase { title: String },
    /// A host has answered what was asked of it, which took its engine so many milliseconds.
    Looked { host: String, ms: u64 },
    /// A step begins on a host.
    Begin { host: String, step: String, title: String },
    /// A step ended, after so many milliseconds.
    End { host: String, step: String, title: String, ending: Ending, code: i32, ms: u64 },
    /// The undo of a step ended.
    Undone { host: String, step: String, title: String, ok: bool },
    /// A line that a step printed. `result` marks what the user asked to see.
    Text { host: String, step: String, line: String, result: bool },
    /// Somebody else holds the lock.
    Waiting { host: String, owner: String, since: String, id: String, seconds: u64 },
    /// What is worth knowing.
    Note { message: String },
    /// What is wrong.
    Problem { problem: Problem },
    /// Round trips used on a host when the run ended.
    Trips { host: String, count: u64 },
    /// How a host stands at the end: role, version in service, as observed.
    Standing { host: String, role: String, version: String, expected: bool },
    /// A free-form diagnostic line, for `--verbose`.
    Debug { message: String },
    /// A step has yielded a secret, which is to be masked from now on. It is never shown.
    #[serde(skip)]
    Secret { text: Secret },
}

/// Where events go. Cheap to clone; called from any task.
pub type Sink = std::sync::Arc<dyn Fn(Event) + Send + Sync>;
