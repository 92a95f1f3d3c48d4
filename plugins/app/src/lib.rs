//! The app plugin: groups of identical containers, as Kamal 1.9 runs them.
//!
//! This file is the glue between the WIT world and the modules; nothing is decided here.

mod assets;
pub mod check;
mod cleanup;
pub mod commands;
mod describe;
mod exec;
mod health;
pub mod observe;
mod remove;
pub mod rollout;
mod settings;
mod spec;
mod standing;
mod start;
pub mod workloads;

wit_bindgen::generate!({
    path: "../../wit",
    world: "windlass:plugin/role-plugin@0.1.0",
    with: {
        "windlass:plugin/types@0.1.0": windlass_sdk::types,
        "windlass:plugin/composition@0.1.0": windlass_sdk::composition,
        "windlass:plugin/log@0.1.0": windlass_sdk::log,
    },
});

use exports::windlass::plugin::{lifecycle, role};
use windlass_sdk::composition::Workload;
use windlass_sdk::types::{Context, Observation, Problem, Question, Step};

/// The component.
pub struct Plugin;

impl lifecycle::Guest for Plugin {
    fn describe() -> lifecycle::Description {
        describe::describe()
    }
    fn check(context: Context) -> Vec<Problem> {
        check::check(&context)
    }
    fn observe(context: Context) -> Result<Vec<Question>, Vec<Problem>> {
        commands::check_arguments(&context)?;
        Ok(observe::questions(&context))
    }
    fn plan(context: Context, observed: Vec<Observation>) -> Result<Vec<Step>, Vec<Problem>> {
        commands::plan(&context, &observed)
    }
}

impl role::Guest for Plugin {
    fn workloads(
        context: Context,
        _observed: Vec<Observation>,
    ) -> Result<Vec<Workload>, Vec<Problem>> {
        workloads::workloads(&context)
    }
    fn roll(
        context: Context,
        observed: Vec<Observation>,
        workloads: Vec<Workload>,
        _proxied: Vec<(String, String)>,
    ) -> Result<role::Rollout, Vec<Problem>> {
        let (steps, moves) = workloads::roll(&context, &observed, &workloads)?;
        Ok(role::Rollout { steps, moves })
    }
}

#[cfg(target_arch = "wasm32")]
export!(Plugin);
