//! A plan: every step of one operation, checked, lowered and printable before anything runs.

use serde::{Deserialize, Serialize};

use super::file_content::FileContent;
use super::wit::{Condition, EnvVar, HttpWait, OutputKind, Phase, Step, Text};

/// What a step may do to a host. Fixed per action in [`super::action`]; a plugin cannot declare
/// it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// Changes nothing.
    Read,
    /// Adds only what nothing uses yet: needs no lock.
    Stage,
    /// Belongs to the person who typed it: no lock, audited.
    User,
    /// Needs the lock and the fence.
    Write,
}

/// One process of a lowered action: what the engine plugin made of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Process {
    pub argv: Vec<Text>,
    /// Exported for this process only.
    pub env: Vec<EnvVar>,
    pub stdin: Option<Text>,
    /// Exit codes that mean success; empty means 0.
    pub success: Vec<i32>,
}

/// How to find out that a wait is in vain: the first word of the line that the command prints,
/// `gone` if it fails.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FailFast {
    pub argv: Vec<Text>,
    pub words: Vec<String>,
}

/// What is executed for a step: the typed action with everything about containers lowered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Program {
    /// In order; the first failure ends it. The last one's standard output is what it yields.
    Processes {
        processes: Vec<Process>,
        yields: Option<OutputKind>,
        /// Ends what they may have left running when they ran out of time or were stopped.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        abort: Vec<Process>,
    },
    /// Asked until the first word of its line decides; see `lowered-wait` in the WIT.
    Watch {
        argv: Vec<Text>,
        accept: Vec<String>,
        reject: Vec<String>,
        steady: Vec<String>,
        steady_ms: u32,
    },
    /// Asked until the answer matches, or until it cannot any more.
    Http {
        wait: HttpWait,
        fail_fast: Option<FailFast>,
    },
    /// Run until it succeeds.
    Until(Process),
    Delay {
        ms: u32,
    },
    WriteFile {
        path: String,
        content: Text,
        mode: u16,
    },
    /// Puts a file of the user's machine there.
    Upload {
        path: String,
        content: FileContent,
        mode: u16,
    },
    WriteEnvFile {
        path: String,
        vars: Vec<EnvVar>,
        /// Names that the engine's client reads itself; see `engine.client-variables`.
        client_variables: Vec<String>,
    },
    MakeDirectory {
        path: String,
    },
    /// Links what `to` lacks of `from`.
    MergeDirectory {
        from: String,
        to: String,
    },
    AppendLine {
        path: String,
        line: Text,
    },
    RemoveFile {
        path: String,
    },
    RemoveDirectory {
        path: String,
    },
    /// A hook of the user, run by the client.
    Hook {
        name: String,
    },
    /// A text that is itself the result.
    Say {
        text: String,
    },
}

/// A step with its place in the plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlannedStep {
    /// Unique within its host: `PLUGIN.STEP`.
    pub id: String,
    pub plugin: String,
    pub effect: Effect,
    /// What the plugin asked for.
    #[serde(rename = "step")]
    pub spec: Step,
    pub program: Program,
    pub undo: Option<Program>,
    /// Paths that must not be symbolic links when the step or its undo acts: those through
    /// which a plugin that is not bundled could leave the directory it was granted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unlinked: Vec<String>,
}

/// All steps of one operation, in the order in which each host performs them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    pub operation: String,
    pub service: String,
    pub destination: Option<String>,
    pub version: String,
    /// Source of every name in the plan that must not collide.
    pub run_id: String,
    /// By host in the order of deploy.yml, `local` first.
    pub steps: Vec<PlannedStep>,
}

impl Plan {
    /// The hosts that have steps, in order, without `local`.
    pub fn hosts(&self) -> Vec<&str> {
        let mut hosts: Vec<&str> = Vec::new();
        for step in &self.steps {
            let host = step.spec.host.as_str();
            if host != LOCAL && !hosts.contains(&host) {
                hosts.push(host);
            }
        }
        hosts
    }

    /// The steps of one host whose phase lies in the range, in order.
    pub fn slice(&self, host: &str, segment: Segment) -> Vec<&PlannedStep> {
        self.steps
            .iter()
            .filter(|s| s.spec.host == host && Segment::of(&s.spec) == segment)
            .collect()
    }

    /// True if some step needs the lock.
    pub fn writes(&self) -> bool {
        self.steps.iter().any(|s| s.effect == Effect::Write)
    }
}

/// The name of the user's own machine among the hosts of a plan.
pub const LOCAL: &str = "local";

/// Phases between two barriers: what one script carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Segment {
    /// Before the lock.
    Stage,
    /// Before any host starts anything. Most plans have none of it.
    Share,
    /// What happens once for the run before any host starts anything.
    ShareOnce,
    /// Up to the gate.
    Start,
    /// From the gate to the end of the host's own work.
    Retire,
    /// When every host is done.
    Cleanup,
    /// What happens once for the run when every host has cleaned up.
    CleanupOnce,
}

impl Segment {
    /// The segment that a step belongs to.
    pub fn of(step: &Step) -> Self {
        match (step.phase, step.once) {
            (Phase::Stage, _) => Self::Stage,
            (Phase::Share, false) => Self::Share,
            (Phase::Share, true) => Self::ShareOnce,
            (Phase::Prepare | Phase::Start | Phase::Route, _) => Self::Start,
            (Phase::Drain | Phase::Retire, _) => Self::Retire,
            (Phase::Cleanup, false) => Self::Cleanup,
            (Phase::Cleanup, true) => Self::CleanupOnce,
        }
    }

    /// Whether steps of this segment are taken back after a failure: this is the one place that
    /// decides it, for execution and for whoever shows a plan.
    pub fn is_taken_back(self) -> bool {
        match self {
            Self::Start => true,
            Self::Stage
            | Self::Share
            | Self::ShareOnce
            | Self::Retire
            | Self::Cleanup
            | Self::CleanupOnce => false,
        }
    }
}

/// The position of a phase in the order of one host.
pub fn rank(phase: Phase) -> u8 {
    match phase {
        Phase::Stage => 0,
        Phase::Share => 1,
        Phase::Prepare => 2,
        Phase::Start => 3,
        Phase::Route => 4,
        Phase::Drain => 5,
        Phase::Retire => 6,
        Phase::Cleanup => 7,
    }
}

/// The step or block that a condition refers to.
pub fn refers_to(condition: &Condition) -> Option<&str> {
    match condition {
        Condition::Always => None,
        Condition::Ok(id) | Condition::Failed(id) => Some(id),
    }
}
