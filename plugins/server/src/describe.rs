//! Who the plugin is: what it owns of deploy.yml, and its commands.

use windlass_sdk::describe::{self, argument, flag};
use windlass_sdk::description::{CommandSpec, Description};

fn command(verb: &str, about: &str) -> CommandSpec {
    describe::command("server", verb, about)
}

/// The description; depends on nothing.
pub fn describe() -> Description {
    Description {
        name: "server".to_string(),
        version: env!("CARGO_PKG_VERSION").to_string(),
        about: "Installs Docker on servers, and runs commands on them".to_string(),
        owns: Vec::new(),
        reads: Vec::new(),
        commands: vec![
            command("bootstrap", "Install Docker where it is missing; make the run directory"),
            CommandSpec {
                flags: vec![flag(
                    "interactive",
                    Some('i'),
                    None,
                    "At a terminal, on the primary host",
                )],
                arguments: vec![argument("cmd", "The command, for the shell of the server", true)],
                prints: true,
                ..command("exec", "Run a command on the servers")
            },
        ],
        capabilities: ["run", "local", "files:."].map(str::to_string).to_vec(),
    }
}
