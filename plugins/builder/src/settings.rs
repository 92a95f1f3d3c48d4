//! `builder:` of deploy.yml.

use serde::Deserialize;
use serde_json::{Map, Value};
use windlass_sdk::scalar::Stringish;
use windlass_sdk::steps::error_at;
use windlass_sdk::texts::with_host_env;
use windlass_sdk::types::{Context, Problem, Text};

/// What the plugin owns.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Config {
    builder: Builder,
}

/// `builder:`. The image is built by this machine's engine for this machine's architecture;
/// what needs another builder is read to be refused.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Builder {
    pub multiarch: Option<bool>,
    pub local: Option<Machine>,
    pub remote: Option<Machine>,
    pub cache: Option<Cache>,
    pub context: Option<String>,
    pub dockerfile: Option<String>,
    pub target: Option<String>,
    pub args: Map<String, Value>,
    pub secrets: Vec<String>,
    pub ssh: Option<String>,
}

/// A machine that builds.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Machine {
    pub arch: Option<String>,
    pub host: Option<String>,
}

/// Where layers are kept between builds.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Cache {
    pub r#type: Option<String>,
}

impl Builder {
    pub fn of(context: &Context) -> Result<Self, Problem> {
        serde_json::from_str::<Config>(&context.config)
            .map(|config| config.builder)
            .map_err(|e| error_at("/builder", format!("this cannot be read: {e}")))
    }

    pub fn context(&self) -> &str {
        self.context.as_deref().unwrap_or(".")
    }

    pub fn dockerfile(&self) -> &str {
        self.dockerfile.as_deref().unwrap_or("Dockerfile")
    }

    /// The architecture asked for, if it is the only one.
    pub fn platform(&self) -> Option<String> {
        if self.multiarch == Some(false) {
            return None;
        }
        let arch = self.local.as_ref()?.arch.as_ref()?;
        Some(format!("linux/{arch}"))
    }

    /// Build arguments with a value. `${VAR}` stands for a variable of this machine.
    pub fn arguments(&self) -> Vec<(String, Text)> {
        let value = |(name, value): (&String, &Value)| {
            let value = argument(value)?;
            Some((name.clone(), with_host_env(&value)))
        };
        self.args.iter().filter_map(value).collect()
    }

    /// Build arguments without a value: the engine takes it from the variable of this name.
    pub fn passed_arguments(&self) -> Vec<String> {
        self.args
            .iter()
            .filter(|(_, v)| argument(v).is_none())
            .map(|(name, _)| name.clone())
            .collect()
    }
}

/// The value of a build argument; none for the empty ones.
fn argument(value: &Value) -> Option<String> {
    let text = Stringish::of(value)?.0;
    (!text.trim().is_empty() && value != &Value::Bool(false)).then_some(text)
}

/// The JSON schema of `/builder`.
pub const SCHEMA: &str = r##"{
  "description": "How the image is built.",
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "context": {
      "description": "Directory that is sent to the build. Default: the current directory as it is, with what is not committed.",
      "type": "string",
      "minLength": 1
    },
    "dockerfile": {
      "description": "Path of the Dockerfile. Default: `Dockerfile`.",
      "type": "string",
      "minLength": 1
    },
    "target": {
      "description": "Stage of the Dockerfile to build. Default: the last one.",
      "type": "string",
      "minLength": 1
    },
    "args": {
      "description": "Build arguments by name. An empty one takes the variable of this name.",
      "type": "object",
      "additionalProperties": { "type": ["string", "number", "boolean", "null"] }
    },
    "secrets": {
      "description": "Names of secrets for `RUN --mount=type=secret`. Not supported yet: needs buildx.",
      "type": "array",
      "items": { "type": "string", "minLength": 1 }
    },
    "ssh": {
      "description": "Agent socket or keys for `RUN --mount=type=ssh`, such as `default`. Needs an engine that builds with BuildKit.",
      "type": "string",
      "minLength": 1
    },
    "multiarch": {
      "description": "Build for several architectures. Not supported yet: the image is built for this machine's architecture.",
      "type": "boolean"
    },
    "local": {
      "description": "`arch`: the only architecture to build for. `host`: not supported yet, needs buildx.",
      "$ref": "#/$defs/machine"
    },
    "remote": {
      "description": "A machine that builds for another architecture. Not supported yet: needs buildx.",
      "$ref": "#/$defs/machine"
    },
    "cache": {
      "description": "Where layers are kept between builds. Not supported yet: needs buildx.",
      "type": "object",
      "additionalProperties": false,
      "properties": {
        "type": { "description": "`gha` or `registry`.", "enum": ["gha", "registry"] },
        "options": { "description": "Further options of the cache.", "type": "string" },
        "image": { "description": "Image of a registry cache.", "type": "string" }
      }
    }
  },
  "$defs": {
    "machine": {
      "type": "object",
      "x-help": "write a map, `{arch: amd64, host: ssh://…}`; a URL, `true` or `false` here is Kamal 2",
      "additionalProperties": false,
      "properties": {
        "arch": { "description": "Such as `amd64` or `arm64`.", "type": "string", "minLength": 1 },
        "host": { "description": "URL of its engine.", "type": "string", "minLength": 1 }
      }
    }
  }
}"##;
