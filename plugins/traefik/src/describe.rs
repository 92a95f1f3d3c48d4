//! Who the plugin is: what it owns of deploy.yml, and its commands.

use serde_json::{Value, json};
use windlass_sdk::describe::{
    self, any, any_containers, any_http, exact, flag, foreign, hook, prefix,
};
use windlass_sdk::run_options::{options_schema, stringish_schema, strings_schema};
use windlass_sdk::types::{
    Area, Capability, CommandSpec, DefaultVersion, Description, ForeignKey, Intent, Ownership,
    Whose,
};

use crate::reboot::HOOKS;

/// The description; depends on nothing.
pub fn describe() -> Description {
    let about = "Routes requests to the app through Traefik, and moves them without a gap";
    let [before, after] = HOOKS;
    Description {
        owns: owns(),
        reads: vec!["/logging".to_string()],
        commands: commands(),
        capabilities: capabilities(),
        hooks: vec![
            hook(before, "Traefik is replaced next: take the host out of a load balancer"),
            hook(after, "Traefik was replaced: put the host back"),
        ],
        foreign_keys: foreign_keys(),
        ..describe::plugin("traefik", env!("CARGO_PKG_VERSION"), about)
    }
}

/// Traefik has what deploy.yml gives it, and Docker's socket: any mount, any option.
fn capabilities() -> Vec<Capability> {
    vec![
        // Its own, those that it routes to, and Kamal's.
        any_containers(&[Whose::Own, Whose::Handed, Whose::Others]),
        Capability::Images(any()),
        any_http(),
        Capability::Hooks(exact(HOOKS)),
        describe::files(["cords", "env/traefik"]),
        Capability::Secrets(any()),
        Capability::Variables(any()),
        Capability::Labels(prefix(["traefik."])),
        Capability::Compose,
    ]
}

fn foreign_keys() -> Vec<ForeignKey> {
    let proxy = "`servers/ROLE/traefik` says which roles get requests, `traefik` configures the \
                 proxy, `healthcheck` the check (`app_port` is `healthcheck/port`), and the host \
                 is a label: `traefik.http.routers.NAME.rule: Host(`…`)`; or name a plugin that \
                 owns `proxy` under `x-windlass: plugins`";
    let role = "write `traefik: true` or `traefik: false`: whether requests reach the role";
    let pages = "Traefik serves error pages through its `errors` middleware: see `traefik/labels`";
    let kamal_2 = |pattern: &str, help: &str| foreign(pattern, "Kamal 2", help);
    vec![
        kamal_2("/proxy", proxy),
        kamal_2("/servers/*/proxy", role),
        kamal_2("/error_pages_path", pages),
    ]
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
    describe::owns([
        ("/traefik", section()),
        ("/healthcheck/cord", cord()),
        ("/servers/*/traefik", routes),
        ("/servers/*/healthcheck/cord", cord()),
    ])
}

fn section() -> Value {
    json!({
        "description": "The reverse proxy in front of the app: one container per host.",
        "type": "object",
        "properties": {
            "image": stringish_schema("Image of Traefik; by default traefik:v2.11."),
            "host_port": stringish_schema("Port of the host that it listens on; by default 80."),
            "publish": { "description": "Whether it listens on a port of the host.", "type": "boolean", "default": true },
            "labels": strings_schema("Labels of its container, besides those for a host without the app."),
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
                        "type": "array",
                        "items": { "type": "string", "minLength": 1, "x-secret": true },
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
    use Intent::{Operate, Prepare, Remove, Replace};
    let cut_off = "Requests fail on each host while its Traefik is replaced. Continue?";
    let all = "Requests fail on each host while Traefik takes the place of kamal-proxy, and all \
               accessories are rebooted. Continue?";
    let rolling = || flag("rolling", None, None, "One host after the other");
    // The image may come from the registry.
    let pulling = |spec: CommandSpec| spec.aiming(Prepare, &[Area::Registry]);
    let downgrade = |noun: Option<&str>, about: &str, confirm: &str, areas: &[Area]| {
        let spec = CommandSpec {
            noun: noun.map(String::from),
            version: DefaultVersion::InService,
            confirm: Some(confirm.to_string()),
            ..command("downgrade", about)
        };
        pulling(spec.aiming(Replace, areas)).aiming(Remove, &[Area::Leftovers]).flag(rolling())
    };
    vec![
        pulling(command("boot", "Start Traefik where it is not running")),
        pulling(CommandSpec {
            confirm: Some(cut_off.to_string()),
            ..command("reboot", "Replace Traefik with one of the current configuration")
        })
        .flag(rolling()),
        downgrade(
            Some("traefik"),
            "Go back from Kamal 2: take the place of kamal-proxy",
            cut_off,
            &[Area::Roles, Area::Proxies],
        ),
        downgrade(
            None,
            "Go back from Kamal 2: Traefik takes the place of kamal-proxy",
            all,
            &[Area::Roles, Area::Proxies, Area::Accessories],
        ),
        // What others do with their proxies is no matter of these commands.
        command("start", "Start Traefik where it is stopped").aiming(Operate, &[]),
        command("stop", "Stop Traefik").aiming(Operate, &[]),
        command("restart", "Stop Traefik and start it again").aiming(Operate, &[]),
        command("details", "Show Traefik's containers").reading(),
        command("logs", "Show Traefik's log").log_lines("host", "the primary host"),
        command("remove", "Remove Traefik and its image").aiming(Remove, &[]),
        // Kamal's own, for those who know them.
        command("remove_container", "").aiming(Remove, &[]),
        command("remove_image", "").aiming(Remove, &[]),
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
