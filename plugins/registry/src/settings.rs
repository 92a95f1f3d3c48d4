//! `registry:` of deploy.yml.

use serde::Deserialize;
use windlass_sdk::Problems;
use windlass_sdk::steps::error_at;
use windlass_sdk::texts::{secret, text};
use windlass_sdk::types::{Context, Problem, Text};

/// What the plugin owns and reads.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// The image's name, without server and tag.
    pub image: Option<String>,
    pub registry: Registry,
}

/// `registry:`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Registry {
    pub server: Option<String>,
    pub username: Option<Credential>,
    pub password: Option<Credential>,
}

/// A value, or a list with the name of the secret that holds it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Credential {
    Plain(String),
    Secret([String; 1]),
}

impl Credential {
    pub fn text(&self) -> Text {
        match self {
            Self::Plain(value) => text(value.as_str()),
            Self::Secret([name]) => secret(name.as_str()),
        }
    }
}

impl Settings {
    pub fn of(context: &Context) -> Result<Self, Problem> {
        serde_json::from_str(&context.config)
            .map_err(|e| error_at("/registry", format!("this cannot be read: {e}")))
    }

    fn repository(&self) -> Result<String, Problem> {
        let image = self
            .image
            .as_deref()
            .filter(|image| !image.is_empty())
            .ok_or_else(|| error_at("/image", "the image has no name"))?;
        Ok(match &self.registry.server {
            Some(server) => format!("{}/{image}", server.trim_end_matches('/')),
            None => image.to_string(),
        })
    }
}

/// `[SERVER/]IMAGE`.
pub fn repository(context: &Context) -> Result<String, Problems> {
    Settings::of(context)
        .and_then(|settings| settings.repository())
        .map_err(|problem| vec![problem])
}

/// The JSON schema of `/registry`.
pub const SCHEMA: &str = r##"{
  "description": "Where the image is pushed to and pulled from.",
  "type": "object",
  "additionalProperties": false,
  "dependentRequired": { "username": ["password"], "password": ["username"] },
  "properties": {
    "server": {
      "description": "Host of the registry, with its port if it has one. Default: Docker Hub.",
      "type": "string",
      "minLength": 1
    },
    "username": {
      "description": "Who logs in.",
      "$ref": "#/$defs/credential"
    },
    "password": {
      "description": "The password or access token. A list with one name takes the secret of this name.",
      "writeOnly": true,
      "$ref": "#/$defs/credential"
    }
  },
  "$defs": {
    "credential": {
      "type": ["string", "array"],
      "minLength": 1,
      "items": { "type": "string", "minLength": 1, "x-secret": true },
      "minItems": 1,
      "maxItems": 1
    }
  }
}"##;
