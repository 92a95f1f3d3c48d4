//! The generated traits, implemented for whatever implements ours.

use crate::plugin::{All, Problems};
use crate::types::{
    Answer, ContainerAction, ContainerFact, ContainerQuery, ContainerWait, Context, Contribution,
    Description, InService, Kept, Lowered, LoweredQuery, LoweredWait, Move, Observation, Problem,
    Question, Rollout, Step, Workload,
};
use crate::wit::{engine, env, lifecycle, proxy, registry, role};
use crate::{Engine, Env, Plugin, Proxy, Registry, Role};

type Observations = Vec<Observation>;
type Workloads = Vec<Workload>;

/// The same functions, which are lent what the generated ones are given.
macro_rules! guest {
    ($kind:ident as $interface:ident {
        $($name:ident($($argument:ident: $type:ty),*) -> $result:ty;)+
    }) => {
        impl<T: $kind> $interface::Guest for T {
            $(fn $name($($argument: $type),*) -> $result {
                T::$name($(&$argument),*)
            })+
        }
    };
}

guest!(Plugin as lifecycle {
    describe() -> Description;
    check(context: Context) -> Vec<Problem>;
    observe(context: Context) -> All<Question>;
    plan(context: Context, observed: Observations) -> All<Step>;
});

guest!(Role as role {
    workloads(context: Context, observed: Observations) -> All<Workload>;
    roll(context: Context, observed: Observations, workloads: Workloads) -> Result<Rollout, Problems>;
    standing(context: Context, observed: Observations) -> All<InService>;
    versions(context: Context, observed: Observations) -> All<Kept>;
});

guest!(Proxy as proxy {
    routes(context: Context) -> All<String>;
    contribute(context: Context, observed: Observations, workloads: Workloads) -> All<Contribution>;
    traffic(context: Context, observed: Observations, moves: Vec<Move>) -> All<Step>;
});

guest!(Env as env {
    contribute(context: Context, observed: Observations, workloads: Workloads) -> All<Contribution>;
});

guest!(Registry as registry {
    repository(context: Context) -> Result<String, Problems>;
});

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
