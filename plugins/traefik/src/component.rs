//! The component: what the modules decide, as exports of the world `proxy-plugin`.

wit_bindgen::generate!({
    path: "../../wit",
    world: "windlass:plugin/proxy-plugin@0.1.0",
    with: {
        "windlass:plugin/types@0.1.0": windlass_sdk::types,
        "windlass:plugin/composition@0.1.0": windlass_sdk::composition,
        "windlass:plugin/description@0.1.0": windlass_sdk::description,
        "windlass:plugin/log@0.1.0": windlass_sdk::log,
    },
});

use exports::windlass::plugin::{lifecycle, proxy};
use windlass_sdk::composition::{Contribution, Move, Workload};
use windlass_sdk::types::{Context, Observation, Problem, Question, Step};

use crate::{check, commands, contribute, describe, observe, traffic};

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

impl proxy::Guest for Plugin {
    fn contribute(
        context: Context,
        _observed: Vec<Observation>,
        workloads: Vec<Workload>,
    ) -> Result<Vec<Contribution>, Vec<Problem>> {
        contribute::contribute(&context, &workloads)
    }
    fn traffic(
        context: Context,
        observed: Vec<Observation>,
        moves: Vec<Move>,
    ) -> Result<Vec<Step>, Vec<Problem>> {
        traffic::traffic(&context, &observed, &moves)
    }
}

export!(Plugin);
