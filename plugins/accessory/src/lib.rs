//! Accessories: databases, caches and the like, one container each, beside the app and with
//! a life of their own. A deploy leaves them alone.

pub mod check;
pub mod commands;
mod container;
pub mod describe;
mod exec;
mod files;
mod logs;
pub mod observe;
mod remove;
mod rollout;
mod scene;
mod scope;
mod settings;

#[cfg(test)]
mod tests;

use windlass_sdk::types::{Context, Description, Observation, Problem, Question, Step};
use windlass_sdk::{Plugin, Problems};

struct Accessories;

impl Plugin for Accessories {
    fn describe() -> Description {
        describe::describe()
    }
    fn check(context: &Context) -> Vec<Problem> {
        check::check(context)
    }
    fn observe(context: &Context) -> Result<Vec<Question>, Problems> {
        observe::questions(context)
    }
    fn plan(context: &Context, observed: &[Observation]) -> Result<Vec<Step>, Problems> {
        commands::plan(context, observed)
    }
}

windlass_sdk::export!(step: Accessories);
