//! The component: what the modules decide, as exports of the world `registry-plugin`.

wit_bindgen::generate!({
    path: "../../wit",
    world: "windlass:plugin/registry-plugin@0.1.0",
    with: {
        "windlass:plugin/types@0.1.0": windlass_sdk::types,
        "windlass:plugin/description@0.1.0": windlass_sdk::description,
        "windlass:plugin/log@0.1.0": windlass_sdk::log,
    },
});

use exports::windlass::plugin::{lifecycle, registry};
use windlass_sdk::types::{Context, Observation, Problem, Question, Step};

use crate::{check, describe, settings, steps};

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

impl registry::Guest for Plugin {
    fn repository(context: Context) -> Result<String, Vec<Problem>> {
        let settings = settings::Settings::of(&context);
        settings.and_then(|settings| settings.repository()).map_err(|problem| vec![problem])
    }
}

export!(Plugin);
