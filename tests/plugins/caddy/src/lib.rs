//! The caddy plugin: a proxy as a third party would write it, by other means than the bundled
//! one. No labels and no cord: Caddy serves what files say.
//!
//! * One Caddy per host, on a network of its own that the app's containers join. Each new
//!   container has an alias there that no other ever has, so a file can name it before it
//!   runs, and the name outlives renames and reboots.
//! * A *site* file per role says how it is served, and changes with deploy.yml. Caddy takes
//!   it up by a reload, which does nothing if nothing changed.
//! * A *route* file per role names the container that serves. Caddy reads it for each request:
//!   replacing the file is the switch. A reload would not do for that: Caddy closes the idle
//!   connections of its clients then, and under load some requests are lost.
//!
//! This file is the glue between the WIT world and the modules; nothing is decided here.

mod boot;
mod commands;
mod describe;
mod files;
mod observe;
mod settings;
mod traffic;
#[cfg(test)]
mod traffic_tests;

wit_bindgen::generate!({
    path: "../../../wit",
    world: "windlass:plugin/proxy-plugin@0.1.0",
    with: {
        "windlass:plugin/types@0.1.0": windlass_sdk::types,
        "windlass:plugin/composition@0.1.0": windlass_sdk::composition,
        "windlass:plugin/log@0.1.0": windlass_sdk::log,
    },
});

use exports::windlass::plugin::{lifecycle, proxy};
use windlass_sdk::composition::{Contribution, Move, Workload};
use windlass_sdk::types::{Context, Observation, Problem, Question, Step};

/// The component.
pub struct Plugin;

impl lifecycle::Guest for Plugin {
    fn describe() -> lifecycle::Description {
        describe::describe()
    }
    fn check(context: Context) -> Vec<Problem> {
        settings::check(&context)
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
        Ok(traffic::contribute(&context, &workloads))
    }
    fn traffic(
        context: Context,
        observed: Vec<Observation>,
        moves: Vec<Move>,
    ) -> Result<Vec<Step>, Vec<Problem>> {
        traffic::traffic(&context, &observed, &moves)
    }
}

#[cfg(target_arch = "wasm32")]
export!(Plugin);
