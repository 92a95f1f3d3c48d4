//! The component: what the modules decide, as exports of the world `role-plugin`.

wit_bindgen::generate!({
    path: "../../wit",
    world: "windlass:plugin/role-plugin@0.1.0",
    with: {
        "windlass:plugin/types@0.1.0": windlass_sdk::types,
        "windlass:plugin/composition@0.1.0": windlass_sdk::composition,
        "windlass:plugin/description@0.1.0": windlass_sdk::description,
        "windlass:plugin/log@0.1.0": windlass_sdk::log,
    },
});

use exports::windlass::plugin::{lifecycle, role};
use windlass_sdk::composition::Workload;
use windlass_sdk::types::{Context, Observation, Problem, Question, Step};

use crate::{check, commands, describe, observe, workloads};

struct Plugin;

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

export!(Plugin);
