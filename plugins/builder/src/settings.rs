//! `builder:` of deploy.yml.

use serde::Deserialize;
use serde_json::{Map, Value};
use windlass_sdk::scalar::Stringish;
use windlass_sdk::steps::error_at;
use windlass_sdk::texts::{secret, with_host_env};
use windlass_sdk::types::{Context, Problem, Text};

/// What the plugin owns and reads.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Config {
    builder: Builder,
    registry: Registry,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Registry {
    server: Option<String>,
}

/// `builder:`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Builder {
    pub multiarch: Option<bool>,
    pub local: Option<BuildMachine>,
    pub remote: Option<BuildMachine>,
    pub cache: Option<Cache>,
    pub context: Option<String>,
    pub dockerfile: Option<String>,
    pub target: Option<String>,
    pub args: Map<String, Value>,
    pub secrets: Vec<String>,
    pub ssh: Option<String>,
    /// The registry's own, for the image of a cache.
    #[serde(skip)]
    pub server: Option<String>,
}

/// A machine that builds.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BuildMachine {
    pub arch: Option<String>,
    pub host: Option<String>,
}

/// Where layers are kept between builds.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Cache {
    pub r#type: Option<CacheType>,
    pub options: Option<String>,
    pub image: Option<String>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CacheType {
    Gha,
    Registry,
}

impl Builder {
    pub fn of(context: &Context) -> Result<Self, Problem> {
        serde_json::from_str::<Config>(&context.config)
            .map(|config| Self { server: config.registry.server, ..config.builder })
            .map_err(|e| error_at("/builder", format!("this cannot be read: {e}")))
    }

    pub fn dockerfile(&self) -> &str {
        self.dockerfile.as_deref().unwrap_or("Dockerfile")
    }

    /// `--cache-to` and `--cache-from`, if there is a cache.
    pub fn cache(&self, repository: &str) -> Option<[String; 2]> {
        let cache = self.cache.as_ref()?;
        let options = cache.options.as_ref().map(|o| format!(",{o}")).unwrap_or_default();
        match cache.r#type? {
            CacheType::Gha => Some([format!("type=gha{options}"), "type=gha".to_string()]),
            CacheType::Registry => {
                let image = match (&cache.image, &self.server) {
                    (None, _) => format!("{repository}-build-cache"),
                    (Some(image), Some(server)) => format!("{server}/{image}"),
                    (Some(image), None) => image.clone(),
                };
                let to = format!("type=registry{options},ref={image}");
                Some([to, format!("type=registry,ref={image}")])
            }
        }
    }

    /// Build arguments by name. An empty one has the value of the variable of its name, here or
    /// among the secrets; `${VAR}` stands for a variable of this machine.
    pub fn arguments(&self, secrets: &[String]) -> Vec<(String, Argument)> {
        let argument = |(name, value): (&String, &Value)| {
            let value = match argument(value) {
                Some(value) => Argument::Value(with_host_env(&value)),
                None if secrets.contains(name) => Argument::Value(secret(name)),
                None => Argument::Inherited,
            };
            (name.clone(), value)
        };
        self.args.iter().map(argument).collect()
    }
}

/// A build argument.
pub enum Argument {
    Value(Text),
    /// Whatever takes the argument has a variable of this name.
    Inherited,
}

/// The value of a build argument; none for the empty ones.
fn argument(value: &Value) -> Option<String> {
    let text = Stringish::of(value)?.0;
    (!text.trim().is_empty() && value != &Value::Bool(false)).then_some(text)
}

/// The JSON schema of `/builder`.
pub const SCHEMA: &str = include_str!("schema.json");
