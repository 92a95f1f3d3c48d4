//! Who the plugin is: what it owns of deploy.yml, its commands, what it may do.

use serde_json::json;
use windlass_sdk::describe::{self, owned};
use windlass_sdk::description::{Argument, CommandSpec, Description};
use windlass_sdk::run_options::stringish_schema;

/// What the plugin does, as grants name it. `run` is for one thing: no action makes a network.
const CAPABILITIES: [&str; 4] = ["containers", "files:caddy", "http", "run"];

/// The description; depends on nothing.
pub fn describe() -> Description {
    let section = json!({
        "description": "The reverse proxy in front of the app: one Caddy per host.",
        "type": "object",
        "properties": {
            "image": stringish_schema("Image of Caddy; by default caddy:2."),
            "host_port": stringish_schema("Port of the host that it listens on; by default 80."),
            "app_port": stringish_schema("Port of the app; by default that of the health check."),
            "domain": stringish_schema("Name that the app is reached by; by default any."),
        },
        "additionalProperties": false,
    });
    Description {
        name: "caddy".to_string(),
        version: env!("CARGO_PKG_VERSION").to_string(),
        about: "Routes requests to the app through Caddy, by files".to_string(),
        owns: vec![owned("/caddy", section)],
        reads: ["/healthcheck/port", "/servers/*/healthcheck/port"].map(String::from).to_vec(),
        commands: vec![
            command("boot", "Start Caddy where it does not run"),
            CommandSpec { prints: true, ..command("details", "Show Caddy's containers") },
            CommandSpec { prints: true, ..command("logs", "Show the end of Caddy's log") },
            CommandSpec {
                arguments: vec![Argument {
                    name: "cmd".to_string(),
                    about: "Command and arguments".to_string(),
                    required: true,
                    many: true,
                }],
                ..command("try", "Run a command once in Caddy's image, for two seconds at most")
            },
            command("remove", "Remove Caddy and its files"),
        ],
        capabilities: CAPABILITIES.map(String::from).to_vec(),
    }
}

fn command(verb: &str, about: &str) -> CommandSpec {
    describe::command("caddy", verb, about)
}
