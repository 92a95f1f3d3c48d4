//! Who the plugin is: what it owns of deploy.yml, and its commands.

use serde_json::{Value, json};
use windlass_sdk::describe::{self, argument, flag, owned};
use windlass_sdk::description::{CommandSpec, Description};
use windlass_sdk::run_options::{options_schema, stringish_schema, strings_schema};

/// The description; depends on nothing.
pub fn describe() -> Description {
    Description {
        name: "accessory".to_string(),
        version: env!("CARGO_PKG_VERSION").to_string(),
        about: "Runs accessories of the app, such as databases, apart from its deploys".to_string(),
        owns: vec![owned("/accessories", schema())],
        reads: ["/servers", "/servers/*/hosts", "/logging"].map(String::from).to_vec(),
        commands: commands(),
        // Directories of accessories lie wherever deploy.yml says; local files are uploaded.
        capabilities: [
            "containers",
            "images",
            "local",
            "files:/",
            "files:env/accessories",
            "secret:*",
        ]
        .map(String::from)
        .to_vec(),
    }
}

fn schema() -> Value {
    let list = |description: &str| {
        json!({
            "description": description,
            "type": "array",
            "items": { "type": ["string", "number", "boolean"] },
        })
    };
    let string = |description: &str| {
        json!({
            "description": description, "type": ["string", "number", "boolean"], "minLength": 1,
        })
    };
    let names = |description: &str| {
        json!({
            "description": description, "type": "array", "minItems": 1,
            "items": { "type": "string", "minLength": 1 },
        })
    };
    json!({
        "description": "Containers beside the app, by name: databases, caches and the like.",
        "type": "object",
        "additionalProperties": {
            "description": "One accessory, on `host`, `hosts` or the hosts of `roles`.",
            "type": "object",
            "properties": {
                "image": string("Image with its registry, such as `mysql:8.0`."),
                "service": string("Name of container and directory; by default SERVICE-NAME."),
                "host": { "description": "The host that it runs on.", "type": "string", "minLength": 1 },
                "hosts": names("The hosts that it runs on."),
                "roles": names("Roles on whose hosts it runs."),
                "port": string("Published port: `3306`, or `HOSTPORT:PORT` with an address if wanted."),
                "cmd": stringish_schema("Command of the container, split into words as a shell would."),
                "labels": strings_schema("Further labels of its container."),
                "options": options_schema("Further options of `docker run`: `true`, a value, or a list to repeat one."),
                "env": windlass_sdk::env::schema(
                    "Its environment: `clear` values and names of `secret` ones, or a flat map of clear values.",
                ),
                "files": list("`LOCAL:PATH`: files that are uploaded and mounted at a path of the container."),
                "directories": list("`DIRECTORY:PATH`: directories of the host, made and mounted."),
                "volumes": list("`SOURCE:TARGET[:OPTIONS]`, mounted as they are."),
            },
            "additionalProperties": false,
        },
    })
}

fn command(verb: &str, about: &str) -> CommandSpec {
    CommandSpec {
        arguments: vec![argument("name", "Name of the accessory, or `all`", false)],
        ..describe::command("accessory", verb, about)
    }
}

fn commands() -> Vec<CommandSpec> {
    let one = || argument("name", "Name of the accessory", false);
    let lost = "This removes the container, its image and its directories with all data. Go on?";
    // Parts of the others, as Kamal has them. Without a word about them, no help lists them.
    let part = |verb: &str| command(verb, "");
    vec![
        command("boot", "Start an accessory where it is not there"),
        command("reboot", "Replace it by one of the present configuration and image"),
        command("start", "Start its container where it is stopped"),
        command("stop", "Stop its container"),
        command("restart", "Stop its container and start it again"),
        CommandSpec { prints: true, ..command("details", "Show its containers") },
        CommandSpec {
            flags: vec![
                flag("interactive", Some('i'), None, "At a terminal, on its first host"),
                flag("reuse", None, None, "In the running container instead of a new one"),
            ],
            arguments: vec![one(), argument("cmd", "The command", true)],
            prints: true,
            ..command("exec", "Run a command in a container of it")
        },
        CommandSpec {
            flags: vec![
                flag("since", Some('s'), Some("TIME"), "Lines since a time or a duration ago"),
                flag("lines", Some('n'), Some("NUMBER"), "Number of lines per host"),
                flag("grep", Some('g'), Some("PATTERN"), "Only lines that match"),
                flag("grep-options", Some('o'), Some("OPTIONS"), "Options of the search"),
                flag("follow", Some('f'), None, "Show new lines of its first host as they come"),
            ],
            arguments: vec![one()],
            prints: true,
            ..command("logs", "Show its log")
        },
        CommandSpec {
            confirm: Some(lost.to_string()),
            ..command("remove", "Remove its container, image, env file and directories")
        },
        CommandSpec {
            flags: vec![flag("rolling", None, None, "One host after the other")],
            confirm: Some("This stops the accessory until a new one runs. Go on?".to_string()),
            ..command("downgrade", "Reboot it, on the way back from Kamal 2")
        },
        part("upload"),
        part("directories"),
        part("remove_container"),
        part("remove_image"),
        CommandSpec { confirm: Some(lost.to_string()), ..part("remove_service_directory") },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_tells_about_every_key() {
        let keys = &schema()["additionalProperties"]["properties"];
        for (key, schema) in keys.as_object().unwrap() {
            assert!(schema["description"].is_string(), "{key}");
        }
    }
}
