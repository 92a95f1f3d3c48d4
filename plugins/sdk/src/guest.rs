//! The generated traits, implemented for whatever implements ours.

use crate::plugin::Problems;
use crate::types::{
    Answer, ContainerAction, ContainerFact, ContainerQuery, ContainerWait, Context, Contribution,
    Description, InService, Kept, Lowered, LoweredQuery, LoweredWait, Move, Observation, Problem,
    Question, Rollout, Step, Workload,
};
use crate::wit::{engine, env, lifecycle, proxy, registry, role};
use crate::{Engine, Env, Plugin, Proxy, Registry, Role};

type Observations = Vec<Observation>;

impl<T: Plugin> lifecycle::Guest for T {
    fn describe() -> Description {
        T::describe()
    }
    fn check(context: Context) -> Vec<Problem> {
        T::check(&context)
    }
    fn observe(context: Context) -> Result<Vec<Question>, Problems> {
        T::observe(&context)
    }
    fn plan(context: Context, observed: Observations) -> Result<Vec<Step>, Problems> {
        T::plan(&context, &observed)
    }
}

impl<T: Role> role::Guest for T {
    fn workloads(context: Context, observed: Observations) -> Result<Vec<Workload>, Problems> {
        T::workloads(&context, &observed)
    }
    fn roll(
        context: Context,
        observed: Observations,
        workloads: Vec<Workload>,
    ) -> Result<Rollout, Problems> {
        T::roll(&context, &observed, &workloads)
    }
    fn standing(context: Context, observed: Observations) -> Result<Vec<InService>, Problems> {
        T::standing(&context, &observed)
    }
    fn versions(context: Context, observed: Observations) -> Result<Vec<Kept>, Problems> {
        T::versions(&context, &observed)
    }
}

impl<T: Proxy> proxy::Guest for T {
    fn routes(context: Context) -> Result<Vec<String>, Problems> {
        T::routes(&context)
    }
    fn contribute(
        context: Context,
        observed: Observations,
        workloads: Vec<Workload>,
    ) -> Result<Vec<Contribution>, Problems> {
        T::contribute(&context, &observed, &workloads)
    }
    fn traffic(
        context: Context,
        observed: Observations,
        moves: Vec<Move>,
    ) -> Result<Vec<Step>, Problems> {
        T::traffic(&context, &observed, &moves)
    }
}

impl<T: Env> env::Guest for T {
    fn contribute(
        context: Context,
        observed: Observations,
        workloads: Vec<Workload>,
    ) -> Result<Vec<Contribution>, Problems> {
        T::contribute(&context, &observed, &workloads)
    }
}

impl<T: Registry> registry::Guest for T {
    fn repository(context: Context) -> Result<String, Problems> {
        T::repository(&context)
    }
}

impl<T: Engine> engine::Guest for T {
    fn lower(actions: Vec<ContainerAction>) -> Vec<Result<Lowered, String>> {
        actions.iter().map(T::lower).collect()
    }
    fn lower_waits(waits: Vec<ContainerWait>) -> Vec<Result<LoweredWait, String>> {
        waits.iter().map(T::lower_wait).collect()
    }
    fn lower_queries(queries: Vec<ContainerQuery>) -> Vec<Result<LoweredQuery, String>> {
        queries.iter().map(T::lower_query).collect()
    }
    fn read_answers(answers: Vec<Answer>) -> Vec<Result<ContainerFact, String>> {
        answers.iter().map(T::read_answer).collect()
    }
    fn client_variables() -> Vec<String> {
        T::client_variables()
    }
}
