//! The builder: builds the image of what is committed, pushes it, and pulls it on the hosts.
//!
//! The engine of this machine builds for its own architecture. What it cannot do alone (several
//! architectures, other machines, caches, secrets) is done by buildx.
//!
//! This file is the glue to the WIT world; the rules stand in the modules.

mod buildx;
mod check;
mod clone;
mod driver;
mod machine;
mod settings;
mod source;
mod steps;

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

fn command(verb: &str, about: &str) -> lifecycle::CommandSpec {
    lifecycle::CommandSpec {
        noun: "build".to_string(),
        verb: verb.to_string(),
        about: about.to_string(),
        flags: Vec::new(),
        arguments: Vec::new(),
        scope: lifecycle::Scope::AllHosts,
        version: lifecycle::DefaultVersion::Checkout,
        confirm: None,
        prints: false,
    }
}

/// A command that no host is asked for.
fn local(verb: &str, about: &str) -> lifecycle::CommandSpec {
    lifecycle::CommandSpec { scope: lifecycle::Scope::Local, ..command(verb, about) }
}

impl lifecycle::Guest for Plugin {
    fn describe() -> lifecycle::Description {
        lifecycle::Description {
            name: "builder".to_string(),
            version: env!("CARGO_PKG_VERSION").to_string(),
            about: "Builds the image of what is committed, pushes it, and pulls it on the hosts"
                .to_string(),
            owns: vec![lifecycle::Ownership {
                pattern: "/builder".to_string(),
                schema: settings::SCHEMA.to_string(),
            }],
            reads: vec!["/registry/server".to_string()],
            commands: vec![
                local("push", "Build the image on this machine and push it to the registry"),
                command("pull", "Pull the image from the registry on all hosts"),
                command("deliver", "Build and push the image, then pull it on all hosts"),
                local(
                    "create",
                    "Create the builder that the configuration asks for, unless it is there",
                ),
                local("remove", "Remove it"),
                lifecycle::CommandSpec {
                    prints: true,
                    ..local("details", "Show the contexts and builders of this machine")
                },
            ],
            capabilities: ["images", "local", "run", "secret:*"].map(str::to_string).to_vec(),
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

#[cfg(target_arch = "wasm32")]
export!(Plugin);
