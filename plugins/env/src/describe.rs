//! Who the plugin is: what it owns of deploy.yml, and its commands.

use windlass_sdk::describe::{self, any, foreign, owned};
use windlass_sdk::types::{Area, Capability, Description, ForeignKey, Intent};

use crate::schema;

/// The description; depends on nothing.
pub fn describe() -> Description {
    let about = "Gives containers their environment, secrets through files on the hosts";
    let command = |verb: &str, about: &str| describe::command("env", verb, about);
    let env = &[Area::Env];
    Description {
        owns: vec![owned("/env", schema::ROOT), owned("/servers/*/env", schema::role())],
        // Where a role gives its hosts tags.
        reads: ["/servers", "/servers/*/hosts"].map(str::to_string).to_vec(),
        commands: vec![
            command("push", "Write the secrets to the env files on all hosts")
                .aiming(Intent::Prepare, env),
            command("delete", "Remove the env files from all hosts").aiming(Intent::Remove, env),
        ],
        capabilities: vec![
            describe::files(["env/roles"]),
            Capability::Secrets(any()),
            Capability::Variables(any()),
            Capability::Compose,
        ],
        foreign_keys: foreign_keys(),
        ..describe::plugin("env", env!("CARGO_PKG_VERSION"), about)
    }
}

fn foreign_keys() -> Vec<ForeignKey> {
    let secrets = "name the secrets under `env: {secret: […]}`; their values are in `.env` or the \
                   environment";
    vec![
        foreign("/env_tags", "an older Kamal", "tags belong under `env`: `env: {tags: …}`"),
        foreign("/secrets", "Kamal 2", secrets),
        foreign("/secrets_path", "Kamal 2", secrets),
    ]
}
