//! Who the plugin is: what it owns of deploy.yml, and its commands.

use serde_json::{Value, json};
use windlass_sdk::describe::{self, any, any_containers, argument, flag, foreign, owned};
use windlass_sdk::run_options::{options_schema, stringish_schema, strings_schema};
use windlass_sdk::types::{Area, Capability, CommandSpec, Description, ForeignKey, Intent, Whose};

/// The description; depends on nothing.
pub fn describe() -> Description {
    let about = "Runs accessories of the app, such as databases, apart from its deploys";
    Description {
        owns: vec![owned("/accessories", schema())],
        reads: ["/servers", "/servers/*/hosts", "/logging"].map(String::from).to_vec(),
        commands: commands(),
        capabilities: capabilities(),
        foreign_keys: foreign_keys(),
        ..describe::plugin("accessory", env!("CARGO_PKG_VERSION"), about)
    }
}

/// Accessories have what deploy.yml gives them: any image, any directory, any option.
fn capabilities() -> Vec<Capability> {
    vec![
        // It also takes over those that Kamal has started.
        any_containers(&[Whose::Own, Whose::Others]),
        Capability::Images(any()),
        describe::files(["/", "env/accessories"]),
        Capability::LocalFiles(any()),
        Capability::Secrets(any()),
        Capability::Variables(any()),
    ]
}

fn foreign_keys() -> Vec<ForeignKey> {
    let kamal_2 =
        |key: &str, help: &str| foreign(&format!("/accessories/*/{key}"), "Kamal 2", help);
    let place = "`host`, `hosts` or `roles` says where it runs";
    vec![
        kamal_2("proxy", "give the accessory `traefik.…` labels; Traefik finds it by them"),
        kamal_2("network", "write it as an option: `options: {network: …}`"),
        kamal_2("registry", "log in on the hosts once; `docker login` there is kept"),
        kamal_2("role", place),
        kamal_2("tag", place),
        kamal_2("tags", place),
    ]
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
    let names = |description: &str, are_hosts: bool| {
        json!({
            "description": description, "type": "array", "minItems": 1,
            "items": { "type": "string", "minLength": 1, "x-hosts": are_hosts },
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
                "host": { "description": "The host that it runs on.", "type": "string", "minLength": 1, "x-hosts": true },
                "hosts": names("The hosts that it runs on.", true),
                "roles": names("Roles on whose hosts it runs.", false),
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
    use Intent::{Operate, Prepare, Remove};
    let one = || argument("name", "Name of the accessory", false);
    let lost = "This removes the container, its image and its directories with all data. Continue?";
    // What others do with accessories is no matter of these commands.
    let none: &[Area] = &[];
    // The image may come from the registry.
    let pulling = |verb: &str, about: &str| command(verb, about).aiming(Prepare, &[Area::Registry]);
    // Parts of the others, as Kamal has them. Without a word about them, no help lists them.
    let part = |verb: &str, intent| command(verb, "").aiming(intent, none);
    vec![
        pulling("boot", "Start an accessory where it is missing"),
        pulling("reboot", "Replace it with one of the current configuration and image"),
        command("start", "Start its container where it is stopped").aiming(Operate, none),
        command("stop", "Stop its container").aiming(Operate, none),
        command("restart", "Stop its container and start it again").aiming(Operate, none),
        command("details", "Show its containers").reading(),
        CommandSpec {
            arguments: vec![one(), argument("cmd", "The command", true)],
            prints: true,
            ..command("exec", "Run a command in a container of it")
        }
        .aiming(Operate, none)
        .flag(flag("interactive", Some('i'), None, "At a terminal, on its first host"))
        .flag(flag("reuse", None, None, "In the running container instead of a new one")),
        CommandSpec { arguments: vec![one()], ..command("logs", "Show its log") }
            .log_lines("host", "its first host"),
        CommandSpec {
            confirm: Some(lost.to_string()),
            ..command("remove", "Remove its container, image, env file and directories")
        }
        .aiming(Remove, none),
        CommandSpec {
            confirm: Some("This stops the accessory until a new one runs. Continue?".to_string()),
            ..pulling("downgrade", "Reboot it, on the way back from Kamal 2")
        }
        .flag(flag("rolling", None, None, "One host after the other")),
        part("upload", Prepare),
        part("directories", Prepare),
        part("remove_container", Remove),
        part("remove_image", Remove),
        CommandSpec { confirm: Some(lost.to_string()), ..part("remove_service_directory", Remove) },
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
