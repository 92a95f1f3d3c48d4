//! The released packages of the contract, each served by one adapter.
//!
//! The newest package's generated types are the kernel's model. An adapter calls a component
//! that was built against its package, and maps what goes in and comes out. Which one serves a
//! component is read from the component's type before a line of it is compiled. What a package
//! is and how the contract may change: `docs/src/evolution.md`.

#[cfg(test)]
mod successor;
mod v0_2;

use wasmtime::component::Linker;

use super::kind::Kind;
use super::limits::{Running, State};
use crate::model::wit::{
    ContainerAction, ContainerFact, ContainerQuery, ContainerWait, Context, Contribution, Move,
    Observation, Problem, Question, Step, Workload,
};
pub use v0_2::{InService, Kept, Rollout};

pub use crate::model::wit::description::{
    Argument, Capability as Asked, CommandSpec, DefaultVersion, Description, Flag, ForeignKey,
    HookInfo, Ownership, Pattern, Scope,
};
pub use crate::model::wit::lowering::{Answer, Lowered, LoweredCommand, LoweredQuery, LoweredWait};

/// What a call gives: an answer or the guest's findings; or the end of the guest.
pub(super) type Outcome<T> = wasmtime::Result<Result<T, Vec<Problem>>>;

/// What a call gives that is asked for several things: an answer to each, in the same order, or why
/// there is none; or the end of the guest.
pub(super) type Each<T> = wasmtime::Result<Vec<Result<T, String>>>;

/// What hosts have answered to the plugin's questions.
pub(super) type Seen<'a> = &'a [Observation];

/// One package of the contract: the functions of its interfaces, with the kernel's types.
///
/// Every function runs in the instance that it is given, and fails if the guest traps.
pub(super) trait Contract: Send + Sync {
    /// The version of the package.
    fn version(&self) -> &'static str;
    /// Its interfaces that a component may import: the logger, and those of types alone.
    fn imports(&self) -> &'static [&'static str];
    /// Its interfaces that are of one kind, with the kind.
    fn kinds(&self) -> &'static [(&'static str, Kind)];
    /// Its other interfaces that a component may export.
    fn exports(&self) -> &'static [&'static str];
    fn link(&self, linker: &mut Linker<State>) -> wasmtime::Result<()>;

    fn describe(&self, guest: &mut Running) -> wasmtime::Result<Description>;
    fn check(&self, guest: &mut Running, cx: &Context) -> wasmtime::Result<Vec<Problem>>;
    fn observe(&self, guest: &mut Running, cx: &Context) -> Outcome<Vec<Question>>;
    fn plan(&self, guest: &mut Running, cx: &Context, seen: Seen) -> Outcome<Vec<Step>>;

    fn workloads(&self, guest: &mut Running, cx: &Context, seen: Seen) -> Outcome<Vec<Workload>>;
    fn roll(
        &self,
        guest: &mut Running,
        cx: &Context,
        seen: Seen,
        workloads: &[Workload],
    ) -> Outcome<Rollout>;
    fn standing(&self, guest: &mut Running, cx: &Context, seen: Seen) -> Outcome<Vec<InService>>;
    fn versions(&self, guest: &mut Running, cx: &Context, seen: Seen) -> Outcome<Vec<Kept>>;

    fn routes(&self, guest: &mut Running, cx: &Context) -> Outcome<Vec<String>>;
    fn traffic(
        &self,
        guest: &mut Running,
        cx: &Context,
        seen: Seen,
        moves: &[Move],
    ) -> Outcome<Vec<Step>>;
    /// Of a proxy, or of an env plugin.
    fn contribute(
        &self,
        guest: &mut Running,
        kind: Kind,
        cx: &Context,
        seen: Seen,
        workloads: &[Workload],
    ) -> Outcome<Vec<Contribution>>;

    fn repository(&self, guest: &mut Running, cx: &Context) -> Outcome<String>;

    fn lower(&self, guest: &mut Running, actions: &[ContainerAction]) -> Each<Lowered>;
    fn lower_waits(&self, guest: &mut Running, waits: &[ContainerWait]) -> Each<LoweredWait>;
    fn lower_queries(&self, guest: &mut Running, queries: &[ContainerQuery]) -> Each<LoweredQuery>;
    fn read_answers(&self, guest: &mut Running, answers: &[Answer]) -> Each<ContainerFact>;
    fn client_variables(&self, guest: &mut Running) -> wasmtime::Result<Vec<String>>;
}

/// Every package that is served, the newest last.
pub(super) fn all() -> &'static [&'static dyn Contract] {
    &[
        &v0_2::Package,
        #[cfg(test)]
        &successor::Package,
    ]
}

/// The newest package that is released: what new plugins are written against.
pub(super) fn newest() -> &'static dyn Contract {
    &v0_2::Package
}

/// The package of a version.
pub(super) fn of(version: &str) -> Option<&'static dyn Contract> {
    all().iter().copied().find(|package| package.version() == version)
}

/// How names of our package begin, whatever its version.
pub(super) const PACKAGE: &str = "windlass:plugin/";

/// The package and the interface of a name that is ours: `windlass:plugin/log@0.2.0`.
pub(super) fn interface(name: &str) -> Option<(&'static dyn Contract, &str)> {
    let (interface, version) = name.strip_prefix(PACKAGE)?.split_once('@')?;
    Some((of(version)?, interface))
}
