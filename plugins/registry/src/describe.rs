//! Who the plugin is: what it owns of deploy.yml, and its commands.

use windlass_sdk::describe::{self, any, exact, flag, owned};
use windlass_sdk::types::{Area, Capability, CommandScope, CommandSpec, Description, Intent};

use crate::settings;
use crate::steps::THERE;

fn command(verb: &str, intent: Intent, about: &str) -> CommandSpec {
    describe::command("registry", verb, about)
        .aiming(intent, &[Area::Registry])
        .flag(flag("skip-local", Some('L'), None, "Leave this machine out"))
        .flag(flag("skip-remote", Some('R'), None, "Leave the hosts out"))
}

/// The description; depends on nothing.
pub fn describe() -> Description {
    let about = "Logs in to the container registry, on this machine and on the hosts";
    let (login, logout) = (
        "Log in to the registry, on this machine and on all hosts",
        "Log out of the registry, on this machine and on all hosts",
    );
    Description {
        owns: vec![owned("/registry", settings::SCHEMA)],
        reads: vec!["/image".to_string()],
        commands: vec![
            command("login", Intent::Prepare, login),
            command("logout", Intent::Remove, logout),
        ],
        capabilities: vec![
            Capability::Registries(any()),
            Capability::Secrets(any()),
            // The engine of the user's machine logs in too, for the push.
            Capability::LocalCommands(CommandScope { argv: Vec::new(), read_only: false }),
            Capability::Commands(CommandScope { argv: exact(THERE), read_only: true }),
        ],
        ..describe::plugin("registry", env!("CARGO_PKG_VERSION"), about)
    }
}
