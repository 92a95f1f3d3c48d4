//! The functions that only plugins of one kind have.

use super::Plugin;
use super::contract::{
    Answer, Contract, Each, InService, Kept, Lowered, LoweredQuery, LoweredWait, Outcome, Rollout,
};
use super::error::PluginError;
use super::handed::Handed;
use super::kind::Kind;
use super::limits::Running;
use super::verify;
use crate::model::wit::{
    ContainerAction, ContainerFact, ContainerQuery, ContainerWait, Context, Contribution, Move,
    Observation, Step, Workload,
};

type Result<T, E = PluginError> = std::result::Result<T, E>;

impl Plugin {
    /// Role: the containers of the new version, before others add to them.
    pub fn workloads(&self, cx: &Context, seen: &[Observation]) -> Result<Vec<Workload>> {
        const CALL: &str = "role.workloads";
        let answer =
            self.of(Kind::Role, CALL, |contract, guest| contract.workloads(guest, cx, seen))?;
        let workloads = self.found(CALL, answer)?;
        self.count(CALL, "containers", workloads.len())?;
        self.conforms(CALL, verify::workloads(cx, &workloads))?;
        self.allowed(CALL, self.grants().workloads(cx, &workloads))?;
        Ok(workloads)
    }

    /// Role: how the merged containers take the place of what runs.
    pub fn roll(
        &self,
        cx: &Context,
        seen: &[Observation],
        workloads: &[Workload],
    ) -> Result<Rollout> {
        const CALL: &str = "role.roll";
        let answer =
            self.of(Kind::Role, CALL, |contract, guest| contract.roll(guest, cx, seen, workloads))?;
        let Rollout { steps, moves } = self.found(CALL, answer)?;
        self.count(CALL, "moves", moves.len())?;
        self.conforms(CALL, verify::moves(cx, &moves, workloads))?;
        let steps = self.steps(CALL, cx, steps, &Handed::workloads(workloads))?;
        Ok(Rollout { steps, moves })
    }

    /// Role: what is in service, by host and role in play.
    pub fn standing(&self, cx: &Context, seen: &[Observation]) -> Result<Vec<InService>> {
        let ask = |contract: &dyn Contract, guest: &mut Running| contract.standing(guest, cx, seen);
        self.on_hosts("role.standing", cx, ask, |one| (&one.host, &one.role))
    }

    /// Role: which versions could serve again, by host and role in play.
    pub fn versions(&self, cx: &Context, seen: &[Observation]) -> Result<Vec<Kept>> {
        let ask = |contract: &dyn Contract, guest: &mut Running| contract.versions(guest, cx, seen);
        self.on_hosts("role.versions", cx, ask, |one| (&one.host, &one.role))
    }

    /// Answers of a role plugin, each about a role on a host.
    fn on_hosts<T>(
        &self,
        call: &'static str,
        cx: &Context,
        ask: impl FnOnce(&dyn Contract, &mut Running) -> Outcome<Vec<T>>,
        about: impl Fn(&T) -> (&str, &str),
    ) -> Result<Vec<T>> {
        let all = self.found(call, self.of(Kind::Role, call, ask)?)?;
        self.count(call, "answers", all.len())?;
        self.conforms(call, verify::on_hosts(cx, all.iter().map(about)))?;
        Ok(all)
    }

    /// Proxy: the roles that it routes requests to.
    pub fn routes(&self, cx: &Context) -> Result<Vec<String>> {
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
        seen: &[Observation],
        workloads: &[Workload],
    ) -> Result<Vec<Contribution>> {
        let (kind, call) = match self.kind() {
            Kind::Env => (Kind::Env, "env.contribute"),
            _ => (Kind::Proxy, "proxy.contribute"),
        };
        let answer = self.of(kind, call, |contract, guest| {
            contract.contribute(guest, kind, cx, seen, workloads)
        })?;
        let contributions = self.found(call, answer)?;
        self.count(call, "contributions", contributions.len())?;
        self.conforms(call, verify::contributions(cx, &contributions, workloads))?;
        self.allowed(call, self.grants().contributions(cx, &contributions, workloads))?;
        Ok(contributions)
    }

    /// Proxy: the steps that confirm where traffic goes, and what these need.
    pub fn traffic(&self, cx: &Context, seen: &[Observation], moves: &[Move]) -> Result<Vec<Step>> {
        const CALL: &str = "proxy.traffic";
        let answer =
            self.of(Kind::Proxy, CALL, |contract, guest| contract.traffic(guest, cx, seen, moves))?;
        let steps = self.found(CALL, answer)?;
        self.steps(CALL, cx, steps, &Handed::moves(moves))
    }

    /// Registry: the full repository of the service's image, without tag.
    pub fn repository(&self, cx: &Context) -> Result<String> {
        const CALL: &str = "registry.repository";
        let answer =
            self.of(Kind::Registry, CALL, |contract, guest| contract.repository(guest, cx))?;
        let repository = self.found(CALL, answer)?;
        self.conforms(CALL, verify::repository(&repository))?;
        Ok(repository)
    }

    /// Engine: the commands of actions, in the same order. An inner error says why the
    /// engine cannot do what is asked.
    pub fn lower(&self, actions: &[ContainerAction]) -> Result<Vec<Result<Lowered, String>>> {
        const CALL: &str = "engine.lower";
        self.allowed(CALL, self.grants().lowering())?;
        let check = |lowered: &[_]| verify::lowered(actions, lowered);
        self.each(CALL, actions, |contract, guest| contract.lower(guest, actions), check)
    }

    /// Engine: how to find out whether a wait holds, in the same order.
    pub fn lower_waits(&self, waits: &[ContainerWait]) -> Result<Vec<Result<LoweredWait, String>>> {
        const CALL: &str = "engine.lower-waits";
        self.allowed(CALL, self.grants().lowering())?;
        let ask = |contract: &dyn Contract, guest: &mut Running| contract.lower_waits(guest, waits);
        self.each(CALL, waits, ask, verify::lowered_waits)
    }

    /// Engine: the commands that answer queries, in the same order.
    pub fn lower_queries(
        &self,
        queries: &[ContainerQuery],
    ) -> Result<Vec<Result<LoweredQuery, String>>> {
        const CALL: &str = "engine.lower-queries";
        self.allowed(CALL, self.grants().lowering())?;
        let ask =
            |contract: &dyn Contract, guest: &mut Running| contract.lower_queries(guest, queries);
        self.each(CALL, queries, ask, verify::lowered_queries)
    }

    /// Engine: what the lowered queries printed, as facts, in the same order.
    pub fn read_answers(&self, answers: &[Answer]) -> Result<Vec<Result<ContainerFact, String>>> {
        let check = |facts: &[_]| verify::facts(answers, facts);
        let ask =
            |contract: &dyn Contract, guest: &mut Running| contract.read_answers(guest, answers);
        self.each("engine.read-answers", answers, ask, check)
    }

    /// One answer of an engine plugin to each of what it is asked.
    fn each<A, T>(
        &self,
        call: &'static str,
        asked: &[A],
        ask: impl FnOnce(&dyn Contract, &mut Running) -> Each<T>,
        check: impl FnOnce(&[Result<T, String>]) -> Result<(), String>,
    ) -> Result<Vec<Result<T, String>>> {
        let answers = self.of(Kind::Engine, call, ask)?;
        self.conforms(call, verify::same(asked.len(), answers.len()))?;
        self.conforms(call, check(&answers))?;
        Ok(answers)
    }

    /// Engine: names of variables that its client reads itself.
    pub fn client_variables(&self) -> Result<Vec<String>> {
        const CALL: &str = "engine.client-variables";
        let names =
            self.of(Kind::Engine, CALL, |contract, guest| contract.client_variables(guest))?;
        self.count(CALL, "names", names.len())?;
        Ok(names)
    }
}
