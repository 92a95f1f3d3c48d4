//! Who the plugin is: what it owns of deploy.yml, and its commands.

use windlass_sdk::describe::{self, any_command, argument, exact, flag, foreign, hook};
use windlass_sdk::types::{Area, Capability, CommandSpec, Description, ForeignKey, Intent};

use crate::bootstrap::HOOK;
use crate::exec::EXEC;

/// The description; depends on nothing.
pub fn describe() -> Description {
    let command = |verb: &str, about: &str| describe::command("server", verb, about);
    let bootstrap = "Install Docker where it is missing; make the run directory";
    let exec = EXEC.trim_start_matches("server ");
    Description {
        commands: vec![
            command("bootstrap", bootstrap).aiming(Intent::Prepare, &[Area::Servers]),
            CommandSpec {
                arguments: vec![argument("cmd", "The command, for the shell of the server", true)],
                prints: true,
                ..command(exec, "Run a command on the servers")
            }
            .aiming(Intent::Operate, &[])
            .flag(flag(
                "interactive",
                Some('i'),
                None,
                "At a terminal, on the primary host",
            )),
        ],
        capabilities: vec![
            Capability::Commands(any_command()),
            Capability::Hooks(exact([HOOK])),
            describe::files(["."]),
        ],
        hooks: vec![hook(HOOK, "Docker is on every host: prepare them further, from here")],
        foreign_keys: foreign_keys(),
        ..describe::plugin(
            "server",
            env!("CARGO_PKG_VERSION"),
            "Installs Docker on servers, and runs commands on them",
        )
    }
}

/// How servers are reached, and what is told of it.
fn foreign_keys() -> Vec<ForeignKey> {
    [
        (
            "/ssh/config",
            "remove it: your own ssh with its ssh_config is used, always; `ssh -G HOST` shows it",
        ),
        ("/ssh/forward_agent", "write `ForwardAgent yes` for these hosts in ~/.ssh/config"),
        ("/sshkit/dns_retries", "remove it: your own ssh resolves names"),
        ("/boot/parallel_roles", "remove it: the roles of a host are started together"),
        ("/hooks_output", "`-v` shows what hooks print, `-q` hides it"),
        ("/output", "`--json` prints every event as a line for your tools"),
    ]
    .map(|(pattern, help)| foreign(pattern, "Kamal 2", help))
    .to_vec()
}
