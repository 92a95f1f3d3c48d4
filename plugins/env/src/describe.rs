//! Who the plugin is: what it owns of deploy.yml, and its commands.

use windlass_sdk::describe::{self, owned};
use windlass_sdk::description::{CommandSpec, Description};

use crate::schema;

fn command(verb: &str, about: &str) -> CommandSpec {
    describe::command("env", verb, about)
}

/// The description; depends on nothing.
pub fn describe() -> Description {
    Description {
        name: "env".to_string(),
        version: env!("CARGO_PKG_VERSION").to_string(),
        about: "Gives containers their environment, secrets through files on the hosts".to_string(),
        owns: vec![owned("/env", schema::ROOT), owned("/servers/*/env", schema::role())],
        // Where a role gives its hosts tags.
        reads: ["/servers", "/servers/*/hosts"].map(str::to_string).to_vec(),
        commands: vec![
            command("push", "Write the secrets to the env files on all hosts"),
            command("delete", "Remove the env files from all hosts"),
        ],
        capabilities: ["files:env/roles", "secret:*"].map(str::to_string).to_vec(),
    }
}
