//! The functions that only plugins of one kind have.

use super::Plugin;
use super::contract::{Answer, InService, Kept, Lowered, LoweredQuery, LoweredWait, Rollout};
use super::error::PluginError;
use super::handed::Handed;
use super::kind::Kind;
use super::verify;
use crate::model::wit::{
    ContainerAction, ContainerFact, ContainerQuery, ContainerWait, Context, Contribution, Move,
    Observation, Step, Workload,
};

impl Plugin {
    /// Role: the containers of the new version, before others add to them.
    pub fn workloads(
        &self,
        cx: &Context,
        observations: &[Observation],
    ) -> Result<Vec<Workload>, PluginError> {
        const CALL: &str = "role.workloads";
        let answer = self
            .of(Kind::Role, CALL, |contract, guest| contract.workloads(guest, cx, observations))?;
        let workloads = self.found(CALL, answer)?;
        self.count(CALL, "containers", workloads.len())?;
        self.truth(CALL, verify::workloads(cx, &workloads))?;
        self.allowed(CALL, self.grants().workloads(cx, &workloads))?;
        Ok(workloads)
    }

    /// Role: how the merged containers take the place of what runs.
    pub fn roll(
        &self,
        cx: &Context,
        observations: &[Observation],
        workloads: &[Workload],
    ) -> Result<Rollout, PluginError> {
        const CALL: &str = "role.roll";
        let answer = self.of(Kind::Role, CALL, |contract, guest| {
            contract.roll(guest, cx, observations, workloads)
        })?;
        let Rollout { steps, moves } = self.found(CALL, answer)?;
        self.count(CALL, "moves", moves.len())?;
        self.truth(CALL, verify::moves(cx, &moves, workloads))?;
        let steps = self.steps(CALL, cx, steps, &Handed::workloads(workloads))?;
        Ok(Rollout { steps, moves })
    }

    /// Role: what is in service, by host and role in play.
    pub fn standing(
        &self,
        cx: &Context,
        observations: &[Observation],
    ) -> Result<Vec<InService>, PluginError> {
        const CALL: &str = "role.standing";
        let answer = self
            .of(Kind::Role, CALL, |contract, guest| contract.standing(guest, cx, observations))?;
        let all = self.found(CALL, answer)?;
        self.count(CALL, "answers", all.len())?;
        let about = all.iter().map(|one| (one.host.as_str(), one.role.as_str()));
        self.truth(CALL, verify::on_hosts(cx, about))?;
        Ok(all)
    }

    /// Role: which versions could serve again, by host and role in play.
    pub fn versions(
        &self,
        cx: &Context,
        observations: &[Observation],
    ) -> Result<Vec<Kept>, PluginError> {
        const CALL: &str = "role.versions";
        let answer = self
            .of(Kind::Role, CALL, |contract, guest| contract.versions(guest, cx, observations))?;
        let all = self.found(CALL, answer)?;
        self.count(CALL, "answers", all.len())?;
        let about = all.iter().map(|one| (one.host.as_str(), one.role.as_str()));
        self.truth(CALL, verify::on_hosts(cx, about))?;
        Ok(all)
    }

    /// Proxy: the roles that it routes requests to.
    pub fn routes(&self, cx: &Context) -> Result<Vec<String>, PluginError> {
        const CALL: &str = "proxy.routes";
        let answer = self.of(Kind::Proxy, CALL, |contract, guest| contract.routes(guest, cx))?;
        let mut roles = self.found(CALL, answer)?;
        self.count(CALL, "roles", roles.len())?;
        // One that is not in play now may still be asked for.
        roles.retain(|role| cx.roles.iter().any(|known| known.name == *role));
        Ok(roles)
    }

    /// Proxy and env: what is added to the containers of roles.
    pub fn contribute(
        &self,
        cx: &Context,
        observations: &[Observation],
        workloads: &[Workload],
    ) -> Result<Vec<Contribution>, PluginError> {
        let (kind, call) = match self.kind() {
            Kind::Env => (Kind::Env, "env.contribute"),
            _ => (Kind::Proxy, "proxy.contribute"),
        };
        let answer = self.of(kind, call, |contract, guest| {
            contract.contribute(guest, kind, cx, observations, workloads)
        })?;
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
        let answer = self.of(Kind::Proxy, CALL, |contract, guest| {
            contract.traffic(guest, cx, observations, moves)
        })?;
        let steps = self.found(CALL, answer)?;
        self.steps(CALL, cx, steps, &Handed::moves(moves))
    }

    /// Registry: the full repository of the service's image, without tag.
    pub fn repository(&self, cx: &Context) -> Result<String, PluginError> {
        const CALL: &str = "registry.repository";
        let answer =
            self.of(Kind::Registry, CALL, |contract, guest| contract.repository(guest, cx))?;
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
        let lowered =
            self.of(Kind::Engine, CALL, |contract, guest| contract.lower(guest, actions))?;
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
            self.of(Kind::Engine, CALL, |contract, guest| contract.lower_waits(guest, waits))?;
        self.truth(CALL, verify::lowered_waits(waits.len(), &lowered))?;
        Ok(lowered)
    }

    /// Engine: the commands that answer queries, in the same order.
    pub fn lower_queries(
        &self,
        queries: &[ContainerQuery],
    ) -> Result<Vec<Result<LoweredQuery, String>>, PluginError> {
        const CALL: &str = "engine.lower-queries";
        self.allowed(CALL, self.grants().lowering())?;
        let lowered =
            self.of(Kind::Engine, CALL, |contract, guest| contract.lower_queries(guest, queries))?;
        self.truth(CALL, verify::lowered_queries(queries.len(), &lowered))?;
        Ok(lowered)
    }

    /// Engine: what the lowered queries printed, as facts, in the same order.
    pub fn read_answers(
        &self,
        answers: &[Answer],
    ) -> Result<Vec<Result<ContainerFact, String>>, PluginError> {
        const CALL: &str = "engine.read-answers";
        let facts =
            self.of(Kind::Engine, CALL, |contract, guest| contract.read_answers(guest, answers))?;
        self.truth(CALL, verify::facts(answers, &facts))?;
        Ok(facts)
    }

    /// Engine: names of variables that its client reads itself.
    pub fn client_variables(&self) -> Result<Vec<String>, PluginError> {
        const CALL: &str = "engine.client-variables";
        let names =
            self.of(Kind::Engine, CALL, |contract, guest| contract.client_variables(guest))?;
        self.count(CALL, "names", names.len())?;
        Ok(names)
    }
}
