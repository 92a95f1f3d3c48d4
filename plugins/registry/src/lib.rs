//! The container registry: where the image is pushed to and pulled from, and how to log in.
//!
//! This file is the glue to the WIT world; the rules stand in the modules.

mod check;
mod settings;
mod steps;

wit_bindgen::generate!({
    path: "../../wit",
    world: "windlass:plugin/registry-plugin@0.1.0",
    with: {
        "windlass:plugin/types@0.1.0": windlass_sdk::types,
        "windlass:plugin/log@0.1.0": windlass_sdk::log,
    },
});
use exports::windlass::plugin::{lifecycle, registry};
use windlass_sdk::types::{Context, Observation, Problem, Question, Step};

struct Plugin;

fn command(verb: &str, about: &str) -> lifecycle::CommandSpec {
    let switch = |name: &str, short, about: &str| lifecycle::Flag {
        name: name.to_string(),
        short: Some(short),
        value: None,
        about: about.to_string(),
    };
    lifecycle::CommandSpec {
        noun: "registry".to_string(),
        verb: verb.to_string(),
        about: about.to_string(),
        flags: vec![
            switch("skip-local", 'L', "Leave this machine out"),
            switch("skip-remote", 'R', "Leave the hosts out"),
        ],
        arguments: Vec::new(),
        scope: lifecycle::Scope::AllHosts,
        version: lifecycle::DefaultVersion::Checkout,
        confirm: None,
        prints: false,
    }
}

impl lifecycle::Guest for Plugin {
    fn describe() -> lifecycle::Description {
        lifecycle::Description {
            name: "registry".to_string(),
            version: env!("CARGO_PKG_VERSION").to_string(),
            about: "Logs in to the container registry, on this machine and on the hosts"
                .to_string(),
            owns: vec![lifecycle::Ownership {
                pattern: "/registry".to_string(),
                schema: settings::SCHEMA.to_string(),
            }],
            reads: vec!["/image".to_string()],
            commands: vec![
                command("login", "Log in to the registry, on this machine and on all hosts"),
                command("logout", "Log out of the registry, on this machine and on all hosts"),
            ],
            capabilities: ["registry", "local", "secret:*"].map(str::to_string).to_vec(),
        }
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

#[cfg(target_arch = "wasm32")]
export!(Plugin);
