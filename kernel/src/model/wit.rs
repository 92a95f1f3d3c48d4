//! The vocabulary of plans, generated from `wit/`: the WIT package is its one definition,
//! so that what a plugin says and what the kernel executes cannot drift apart.
//!
//! Plain data; serialisable, comparable, printable.

mod shared {
    wasmtime::component::bindgen!({
        path: "../wit",
        inline: "
            package windlass:model;
            world shared {
                import windlass:plugin/values@0.2.0;
                import windlass:plugin/containers@0.2.0;
                import windlass:plugin/facts@0.2.0;
                import windlass:plugin/context@0.2.0;
                import windlass:plugin/steps@0.2.0;
                import windlass:plugin/description@0.2.0;
                import windlass:plugin/composition@0.2.0;
                import windlass:plugin/lowering@0.2.0;
                import windlass:plugin/log@0.2.0;
            }
        ",
        world: "windlass:model/shared",
        additional_derives: [PartialEq, Hash, serde::Serialize, serde::Deserialize],
    });
}

pub use shared::windlass::plugin::{
    composition, containers, context, description, facts, log, lowering, steps, values,
};

pub use composition::{Contribution, Incoming, Move, Workload};
pub use containers::{
    Address, BuildOptions, ContainerAction, ContainerCondition, ContainerFact, ContainerList,
    ContainerQuery, ContainerSpec, ContainerState, ContainerStatus, ContainerWait, EngineOption,
    ExecOptions, Health, HealthStatus, ImageCopy, ImageFilter, ImageLabel, ImageState, ImageTag,
    LogOptions, LogSearch, Mount, NetworkSpec, RegistryLogin, Rename, RunOnce, StopOptions,
};
pub use context::{
    Aim, Area, Context, GitState, HostInfo, Intent, Machine, Operation, RoleInfo, WorkTree,
};
pub use facts::{Fact, FileState, Observation, Output, Query, Question};
pub use steps::{
    Action, Condition, DirectoryMerge, EnvFileWrite, FileWrite, HttpWait, LineAppend, Phase,
    RoleCommand, Step, Upload, UserCommand, Wait,
};
pub use values::{
    Command, EnvVar, Extension, OutputKind, OutputRef, Part, Problem, Severity, Text,
};

impl Step {
    /// A step of at most a minute that always runs, may not fail and has nothing optional.
    pub fn new(
        id: impl Into<String>,
        host: impl Into<String>,
        phase: Phase,
        title: impl Into<String>,
        action: Action,
    ) -> Self {
        Self {
            id: id.into(),
            title: title.into(),
            host: host.into(),
            role: None,
            phase,
            once: false,
            action,
            time_limit_ms: 60_000,
            undo: None,
            when: Condition::Always,
            block: None,
            may_fail: false,
            rolling: false,
            is_result: false,
            help: None,
            why: String::new(),
            audit: None,
            annotations: Vec::new(),
        }
    }
}

impl ContainerSpec {
    /// A container with nothing but a name and an image.
    pub fn new(name: impl Into<String>, image: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            image: image.into(),
            hostname: None,
            restart: None,
            labels: Vec::new(),
            env: Vec::new(),
            env_files: Vec::new(),
            volumes: Vec::new(),
            publish: Vec::new(),
            network: None,
            user: None,
            log_driver: None,
            log_options: Vec::new(),
            health: None,
            options: Vec::new(),
            entrypoint: None,
            command: Vec::new(),
            annotations: Vec::new(),
        }
    }
}

impl HttpWait {
    /// A wait for any answer of success from a URL.
    pub fn new(url: Text) -> Self {
        Self {
            url,
            status_from: 200,
            status_to: 299,
            contains: None,
            absent: Vec::new(),
            port_after: None,
            container: None,
        }
    }
}

impl Contribution {
    /// An addition of nothing to the container of a role on a host.
    pub fn new(host: impl Into<String>, role: impl Into<String>) -> Self {
        Self {
            host: host.into(),
            role: role.into(),
            labels: Vec::new(),
            env: Vec::new(),
            env_files: Vec::new(),
            volumes: Vec::new(),
            network: None,
            health: None,
            annotations: Vec::new(),
        }
    }
}
