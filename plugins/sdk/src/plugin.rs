//! What a plugin implements: [`Plugin`], and the trait of its kind if it has one.

use crate::types::{
    Answer, ContainerAction, ContainerFact, ContainerQuery, ContainerWait, Context, Contribution,
    Description, InService, Kept, Lowered, LoweredQuery, LoweredWait, Move, Observation, Problem,
    Question, Rollout, Step, Workload,
};

/// Everything that was found to be wrong.
pub type Problems = Vec<Problem>;

/// All that was asked for, or everything that is wrong with it.
pub type All<T> = Result<Vec<T>, Problems>;

/// All results if each is good, otherwise all problems.
pub fn all<T>(results: impl IntoIterator<Item = Result<T, Problem>>) -> All<T> {
    let (mut found, mut problems) = (Vec::new(), Vec::new());
    for result in results {
        match result {
            Ok(one) => found.push(one),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok(found) } else { Err(problems) }
}

/// The same, for results of which each is a part of the list.
pub fn joined<T>(results: impl IntoIterator<Item = Result<Vec<T>, Problem>>) -> All<T> {
    Ok(all(results)?.into_iter().flatten().collect())
}

/// What every plugin does. The defaults know, find and plan nothing.
pub trait Plugin {
    /// Who the plugin is. Depends on nothing.
    fn describe() -> Description;

    /// Findings on what it owns, beyond the schema.
    fn check(context: &Context) -> Vec<Problem> {
        let _ = context;
        Vec::new()
    }

    /// What must be known about the hosts before planning `context.operation`.
    fn observe(context: &Context) -> All<Question> {
        let _ = context;
        Ok(Vec::new())
    }

    /// The steps of `context.operation`. None: nothing to do, or not this plugin's matter.
    fn plan(context: &Context, observations: &[Observation]) -> All<Step> {
        let _ = (context, observations);
        Ok(Vec::new())
    }
}

/// Groups of identical application containers.
pub trait Role: Plugin {
    /// The containers of `context.version`, before others add to them. None for an operation
    /// that starts no container.
    fn workloads(context: &Context, observations: &[Observation]) -> All<Workload>;

    /// How the merged containers take the place of what runs, and which containers an operation
    /// starts or stops besides.
    fn roll(
        context: &Context,
        observations: &[Observation],
        workloads: &[Workload],
    ) -> Result<Rollout, Problems>;

    /// What serves, for each host and role in play.
    fn standing(context: &Context, observations: &[Observation]) -> All<InService>;

    /// What could serve again, for each host and role in play.
    fn versions(context: &Context, observations: &[Observation]) -> All<Kept>;
}

/// A reverse proxy in front of roles.
pub trait Proxy: Plugin {
    /// The roles that it routes requests to: asked before any host.
    fn routes(context: &Context) -> All<String>;

    /// What it adds to the new containers of these roles.
    fn contribute(
        context: &Context,
        observations: &[Observation],
        workloads: &[Workload],
    ) -> All<Contribution>;

    /// Steps that confirm that the proxy reaches the new containers, and that it no longer
    /// reaches the old ones.
    fn traffic(context: &Context, observations: &[Observation], moves: &[Move]) -> All<Step>;
}

/// Where the environment of a container comes from.
pub trait Env: Plugin {
    /// What it adds to the new containers.
    fn contribute(
        context: &Context,
        observations: &[Observation],
        workloads: &[Workload],
    ) -> All<Contribution>;
}

/// A container registry.
pub trait Registry: Plugin {
    /// The full repository of the service's image, without tag.
    fn repository(context: &Context) -> Result<String, Problems>;
}

/// What lowers container actions and questions to argv. Each answer is that of one item.
pub trait Engine: Plugin {
    /// The commands of an action, or why this engine cannot.
    fn lower(action: &ContainerAction) -> Result<Lowered, String>;

    /// The command that a wait asks again and again.
    fn lower_wait(wait: &ContainerWait) -> Result<LoweredWait, String>;

    /// The commands that answer a question.
    fn lower_query(query: &ContainerQuery) -> Result<LoweredQuery, String>;

    /// What a lowered question printed, as facts.
    fn read_answer(answer: &Answer) -> Result<ContainerFact, String>;

    /// Names of variables that the engine's client or its loader reads itself; `*` at either end
    /// stands for any text.
    fn client_variables() -> Vec<String>;
}
