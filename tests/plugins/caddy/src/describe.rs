//! Who the plugin is: what it owns of deploy.yml, its commands, what it may do.

use serde_json::json;
use windlass_sdk::describe::{self, any, any_http, exact, no_containers, owned};
use windlass_sdk::run_options::stringish_schema;
use windlass_sdk::types::{
    Area, Capability, CommandSpec, ContainerScope, Description, Intent, Whose,
};

/// Names the plugin's commands, the one Caddy of a host, and the network that it shares with the
/// app's containers.
pub const NAME: &str = "caddy";

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
    let about = "Routes requests to the app through Caddy, by files";
    Description {
        owns: vec![owned("/caddy", section)],
        reads: ["/healthcheck/port", "/servers/*/healthcheck/port"].map(String::from).to_vec(),
        commands: vec![
            command("boot", "Start Caddy where it does not run")
                .aiming(Intent::Prepare, &[Area::Registry]),
            command("details", "Show Caddy's containers").reading(),
            command("logs", "Show the end of Caddy's log").reading(),
            CommandSpec {
                arguments: vec![describe::argument("cmd", "Command and arguments", true)],
                ..command("try", "Run a command once in Caddy's image, for two seconds at most")
            },
            command("remove", "Remove Caddy and its files").aiming(Intent::Remove, &[]),
        ],
        capabilities: capabilities(),
        ..describe::plugin("caddy", env!("CARGO_PKG_VERSION"), about)
    }
}

/// One container, by whatever image and port deploy.yml says. Where its files lie on a host
/// depends on the login user's home.
fn capabilities() -> Vec<Capability> {
    vec![
        Capability::Containers(ContainerScope {
            whose: vec![Whose::Own],
            names: exact([NAME]),
            images: any(),
            mounts: any(),
            ports: any(),
            networks: exact([NAME]),
            ..no_containers()
        }),
        Capability::Networks(exact([NAME])),
        any_http(),
        describe::files(["caddy"]),
        Capability::Compose,
    ]
}

fn command(verb: &str, about: &str) -> CommandSpec {
    describe::command(NAME, verb, about)
}
