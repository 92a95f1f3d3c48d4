//! The servers themselves: Docker on them, the run directory, and commands that somebody types.

mod bootstrap;
pub mod commands;
pub mod describe;
mod exec;

use windlass_sdk::types::{Context, Description, Observation, Question, Step};
use windlass_sdk::{Plugin, Problems};

struct Servers;

impl Plugin for Servers {
    fn describe() -> Description {
        describe::describe()
    }
    fn observe(context: &Context) -> Result<Vec<Question>, Problems> {
        Ok(commands::questions(context))
    }
    fn plan(context: &Context, observed: &[Observation]) -> Result<Vec<Step>, Problems> {
        commands::plan(context, observed)
    }
}

windlass_sdk::export!(step: Servers);
