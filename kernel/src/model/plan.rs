//! A plan: every step of one operation, checked, lowered and printable before anything runs.

use serde::{Deserialize, Serialize};

use super::file_content::FileContent;
use super::wit::{
    Action, Condition, ContainerAction, EnvVar, HttpWait, OutputKind, Phase, Step, Text, Wait,
};

/// What a step may do to a host. Fixed here per action; a plugin cannot declare it.
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

/// The effect of an action.
pub fn effect(action: &Action) -> Effect {
    use ContainerAction as C;
    match action {
        Action::Container(action) => match action {
            C::Login(_) | C::Logout(_) | C::Pull(_) | C::Push(_) | C::Build(_) => Effect::Stage,
            C::Logs(_)
            | C::HealthLog(_)
            | C::InspectAddress(_)
            | C::InspectPort(_)
            | C::InspectImage(_)
            | C::RequireLabel(_)
            | C::ListContainers(_)
            | C::ListImages(_) => Effect::Read,
            C::Exec(_) | C::RunOnce(_) => Effect::User,
            C::Run(_)
            | C::Rename(_)
            | C::Start(_)
            | C::Stop(_)
            | C::Remove(_)
            | C::Tag(_)
            | C::RemoveImage(_)
            | C::PruneImages(_)
            | C::CopyFromImage(_)
            | C::Other(_) => Effect::Write,
        },
        Action::Wait(Wait::Command(command)) | Action::Run(command) => {
            if command.read_only {
                Effect::Read
            } else {
                Effect::Write
            }
        }
        Action::Wait(_) => Effect::Read,
        Action::Exec(_) | Action::Hook(_) => Effect::User,
        Action::Other((name, _)) if name == "say" => Effect::Read,
        Action::WriteFile(_)
        | Action::WriteEnvFile(_)
        | Action::MakeDirectory(_)
        | Action::MergeDirectory(_)
        | Action::AppendLine(_)
        | Action::RemoveFile(_)
        | Action::RemoveDirectory(_)
        | Action::Other(_) => Effect::Write,
    }
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
pub struct Vain {
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
        vain: Option<Vain>,
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
    /// A hook of the user's, run by the client.
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
    pub step: Step,
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
            let host = step.step.host.as_str();
            if host != LOCAL && !hosts.contains(&host) {
                hosts.push(host);
            }
        }
        hosts
    }

    /// The steps of one host whose phase lies in the range, in order.
    pub fn slice(&self, host: &str, stretch: Stretch) -> Vec<&PlannedStep> {
        self.steps
            .iter()
            .filter(|s| s.step.host == host && Stretch::of(s.step.phase) == stretch)
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
pub enum Stretch {
    /// Before the lock.
    Stage,
    /// Before any host starts anything. Most plans have none of it.
    Share,
    /// Up to the gate.
    Start,
    /// From the gate to the end of the host's own work.
    Retire,
    /// When every host is done.
    Cleanup,
}

impl Stretch {
    /// The stretch that a phase belongs to.
    pub fn of(phase: Phase) -> Self {
        match phase {
            Phase::Stage => Self::Stage,
            Phase::Share => Self::Share,
            Phase::Prepare | Phase::Start | Phase::Route => Self::Start,
            Phase::Drain | Phase::Retire => Self::Retire,
            Phase::Cleanup => Self::Cleanup,
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
