//! Who the plugin is: what it owns of deploy.yml, and its commands.

use serde_json::{Value, json};
use windlass_sdk::describe::{self, argument, flag, owned};
use windlass_sdk::description::{CommandSpec, DefaultVersion, Description, Ownership};
use windlass_sdk::run_options::{logging_schema, options_schema, stringish_schema, strings_schema};

/// The description; depends on nothing.
pub fn describe() -> Description {
    Description {
        name: "app".to_string(),
        version: env!("CARGO_PKG_VERSION").to_string(),
        about: "Runs the app's roles as containers, and replaces them without a gap".to_string(),
        owns: owns(),
        reads: vec!["/servers/*/traefik".to_string()],
        commands: commands(),
        capabilities: ["containers", "images", "files:assets"].map(String::from).to_vec(),
    }
}

fn owns() -> Vec<Ownership> {
    let seconds = |description: &str| {
        json!({
            "description": description, "type": "integer", "minimum": 0, "maximum": 86_400,
        })
    };
    let cmd = stringish_schema("Command of the container, split into words as a shell would.");
    let options = "Further options of `docker run`: `true`, a value, or a list to repeat one.";
    let assets = stringish_schema("Directory of assets in the image, bridged between versions.");
    [
        ("/labels", strings_schema("Labels of every app container.")),
        ("/volumes", volumes()),
        ("/logging", logging_schema("Log driver of every container.")),
        ("/healthcheck", health("How a new container shows that it can serve.")),
        ("/stop_wait_time", seconds("Seconds that a container gets to finish its work.")),
        ("/readiness_delay", seconds("Seconds that a container without health check must run.")),
        (
            "/retain_containers",
            json!({
                "description": "Stopped containers that stay on a host.",
                "type": "integer", "minimum": 1, "maximum": 1_000_000, "default": 5,
            }),
        ),
        ("/asset_path", assets.clone()),
        ("/servers/*/cmd", cmd),
        ("/servers/*/options", options_schema(options)),
        ("/servers/*/labels", strings_schema("Labels of the role's containers.")),
        ("/servers/*/logging", logging_schema("Log driver of the role's containers.")),
        ("/servers/*/healthcheck", health("What the role sets otherwise than the root does.")),
        ("/servers/*/asset_path", assets),
    ]
    .into_iter()
    .map(|(pattern, schema)| owned(pattern, schema))
    .collect()
}

fn volumes() -> Value {
    json!({
        "description": "`SOURCE:TARGET[:OPTIONS]`, mounted in every app container.",
        "type": "array",
        "items": { "type": ["string", "number", "boolean"] },
    })
}

fn health(description: &str) -> Value {
    json!({
        "description": description,
        "type": "object",
        "properties": {
            "cmd": stringish_schema("Command that succeeds when the container can serve."),
            "port": { "description": "Port that is asked.", "type": ["string", "integer"], "default": 3000 },
            "path": { "description": "Path that is asked.", "type": ["string", "number", "boolean"], "default": "/up" },
            "interval": { "description": "Time between checks: `1s`, `500ms`.", "type": ["string", "number"], "default": "1s" },
            "max_attempts": { "description": "How often to ask again, after 1, 2, 3 … s.", "type": "integer", "minimum": 0, "maximum": 1000, "default": 7 },
            "log_lines": { "description": "Lines shown of a container that failed.", "type": "integer", "minimum": 1, "maximum": 100_000, "default": 50 },
        },
        "additionalProperties": false,
    })
}

fn command(verb: &str, about: &str) -> CommandSpec {
    describe::command("app", verb, about)
}

fn prune(verb: &str, about: &str) -> CommandSpec {
    CommandSpec { noun: "prune".to_string(), ..command(verb, about) }
}

fn commands() -> Vec<CommandSpec> {
    let printing = |verb: &str, about: &str| CommandSpec { prints: true, ..command(verb, about) };
    vec![
        CommandSpec {
            version: DefaultVersion::InService,
            ..command("boot", "Start the version in service anew, in place of what runs")
        },
        command("start", "Start a stopped container and wait until it is ready"),
        command("stop", "Stop what is up"),
        printing("version", "Show the version that runs"),
        printing("details", "Show what is up"),
        printing("containers", "Show all containers of the app"),
        printing("images", "Show all images of the app"),
        CommandSpec {
            flags: vec![flag("stop", Some('s'), None, "Stop them")],
            ..printing("stale_containers", "Show what is up beside the current containers")
        },
        CommandSpec {
            flags: vec![
                flag("since", Some('s'), Some("TIME"), "Lines since a time or a duration ago"),
                flag("lines", Some('n'), Some("NUMBER"), "Number of lines per container"),
                flag("grep", Some('g'), Some("PATTERN"), "Only lines that match"),
                flag("grep-options", Some('o'), Some("OPTIONS"), "Options of the search"),
                flag("follow", Some('f'), None, "Show new lines of the primary host as they come"),
            ],
            ..printing("logs", "Show log lines of the current containers")
        },
        CommandSpec {
            flags: vec![
                flag("interactive", Some('i'), None, "At a terminal, on the primary host"),
                flag("reuse", None, None, "In the running container instead of a new one"),
                flag("env", Some('e'), Some("KEY:VALUE"), "Environment of the command"),
            ],
            arguments: vec![argument("cmd", "The command", true)],
            version: DefaultVersion::InService,
            ..printing("exec", "Run a command in a container of the app")
        },
        command("remove", "Remove all containers and images of the app"),
        // Kamal's own, for those who know them.
        CommandSpec {
            arguments: vec![argument("app-version", "The version", false)],
            ..command("remove_container", "")
        },
        command("remove_containers", ""),
        command("remove_images", ""),
        prune("all", "Remove old stopped containers, and images that nothing needs"),
        prune("images", "Remove images of the app that no container needs"),
        CommandSpec {
            flags: vec![flag("retain", None, Some("NUMBER"), "Stopped containers that stay")],
            ..prune("containers", "Remove stopped containers but the newest")
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemas_are_json() {
        let description = describe();
        for own in &description.owns {
            let schema: Value = serde_json::from_str(&own.schema).unwrap();
            assert!(schema["description"].is_string(), "{}", own.pattern);
        }
        assert_eq!(description.commands.len(), 17);
    }
}
