//! `windlass:plugin@0.2.0`, whose types are the kernel's model: nothing is mapped.

use wasmtime::component::{HasSelf, Linker};

use super::{
    Answer, Contract, Description, Each, Kind, Lowered, LoweredQuery, LoweredWait, Outcome,
    Running, Seen, State,
};
use crate::model::wit::{
    self, ContainerAction, ContainerFact, ContainerQuery, ContainerWait, Context, Contribution,
    Move, Problem, Question, Step, Workload,
};
pub use bindings::role::exports::windlass::plugin::role::{InService, Kept, Rollout};

/// One module an interface, so that no record exists twice and a component is read through
/// several.
mod bindings {
    macro_rules! only {
        ($interface:ident, $package:tt, $world:tt) => {
            pub mod $interface {
                wasmtime::component::bindgen!({
                    path: "../wit",
                    inline: $package,
                    world: $world,
                    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
                    with: { "windlass:plugin@0.2.0": crate::model::wit },
                });
            }
        };
    }
    only!(
        lifecycle,
        "package windlass:lifecycle; world only { export windlass:plugin/lifecycle@0.2.0; }",
        "windlass:lifecycle/only"
    );
    only!(
        role,
        "package windlass:role; world only { export windlass:plugin/role@0.2.0; }",
        "windlass:role/only"
    );
    only!(
        proxy,
        "package windlass:proxy; world only { export windlass:plugin/proxy@0.2.0; }",
        "windlass:proxy/only"
    );
    only!(
        env,
        "package windlass:env; world only { export windlass:plugin/env@0.2.0; }",
        "windlass:env/only"
    );
    only!(
        registry,
        "package windlass:registry; world only { export windlass:plugin/registry@0.2.0; }",
        "windlass:registry/only"
    );
    only!(
        engine,
        "package windlass:engine; world only { export windlass:plugin/engine@0.2.0; }",
        "windlass:engine/only"
    );
}

/// The package.
pub(super) struct Package;

/// Calls one function: `call!(guest, module.interface.function(arguments))`.
macro_rules! call {
    ($guest:ident, $module:ident.$interface:ident.$function:ident($($argument:expr),*)) => {{
        let (store, instance) = $guest;
        let world = bindings::$module::Only::new(&mut *store, &*instance)?;
        world.$interface().$function(store, $($argument),*)
    }};
}

impl Contract for Package {
    fn version(&self) -> &'static str {
        "0.2.0"
    }

    fn imports(&self) -> &'static [&'static str] {
        &[
            "values",
            "containers",
            "facts",
            "context",
            "steps",
            "description",
            "composition",
            "lowering",
            "log",
        ]
    }

    fn kinds(&self) -> &'static [(&'static str, Kind)] {
        &[
            ("engine", Kind::Engine),
            ("role", Kind::Role),
            ("proxy", Kind::Proxy),
            ("env", Kind::Env),
            ("registry", Kind::Registry),
        ]
    }

    fn exports(&self) -> &'static [&'static str] {
        &["lifecycle"]
    }

    fn link(&self, linker: &mut Linker<State>) -> wasmtime::Result<()> {
        macro_rules! add {
            ($($interface:ident),*) => {
                $(wit::$interface::add_to_linker::<_, HasSelf<State>>(linker, |state| state)?;)*
            };
        }
        add!(values, containers, facts, context, steps, description, composition, lowering, log);
        Ok(())
    }

    fn describe(&self, guest: &mut Running) -> wasmtime::Result<Description> {
        call!(guest, lifecycle.windlass_plugin_lifecycle.call_describe())
    }

    fn check(&self, guest: &mut Running, cx: &Context) -> wasmtime::Result<Vec<Problem>> {
        call!(guest, lifecycle.windlass_plugin_lifecycle.call_check(cx))
    }

    fn observe(&self, guest: &mut Running, cx: &Context) -> Outcome<Vec<Question>> {
        call!(guest, lifecycle.windlass_plugin_lifecycle.call_observe(cx))
    }

    fn plan(&self, guest: &mut Running, cx: &Context, seen: Seen) -> Outcome<Vec<Step>> {
        call!(guest, lifecycle.windlass_plugin_lifecycle.call_plan(cx, seen))
    }

    fn workloads(&self, guest: &mut Running, cx: &Context, seen: Seen) -> Outcome<Vec<Workload>> {
        call!(guest, role.windlass_plugin_role.call_workloads(cx, seen))
    }

    fn roll(
        &self,
        guest: &mut Running,
        cx: &Context,
        seen: Seen,
        workloads: &[Workload],
    ) -> Outcome<Rollout> {
        call!(guest, role.windlass_plugin_role.call_roll(cx, seen, workloads))
    }

    fn standing(&self, guest: &mut Running, cx: &Context, seen: Seen) -> Outcome<Vec<InService>> {
        call!(guest, role.windlass_plugin_role.call_standing(cx, seen))
    }

    fn versions(&self, guest: &mut Running, cx: &Context, seen: Seen) -> Outcome<Vec<Kept>> {
        call!(guest, role.windlass_plugin_role.call_versions(cx, seen))
    }

    fn routes(&self, guest: &mut Running, cx: &Context) -> Outcome<Vec<String>> {
        call!(guest, proxy.windlass_plugin_proxy.call_routes(cx))
    }

    fn traffic(
        &self,
        guest: &mut Running,
        cx: &Context,
        seen: Seen,
        moves: &[Move],
    ) -> Outcome<Vec<Step>> {
        call!(guest, proxy.windlass_plugin_proxy.call_traffic(cx, seen, moves))
    }

    fn repository(&self, guest: &mut Running, cx: &Context) -> Outcome<String> {
        call!(guest, registry.windlass_plugin_registry.call_repository(cx))
    }

    fn lower(&self, guest: &mut Running, actions: &[ContainerAction]) -> Each<Lowered> {
        call!(guest, engine.windlass_plugin_engine.call_lower(actions))
    }

    fn lower_waits(&self, guest: &mut Running, waits: &[ContainerWait]) -> Each<LoweredWait> {
        call!(guest, engine.windlass_plugin_engine.call_lower_waits(waits))
    }

    fn lower_queries(&self, guest: &mut Running, queries: &[ContainerQuery]) -> Each<LoweredQuery> {
        call!(guest, engine.windlass_plugin_engine.call_lower_queries(queries))
    }

    fn read_answers(&self, guest: &mut Running, answers: &[Answer]) -> Each<ContainerFact> {
        call!(guest, engine.windlass_plugin_engine.call_read_answers(answers))
    }

    fn client_variables(&self, guest: &mut Running) -> wasmtime::Result<Vec<String>> {
        call!(guest, engine.windlass_plugin_engine.call_client_variables())
    }

    fn contribute(
        &self,
        guest: &mut Running,
        kind: Kind,
        cx: &Context,
        seen: Seen,
        workloads: &[Workload],
    ) -> Outcome<Vec<Contribution>> {
        if kind == Kind::Env {
            return call!(guest, env.windlass_plugin_env.call_contribute(cx, seen, workloads));
        }
        call!(guest, proxy.windlass_plugin_proxy.call_contribute(cx, seen, workloads))
    }
}
