//! The environment of the app's containers: clear values as they are in deploy.yml, secrets
//! from files on the hosts that `env push` wrote.
//!
//! This file is the glue to the WIT world; the rules stand in the modules.

mod check;
mod contribute;
mod files;
mod schema;
mod settings;
mod steps;

#[cfg(test)]
mod tests;

wit_bindgen::generate!({
    path: "../../wit",
    world: "windlass:plugin/env-plugin@0.1.0",
    with: {
        "windlass:plugin/types@0.1.0": windlass_sdk::types,
        "windlass:plugin/composition@0.1.0": windlass_sdk::composition,
        "windlass:plugin/log@0.1.0": windlass_sdk::log,
    },
});
use exports::windlass::plugin::{env, lifecycle};
use windlass_sdk::composition::{Contribution, Workload};
use windlass_sdk::types::{Context, Observation, Problem, Question, Step};

struct Plugin;

fn command(verb: &str, about: &str) -> lifecycle::CommandSpec {
    lifecycle::CommandSpec {
        noun: "env".to_string(),
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

fn owned(pattern: &str, schema: &str) -> lifecycle::Ownership {
    lifecycle::Ownership { pattern: pattern.to_string(), schema: schema.to_string() }
}

impl lifecycle::Guest for Plugin {
    fn describe() -> lifecycle::Description {
        lifecycle::Description {
            name: "env".to_string(),
            version: env!("CARGO_PKG_VERSION").to_string(),
            about: "Gives containers their environment, secrets through files on the hosts"
                .to_string(),
            owns: vec![owned("/env", schema::ROOT), owned("/servers/*/env", &schema::role())],
            // Where a role gives its hosts tags.
            reads: ["/servers", "/servers/*/hosts"].map(str::to_string).to_vec(),
            commands: vec![
                command("push", "Write the secrets to the env files on all hosts"),
                command("delete", "Remove the env files from all hosts"),
            ],
            capabilities: ["files:env/roles", "secret:*"].map(str::to_string).to_vec(),
        }
    }
    fn check(context: Context) -> Vec<Problem> {
        check::check(&context)
    }
    fn observe(context: Context) -> Result<Vec<Question>, Vec<Problem>> {
        Ok(files::questions(&context))
    }
    fn plan(context: Context, facts: Vec<Observation>) -> Result<Vec<Step>, Vec<Problem>> {
        steps::plan(&context, &facts)
    }
}

impl env::Guest for Plugin {
    fn contribute(
        context: Context,
        facts: Vec<Observation>,
        workloads: Vec<Workload>,
    ) -> Result<Vec<Contribution>, Vec<Problem>> {
        contribute::contribute(&context, &facts, &workloads)
    }
}

#[cfg(target_arch = "wasm32")]
export!(Plugin);
