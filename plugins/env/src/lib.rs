//! The environment of the app's containers: clear values as they are in deploy.yml, secrets
//! from files on the hosts that `env push` wrote.

pub mod check;
pub mod contribute;
pub mod describe;
pub mod files;
pub mod schema;
mod settings;
pub mod steps;

#[cfg(test)]
mod tests;

use windlass_sdk::types::{
    Context, Contribution, Description, Observation, Problem, Question, Step, Workload,
};
use windlass_sdk::{Env, Plugin, Problems};

struct Environment;

impl Plugin for Environment {
    fn describe() -> Description {
        describe::describe()
    }
    fn check(context: &Context) -> Vec<Problem> {
        check::check(context)
    }
    fn observe(context: &Context) -> Result<Vec<Question>, Problems> {
        Ok(files::questions(context))
    }
    fn plan(context: &Context, observed: &[Observation]) -> Result<Vec<Step>, Problems> {
        steps::plan(context, observed)
    }
}

impl Env for Environment {
    fn contribute(
        context: &Context,
        observed: &[Observation],
        workloads: &[Workload],
    ) -> Result<Vec<Contribution>, Problems> {
        contribute::contribute(context, observed, workloads)
    }
}

windlass_sdk::export!(env: Environment);
