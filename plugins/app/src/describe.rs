//! Who the plugin is: what it owns of deploy.yml, and its commands.

use serde_json::{Value, json};
use windlass_sdk::describe::{self, any, any_containers, argument, flag, foreign};
use windlass_sdk::run_options::{logging_schema, options_schema, stringish_schema, strings_schema};
use windlass_sdk::types::{
    Area, Capability, CommandSpec, DefaultVersion, Description, ForeignKey, Intent, Ownership,
    Whose,
};

/// The description; depends on nothing.
pub fn describe() -> Description {
    let about = "Runs the app's roles as containers, and replaces them without a gap";
    Description {
        owns: owns(),
        commands: commands(),
        // Roles have what deploy.yml gives them: any volume, any option.
        capabilities: vec![
            // It also renames and removes what has a new container's name, or was Kamal's.
            any_containers(&[Whose::Own, Whose::Others]),
            Capability::Images(any()),
            describe::files(["assets"]),
            // `${NAME}` in volumes, labels and options; `app exec` takes what was typed.
            Capability::Variables(any()),
        ],
        foreign_keys: foreign_keys(),
        ..describe::plugin("app", env!("CARGO_PKG_VERSION"), about)
    }
}

fn foreign_keys() -> Vec<ForeignKey> {
    let kamal_2 = |pattern: &str, help: &str| foreign(pattern, "Kamal 2", help);
    let exposed = "remove it: the container itself is asked, at `port`";
    vec![
        kamal_2(
            "/aliases",
            "make it an alias of your shell: `alias console='windlass app exec …'`",
        ),
        kamal_2(
            "/deploy_timeout",
            "`healthcheck: {max_attempts: …}` bounds the wait for a new container",
        ),
        kamal_2(
            "/drain_timeout",
            "`stop_wait_time: SECONDS` is what a container gets to finish its work",
        ),
        kamal_2(
            "/stop_timeout",
            "`stop_wait_time: SECONDS` is what a container gets to finish its work",
        ),
        kamal_2("/servers/*/stop_timeout", "`stop_wait_time` at the root applies to all roles"),
        foreign("/healthcheck/exposed_port", "an older Kamal", exposed),
        foreign("/servers/*/healthcheck/exposed_port", "an older Kamal", exposed),
    ]
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
    describe::owns([
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
        ("/servers/*/healthcheck", health("What the role sets differently from the root.")),
        ("/servers/*/asset_path", assets),
    ])
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
    let spec = CommandSpec { noun: Some("prune".to_string()), ..command(verb, about) };
    spec.aiming(Intent::Remove, &[Area::Leftovers])
}

fn commands() -> Vec<CommandSpec> {
    use Intent::{Look, Operate, Prepare, Remove, Replace};
    let reading = |verb: &str, about: &str| command(verb, about).reading();
    let removing = |verb: &str| command(verb, "").aiming(Remove, &[]);
    let roles = &[Area::Roles];
    vec![
        CommandSpec {
            version: DefaultVersion::InService,
            ..command("boot", "Start the version in service again, in place of what is running")
        }
        .aiming(Replace, roles)
        .aiming(Prepare, &[Area::Proxies]),
        command("start", "Start a stopped container and wait until it is ready")
            .aiming(Operate, roles),
        command("stop", "Stop what is running").aiming(Operate, roles),
        reading("version", "Show the version that is running"),
        reading("details", "Show what is running"),
        reading("containers", "Show all containers of the app"),
        reading("images", "Show all images of the app"),
        CommandSpec {
            prints: true,
            ..command("stale_containers", "Show what is running beside the current containers")
        }
        .aiming(Operate, roles)
        .flag(flag("stop", Some('s'), None, "Stop them")),
        command("logs", "Show log lines of the current containers")
            .log_lines("container", "the primary host"),
        CommandSpec {
            arguments: vec![argument("cmd", "The command", true)],
            version: DefaultVersion::InService,
            prints: true,
            ..command("exec", "Run a command in a container of the app")
        }
        .aiming(Operate, roles)
        .aiming(Look, &[Area::Env])
        .flag(flag("interactive", Some('i'), None, "At a terminal, on the primary host"))
        .flag(flag("reuse", None, None, "In the running container instead of a new one"))
        .flag(flag("env", Some('e'), Some("KEY:VALUE"), "Environment of the command")),
        command("remove", "Remove all containers and images of the app").aiming(Remove, roles),
        // Kamal's own, for those who know them.
        CommandSpec {
            arguments: vec![argument("app-version", "The version", false)],
            ..removing("remove_container")
        },
        removing("remove_containers"),
        removing("remove_images"),
        prune("all", "Remove old stopped containers, and images that nothing needs"),
        prune("images", "Remove images of the app that no container needs"),
        prune("containers", "Remove stopped containers but the newest").flag(flag(
            "retain",
            None,
            Some("NUMBER"),
            "Stopped containers that stay",
        )),
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
