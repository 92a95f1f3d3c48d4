//! The component: what the modules decide, as exports of the world `step-plugin`.

wit_bindgen::generate!({
    path: "../../wit",
    world: "windlass:plugin/step-plugin@0.1.0",
    with: {
        "windlass:plugin/types@0.1.0": windlass_sdk::types,
        "windlass:plugin/description@0.1.0": windlass_sdk::description,
        "windlass:plugin/log@0.1.0": windlass_sdk::log,
    },
});

use exports::windlass::plugin::lifecycle;
use windlass_sdk::types::{Context, Observation, Problem, Question, Step};

use crate::{check, describe, steps};

struct Plugin;

impl lifecycle::Guest for Plugin {
    fn describe() -> lifecycle::Description {
        describe::describe()
    }
    fn check(context: Context) -> Vec<Problem> {
        check::check(&context)
    }
    fn observe(_context: Context) -> Result<Vec<Question>, Vec<Problem>> {
        Ok(Vec::new())
    }
    fn plan(context: Context, _facts: Vec<Observation>) -> Result<Vec<Step>, Vec<Problem>> {
        steps::plan(&context)
    }
}

export!(Plugin);
