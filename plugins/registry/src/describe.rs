//! Who the plugin is: what it owns of deploy.yml, and its commands.

use windlass_sdk::describe::{self, flag, owned};
use windlass_sdk::description::{CommandSpec, Description};

use crate::settings;

fn command(verb: &str, about: &str) -> CommandSpec {
    CommandSpec {
        flags: vec![
            flag("skip-local", Some('L'), None, "Leave this machine out"),
            flag("skip-remote", Some('R'), None, "Leave the hosts out"),
        ],
        ..describe::command("registry", verb, about)
    }
}

/// The description; depends on nothing.
pub fn describe() -> Description {
    Description {
        name: "registry".to_string(),
        version: env!("CARGO_PKG_VERSION").to_string(),
        about: "Logs in to the container registry, on this machine and on the hosts".to_string(),
        owns: vec![owned("/registry", settings::SCHEMA)],
        reads: vec!["/image".to_string()],
        commands: vec![
            command("login", "Log in to the registry, on this machine and on all hosts"),
            command("logout", "Log out of the registry, on this machine and on all hosts"),
        ],
        capabilities: ["registry", "local", "secret:*"].map(str::to_string).to_vec(),
    }
}
