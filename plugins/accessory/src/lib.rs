//! Accessories: databases, caches and the like, one container each, beside the app and with
//! a life of their own. A deploy leaves them alone.
//!
//! This file is the glue to the WIT world; the rules stand in the modules.

mod check;
mod commands;
mod container;
mod describe;
mod exec;
mod files;
mod logs;
mod observe;
mod remove;
mod rollout;
mod settings;

#[cfg(test)]
mod tests;

wit_bindgen::generate!({
    path: "../../wit",
    world: "windlass:plugin/step-plugin@0.1.0",
    with: {
        "windlass:plugin/types@0.1.0": windlass_sdk::types,
        "windlass:plugin/log@0.1.0": windlass_sdk::log,
    },
});
use exports::windlass::plugin::lifecycle;
use windlass_sdk::types::{Context, Observation, Problem, Question, Step};

struct Plugin;

impl lifecycle::Guest for Plugin {
    fn describe() -> lifecycle::Description {
        describe::describe()
    }
    fn check(context: Context) -> Vec<Problem> {
        check::check(&context)
    }
    fn observe(context: Context) -> Result<Vec<Question>, Vec<Problem>> {
        observe::questions(&context)
    }
    fn plan(context: Context, observed: Vec<Observation>) -> Result<Vec<Step>, Vec<Problem>> {
        commands::plan(&context, &observed)
    }
}

#[cfg(target_arch = "wasm32")]
export!(Plugin);
