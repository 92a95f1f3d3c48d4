//! All records, variants and enumerations of `wit/`, under one roof: their names do not clash.

pub use crate::wit::composition::{Contribution, Incoming, Move, Workload};
pub use crate::wit::containers::{
    Address, BuildOptions, ContainerAction, ContainerCondition, ContainerFact, ContainerList,
    ContainerQuery, ContainerSpec, ContainerState, ContainerStatus, ContainerWait, EngineOption,
    ExecOptions, Health, HealthStatus, ImageCopy, ImageFilter, ImageLabel, ImageState, ImageTag,
    LogOptions, LogSearch, Mount, NetworkSpec, RegistryLogin, Rename, RunOnce, StopOptions,
};
pub use crate::wit::context::{
    Aim, Area, Context, GitState, HostInfo, Intent, Machine, Operation, RoleInfo, WorkTree,
};
pub use crate::wit::description::{
    Argument, Capability, CommandScope, CommandSpec, ContainerScope, DefaultVersion, Description,
    Flag, ForeignKey, HookInfo, HttpScope, Ownership, Pattern, Scope, Whose,
};
pub use crate::wit::facts::{Fact, FileState, Observation, Output, Query, Question};
pub use crate::wit::lowering::{Answer, Lowered, LoweredCommand, LoweredQuery, LoweredWait};
pub use crate::wit::role::{InService, Kept, Rollout};
pub use crate::wit::steps::{
    Action, Condition, DirectoryMerge, EnvFileWrite, FileWrite, HttpWait, LineAppend, Phase,
    RoleCommand, Step, Upload, UserCommand, Wait,
};
pub use crate::wit::values::{
    Annotations, Command, EnvVar, Extension, OutputKind, OutputRef, Part, Problem, Severity, Text,
};
