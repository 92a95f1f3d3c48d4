//! Who the plugin is: what it owns of deploy.yml, and its commands.

use serde_json::{Value, json};
use windlass_sdk::describe::{self, flag, owned};
use windlass_sdk::description::{CommandSpec, DefaultVersion, Description, Ownership};
use windlass_sdk::run_options::{options_schema, stringish_schema, strings_schema};

/// The description; depends on nothing.
pub fn describe() -> Description {
    Description {
        name: "traefik".to_string(),
        version: env!("CARGO_PKG_VERSION").to_string(),
        about: "Routes requests to the app through Traefik, and moves them without a gap"
            .to_string(),
        owns: owns(),
        reads: ["/logging", "/healthcheck", "/servers/*/healthcheck"].map(String::from).to_vec(),
        commands: commands(),
        capabilities: [
            "containers",
            "images",
            "http",
            "local",
            "files:cords",
            "files:env/traefik",
            "secret:*",
        ]
        .map(String::from)
        .to_vec(),
    }
}

fn owns() -> Vec<Ownership> {
    let cord = || {
        json!({
            "description": "Directory in the container where the cord is looked for, or false.",
            "type": ["string", "boolean"], "minLength": 2, "default": "/tmp/kamal-cord",
        })
    };
    let routes = json!({
        "description": "Whether Traefik routes to the role: by default to the primary one.",
        "type": "boolean",
    });
    [
        ("/traefik", section()),
        ("/healthcheck/cord", cord()),
        ("/servers/*/traefik", routes),
        ("/servers/*/healthcheck/cord", cord()),
    ]
    .into_iter()
    .map(|(pattern, schema)| owned(pattern, schema))
    .collect()
}

fn section() -> Value {
    json!({
        "description": "The reverse proxy in front of the app: one container per host.",
        "type": "object",
        "properties": {
            "image": stringish_schema("Image of Traefik; by default traefik:v2.11."),
            "host_port": stringish_schema("Port of the host that it listens on; by default 80."),
            "publish": { "description": "Whether it listens on a port of the host.", "type": "boolean", "default": true },
            "labels": strings_schema("Labels of its container, beside those for a host without app."),
            "args": options_schema("Arguments of Traefik: `true`, a value, or a list to repeat one."),
            "options": options_schema("Further options of `docker run`."),
            "env": env(),
        },
        "additionalProperties": false,
    })
}

/// Variables themselves, or `clear` and `secret`.
fn env() -> Value {
    json!({
        "description": "Environment of Traefik: variables, or `clear` and `secret`.",
        "anyOf": [
            {
                "type": "object",
                "properties": {
                    "clear": strings_schema("Variables with their values."),
                    "secret": {
                        "description": "Names of secrets.",
                        "type": "array", "items": { "type": "string", "minLength": 1 },
                    },
                },
                "additionalProperties": false,
            },
            strings_schema("Variables with their values."),
        ],
    })
}

fn command(verb: &str, about: &str) -> CommandSpec {
    describe::command("traefik", verb, about)
}

fn commands() -> Vec<CommandSpec> {
    let cut_off = "Requests fail on each host while its Traefik is replaced. Go on?";
    vec![
        command("boot", "Start Traefik where it does not run"),
        CommandSpec {
            flags: vec![flag("rolling", None, None, "One host after the other")],
            confirm: Some(cut_off.to_string()),
            ..command("reboot", "Replace Traefik by one of the present configuration")
        },
        CommandSpec {
            flags: vec![flag("rolling", None, None, "One host after the other")],
            version: DefaultVersion::InService,
            confirm: Some(cut_off.to_string()),
            ..command("downgrade", "Go back from Kamal 2: take the place of kamal-proxy")
        },
        command("start", "Start Traefik where it is stopped"),
        command("stop", "Stop Traefik"),
        command("restart", "Stop Traefik and start it again"),
        CommandSpec { prints: true, ..command("details", "Show Traefik's containers") },
        CommandSpec {
            flags: vec![
                flag("since", Some('s'), Some("TIME"), "Lines since a time or a duration ago"),
                flag("lines", Some('n'), Some("NUMBER"), "Number of lines per host"),
                flag("grep", Some('g'), Some("PATTERN"), "Only lines that match"),
                flag("grep-options", Some('o'), Some("OPTIONS"), "Options of the search"),
                flag("follow", Some('f'), None, "Show new lines of the primary host as they come"),
            ],
            prints: true,
            ..command("logs", "Show Traefik's log")
        },
        command("remove", "Remove Traefik and its image"),
        // Kamal's own, for those who know them.
        command("remove_container", ""),
        command("remove_image", ""),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemas_are_json() {
        for own in describe().owns {
            let schema: Value = serde_json::from_str(&own.schema).unwrap();
            assert!(schema["description"].is_string(), "{}", own.pattern);
        }
    }
}
