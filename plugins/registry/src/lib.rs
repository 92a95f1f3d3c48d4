//! The container registry: where the image is pushed to and pulled from, and how to log in.

pub mod check;
pub mod describe;
pub mod settings;
pub mod steps;

use windlass_sdk::types::{Context, Description, Observation, Problem, Question, Step};
use windlass_sdk::{Plugin, Problems, Registry};

struct Login;

impl Plugin for Login {
    fn describe() -> Description {
        describe::describe()
    }
    fn check(context: &Context) -> Vec<Problem> {
        check::check(context)
    }
    fn observe(context: &Context) -> Result<Vec<Question>, Problems> {
        Ok(steps::questions(context))
    }
    fn plan(context: &Context, _: &[Observation]) -> Result<Vec<Step>, Problems> {
        steps::plan(context)
    }
}

impl Registry for Login {
    fn repository(context: &Context) -> Result<String, Problems> {
        let settings = settings::Settings::of(context);
        settings.and_then(|settings| settings.repository()).map_err(|problem| vec![problem])
    }
}

windlass_sdk::export!(registry: Login);
