//! The component: what the modules decide, as exports of the world `engine-plugin`.

wit_bindgen::generate!({
    path: "../../wit",
    world: "windlass:plugin/engine-plugin@0.1.0",
    with: {
        "windlass:plugin/types@0.1.0": windlass_sdk::types,
        "windlass:plugin/description@0.1.0": windlass_sdk::description,
        "windlass:plugin/lowering@0.1.0": windlass_sdk::lowering,
        "windlass:plugin/log@0.1.0": windlass_sdk::log,
    },
});

use exports::windlass::plugin::{engine, lifecycle};
use windlass_sdk::types::{
    ContainerAction, ContainerWait, Context, Fact, Observation, Output, Problem, Query, Question,
    Step,
};

use crate::{actions, answers, queries, waits};

struct Plugin;

impl lifecycle::Guest for Plugin {
    fn describe() -> lifecycle::Description {
        lifecycle::Description {
            name: "docker".to_string(),
            version: env!("CARGO_PKG_VERSION").to_string(),
            about: "Runs containers with the docker command line (20.10 or newer)".to_string(),
            owns: Vec::new(),
            reads: Vec::new(),
            commands: Vec::new(),
            capabilities: vec!["run".to_string()],
        }
    }
    fn check(_context: Context) -> Vec<Problem> {
        Vec::new()
    }
    fn observe(_context: Context) -> Result<Vec<Question>, Vec<Problem>> {
        Ok(Vec::new())
    }
    fn plan(_context: Context, _facts: Vec<Observation>) -> Result<Vec<Step>, Vec<Problem>> {
        Ok(Vec::new())
    }
}

impl engine::Guest for Plugin {
    fn lower(actions: Vec<ContainerAction>) -> Vec<Result<engine::Lowered, String>> {
        actions.iter().map(actions::lower).collect()
    }
    fn lower_waits(waits: Vec<ContainerWait>) -> Vec<Result<engine::LoweredWait, String>> {
        waits.iter().map(waits::lower).collect()
    }
    fn lower_queries(queries: Vec<Query>) -> Vec<Result<engine::LoweredQuery, String>> {
        queries.iter().map(queries::lower).collect()
    }
    fn read_answers(answers: Vec<(Query, Output)>) -> Vec<Result<Fact, String>> {
        answers.iter().map(|(query, output)| answers::read(query, output)).collect()
    }
}

export!(Plugin);
