//! Who the plugin is: what it owns of deploy.yml, and its commands.

use windlass_sdk::describe::{self, owned};
use windlass_sdk::description::{CommandSpec, Description, Scope};

use crate::settings;

fn command(verb: &str, about: &str) -> CommandSpec {
    describe::command("build", verb, about)
}

/// A command that no host is asked for.
fn local(verb: &str, about: &str) -> CommandSpec {
    CommandSpec { scope: Scope::Local, ..command(verb, about) }
}

/// The description; depends on nothing.
pub fn describe() -> Description {
    Description {
        name: "builder".to_string(),
        version: env!("CARGO_PKG_VERSION").to_string(),
        about: "Builds the image of what is committed, pushes it, and pulls it on the hosts"
            .to_string(),
        owns: vec![owned("/builder", settings::SCHEMA)],
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
            CommandSpec {
                prints: true,
                ..local("details", "Show the contexts and builders of this machine")
            },
        ],
        capabilities: ["images", "local", "run", "secret:*"].map(str::to_string).to_vec(),
    }
}
