//! The functions that only plugins of one kind have.

use super::Plugin;
use super::bindings::{
    Lowered, LoweredQuery, LoweredWait, Rollout, engine, env, proxy, registry, role,
};
use super::error::PluginError;
use super::handed::Handed;
use super::kind::Kind;
use super::verify;
use crate::model::wit::{
    ContainerAction, ContainerWait, Context, Contribution, Fact, Move, Observation, Output, Query,
    Step, Workload,
};

/// Calls one function in a fresh instance: `ask!(plugin, call, Kind, module.interface.f(…))`.
macro_rules! ask {
    ($plugin:ident, $call:expr, $kind:ident,
     $module:ident.$interface:ident.$function:ident($($argument:expr),*)) => {
        $plugin.of(Kind::$kind, $call, |(store, instance)| {
            let world = $module::Only::new(&mut *store, &*instance)?;
            world.$interface().$function(store, $($argument),*)
        })
    };
}

impl Plugin {
    /// Role: the containers of the new version, before others add to them.
    pub fn workloads(
        &self,
        cx: &Context,
        observations: &[Observation],
    ) -> Result<Vec<Workload>, PluginError> {
        const CALL: &str = "role.workloads";
        let answer =
            ask!(self, CALL, Role, role.windlass_plugin_role.call_workloads(cx, observations))?;
        let workloads = self.found(CALL, answer)?;
        self.count(CALL, "containers", workloads.len())?;
        self.truth(CALL, verify::workloads(cx, &workloads))?;
        self.allowed(CALL, self.grants().workloads(cx, &workloads))?;
        Ok(workloads)
    }

    /// Role: how the merged containers take the place of what runs. `proxied`: host and role
    /// of each that a proxy routes to.
    pub fn roll(
        &self,
        cx: &Context,
        observations: &[Observation],
        workloads: &[Workload],
        proxied: &[(String, String)],
    ) -> Result<Rollout, PluginError> {
        const CALL: &str = "role.roll";
        let answer = ask!(
            self,
            CALL,
            Role,
            role.windlass_plugin_role.call_roll(cx, observations, workloads, proxied)
        )?;
        let Rollout { steps, moves } = self.found(CALL, answer)?;
        self.count(CALL, "moves", moves.len())?;
        self.truth(CALL, verify::moves(&moves, workloads))?;
        let steps = self.steps(CALL, cx, steps, &Handed::workloads(workloads))?;
        Ok(Rollout { steps, moves })
    }

    /// Proxy and env: what is added to the containers of roles.
    pub fn contribute(
        &self,
        cx: &Context,
        observations: &[Observation],
        workloads: &[Workload],
    ) -> Result<Vec<Contribution>, PluginError> {
        let (call, answer) = if self.kind() == Kind::Env {
            const CALL: &str = "env.contribute";
            let answer = ask!(
                self,
                CALL,
                Env,
                env.windlass_plugin_env.call_contribute(cx, observations, workloads)
            );
            (CALL, answer?)
        } else {
            const CALL: &str = "proxy.contribute";
            let answer = ask!(
                self,
                CALL,
                Proxy,
                proxy.windlass_plugin_proxy.call_contribute(cx, observations, workloads)
            );
            (CALL, answer?)
        };
        let contributions = self.found(call, answer)?;
        self.count(call, "contributions", contributions.len())?;
        self.truth(call, verify::contributions(cx, &contributions, workloads))?;
        self.allowed(call, self.grants().contributions(cx, &contributions, workloads))?;
        Ok(contributions)
    }

    /// Proxy: the steps that confirm where traffic goes, and what these need.
    pub fn traffic(
        &self,
        cx: &Context,
        observations: &[Observation],
        moves: &[Move],
    ) -> Result<Vec<Step>, PluginError> {
        const CALL: &str = "proxy.traffic";
        let answer = ask!(
            self,
            CALL,
            Proxy,
            proxy.windlass_plugin_proxy.call_traffic(cx, observations, moves)
        )?;
        let steps = self.found(CALL, answer)?;
        self.steps(CALL, cx, steps, &Handed::moves(moves))
    }

    /// Registry: the full repository of the service's image, without tag.
    pub fn repository(&self, cx: &Context) -> Result<String, PluginError> {
        const CALL: &str = "registry.repository";
        let answer =
            ask!(self, CALL, Registry, registry.windlass_plugin_registry.call_repository(cx))?;
        let repository = self.found(CALL, answer)?;
        self.truth(CALL, verify::repository(&repository))?;
        Ok(repository)
    }

    /// Engine: the commands of actions, in the same order. An inner error says why the
    /// engine cannot do what is asked.
    pub fn lower(
        &self,
        actions: &[ContainerAction],
    ) -> Result<Vec<Result<Lowered, String>>, PluginError> {
        const CALL: &str = "engine.lower";
        self.allowed(CALL, self.grants().lowering())?;
        let lowered = ask!(self, CALL, Engine, engine.windlass_plugin_engine.call_lower(actions))?;
        self.truth(CALL, verify::lowered(actions, &lowered))?;
        Ok(lowered)
    }

    /// Engine: how to find out whether a wait holds, in the same order.
    pub fn lower_waits(
        &self,
        waits: &[ContainerWait],
    ) -> Result<Vec<Result<LoweredWait, String>>, PluginError> {
        const CALL: &str = "engine.lower-waits";
        self.allowed(CALL, self.grants().lowering())?;
        let lowered =
            ask!(self, CALL, Engine, engine.windlass_plugin_engine.call_lower_waits(waits))?;
        self.truth(CALL, verify::lowered_waits(waits.len(), &lowered))?;
        Ok(lowered)
    }

    /// Engine: the commands that answer queries, in the same order.
    pub fn lower_queries(
        &self,
        queries: &[Query],
    ) -> Result<Vec<Result<LoweredQuery, String>>, PluginError> {
        const CALL: &str = "engine.lower-queries";
        self.allowed(CALL, self.grants().lowering())?;
        let lowered =
            ask!(self, CALL, Engine, engine.windlass_plugin_engine.call_lower_queries(queries))?;
        self.truth(CALL, verify::lowered_queries(queries.len(), &lowered))?;
        Ok(lowered)
    }

    /// Engine: what the lowered queries printed, as facts, in the same order.
    pub fn read_answers(
        &self,
        answers: &[(Query, Output)],
    ) -> Result<Vec<Result<Fact, String>>, PluginError> {
        const CALL: &str = "engine.read-answers";
        let facts =
            ask!(self, CALL, Engine, engine.windlass_plugin_engine.call_read_answers(answers))?;
        self.truth(CALL, verify::facts(answers, &facts))?;
        Ok(facts)
    }
}
