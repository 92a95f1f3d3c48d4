//! The servers themselves: Docker on them, the run directory, and commands that somebody types.
//!
//! This file is the glue between the WIT world and the modules; nothing is decided here.

mod bootstrap;
mod exec;

wit_bindgen::generate!({
    path: "../../wit",
    world: "windlass:plugin/step-plugin@0.1.0",
    with: {
        "windlass:plugin/types@0.1.0": windlass_sdk::types,
        "windlass:plugin/log@0.1.0": windlass_sdk::log,
    },
});

use exports::windlass::plugin::lifecycle::{
    self, Argument, CommandSpec, DefaultVersion, Description, Flag, Scope,
};
use windlass_sdk::types::{Context, Observation, Problem, Question, Step};

/// The component.
pub struct Plugin;

fn command(verb: &str, about: &str) -> CommandSpec {
    CommandSpec {
        noun: "server".to_string(),
        verb: verb.to_string(),
        about: about.to_string(),
        flags: Vec::new(),
        arguments: Vec::new(),
        scope: Scope::AllHosts,
        version: DefaultVersion::Checkout,
        confirm: None,
        prints: false,
    }
}

impl lifecycle::Guest for Plugin {
    fn describe() -> Description {
        Description {
            name: "server".to_string(),
            version: env!("CARGO_PKG_VERSION").to_string(),
            about: "Installs Docker on servers, and runs commands on them".to_string(),
            owns: Vec::new(),
            reads: Vec::new(),
            commands: vec![
                command("bootstrap", "Install Docker where it is missing; make the run directory"),
                CommandSpec {
                    flags: vec![Flag {
                        name: "interactive".to_string(),
                        short: Some('i'),
                        value: None,
                        about: "At a terminal, on the primary host".to_string(),
                    }],
                    arguments: vec![Argument {
                        name: "cmd".to_string(),
                        about: "The command, for the shell of the server".to_string(),
                        required: true,
                        many: true,
                    }],
                    prints: true,
                    ..command("exec", "Run a command on the servers")
                },
            ],
            capabilities: ["run", "local", "files:."].map(str::to_string).to_vec(),
        }
    }
    fn check(_context: Context) -> Vec<Problem> {
        Vec::new()
    }
    fn observe(context: Context) -> Result<Vec<Question>, Vec<Problem>> {
        Ok([bootstrap::questions(&context), exec::questions(&context)].concat())
    }
    fn plan(context: Context, observed: Vec<Observation>) -> Result<Vec<Step>, Vec<Problem>> {
        match context.operation.as_str() {
            "server exec" => Ok(exec::plan(&context)),
            _ => bootstrap::plan(&context, &observed),
        }
    }
}

#[cfg(target_arch = "wasm32")]
export!(Plugin);
