//! The builder: builds the image of what is committed, pushes it, and pulls it on the hosts.
//!
//! The engine of this machine builds for its own architecture. What it cannot do alone (several
//! architectures, other machines, caches, secrets) is done by buildx.

mod buildx;
pub mod check;
mod clone;
pub mod describe;
mod driver;
mod machine;
pub mod settings;
mod source;
pub mod steps;

use windlass_sdk::types::{Context, Description, Observation, Problem, Step};
use windlass_sdk::{Plugin, Problems};

struct Builder;

impl Plugin for Builder {
    fn describe() -> Description {
        describe::describe()
    }
    fn check(context: &Context) -> Vec<Problem> {
        check::check(context)
    }
    fn plan(context: &Context, _: &[Observation]) -> Result<Vec<Step>, Problems> {
        steps::plan(context)
    }
}

windlass_sdk::export!(step: Builder);
