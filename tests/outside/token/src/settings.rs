//! `registry:` of deploy.yml.

use serde::Deserialize;
use serde_json::{Value, json};
use windlass_sdk::shell;
use windlass_sdk::steps::error_at;
use windlass_sdk::types::{Context, Problem, Text};

/// What the plugin owns and reads.
#[derive(Debug, Deserialize)]
pub struct Settings {
    /// The image's name, without server and tag.
    #[serde(default)]
    pub image: String,
    pub registry: Registry,
}

/// `registry:`.
#[derive(Debug, Deserialize)]
pub struct Registry {
    pub server: String,
    pub username: String,
    /// Prints the token.
    command: String,
}

impl Settings {
    pub fn of(context: &Context) -> Result<Self, Problem> {
        serde_json::from_str(&context.config)
            .map_err(|error| error_at("/registry", format!("this cannot be read: {error}")))
    }

    /// The command that prints the token.
    pub fn words(&self) -> Result<Vec<Text>, Problem> {
        let found = shell::split(&self.registry.command);
        found.map_err(|why| error_at("/registry/command", format!("it cannot be run: {why}")))
    }
}

/// The JSON Schema of `/registry`.
pub fn schema() -> Value {
    let text = |about: &str| json!({ "description": about, "type": "string", "minLength": 1 });
    json!({
        "description": "Where the image is pushed to and pulled from.",
        "type": "object",
        "additionalProperties": false,
        "required": ["server", "username", "command"],
        "properties": {
            "server": text("Host of the registry, with its port if it has one."),
            "username": text("Who logs in."),
            "command": text("A command of this machine that prints a token."),
        },
    })
}
