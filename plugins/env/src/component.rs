//! The component: what the modules decide, as exports of the world `env-plugin`.

wit_bindgen::generate!({
    path: "../../wit",
    world: "windlass:plugin/env-plugin@0.1.0",
    with: {
        "windlass:plugin/types@0.1.0": windlass_sdk::types,
        "windlass:plugin/composition@0.1.0": windlass_sdk::composition,
        "windlass:plugin/description@0.1.0": windlass_sdk::description,
        "windlass:plugin/log@0.1.0": windlass_sdk::log,
    },
});

use exports::windlass::plugin::{env, lifecycle};
use windlass_sdk::composition::{Contribution, Workload};
use windlass_sdk::types::{Context, Observation, Problem, Question, Step};

use crate::{check, contribute, describe, files, steps};

struct Plugin;

impl lifecycle::Guest for Plugin {
    fn describe() -> lifecycle::Description {
        describe::describe()
    }
    fn check(context: Context) -> Vec<Problem> {
        check::check(&context)
    }
    fn observe(context: Context) -> Result<Vec<Question>, Vec<Problem>> {
        Ok(files::questions(&context))
    }
    fn plan(context: Context, facts: Vec<Observation>) -> Result<Vec<Step>, Vec<Problem>> {
        steps::plan(&context, &facts)
    }
}

impl env::Guest for Plugin {
    fn contribute(
        context: Context,
        facts: Vec<Observation>,
        workloads: Vec<Workload>,
    ) -> Result<Vec<Contribution>, Vec<Problem>> {
        contribute::contribute(&context, &facts, &workloads)
    }
}

export!(Plugin);
