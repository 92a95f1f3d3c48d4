//! Settings that Windlass hands on to the container engine as the user wrote them: `logging`
//! and `options`, shared by apps, proxies and accessories.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::scalar::Stringish;
use crate::steps::{error_at, pointer_to};
use crate::texts::with_host_env;
use crate::types::{ContainerSpec, EngineOption, Problem};

/// Options of `docker run` that decide what Windlass itself must know.
const RESERVED: [&str; 5] = ["name", "detach", "d", "rm", "cidfile"];

/// The section `logging`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Logging {
    pub driver: Option<Stringish>,
    pub options: Map<String, Value>,
}

impl Logging {
    /// This section laid over a more general one.
    pub fn over(&self, general: &Self) -> Self {
        let mut options = general.options.clone();
        options.extend(self.options.clone());
        Self { driver: self.driver.clone().or_else(|| general.driver.clone()), options }
    }

    /// Sets what a container gets. A container without any setting keeps 10 MB of logs, so
    /// that they never fill the disk.
    pub fn apply(&self, spec: &mut ContainerSpec) {
        spec.log_driver = self.driver.as_ref().map(|driver| driver.0.clone());
        spec.log_options = self
            .options
            .iter()
            .filter_map(|(name, value)| Some((name.clone(), Stringish::of(value)?.0)))
            .collect();
        if spec.log_driver.is_none() && spec.log_options.is_empty() {
            spec.log_options = vec![("max-size".to_string(), "10m".to_string())];
        }
    }
}

/// The section `options` as options of the engine: `true` is an option without value, a list
/// repeats the option.
pub fn options(section: &Map<String, Value>) -> Vec<EngineOption> {
    let one = |name: &String, value: &Value| EngineOption {
        name: name.clone(),
        value: match value {
            Value::Bool(true) => None,
            value => Some(with_host_env(&Stringish::of(value).unwrap_or_default().0)),
        },
    };
    let mut options = Vec::new();
    for (name, value) in section {
        match value {
            Value::Array(items) => {
                options.extend(items.iter().map(|item| one(name, item)));
            }
            value => options.push(one(name, value)),
        }
    }
    options
}

/// What is wrong with the section `options` at a JSON pointer.
pub fn reserved(section: &Map<String, Value>, pointer: &str) -> Vec<Problem> {
    let names = section.keys().filter(|name| RESERVED.contains(&name.as_str()));
    let refused = names.map(|name| {
        let message = format!("the option `{name}` is set by Windlass itself");
        error_at(pointer_to(pointer, name), message).help("remove it")
    });
    refused.collect()
}

/// The schema of a string that may be written without quotes.
pub fn stringish_schema(description: &str) -> Value {
    json!({ "description": description, "type": ["string", "number", "boolean"] })
}

/// The schema of a map from names to such strings.
pub fn strings_schema(description: &str) -> Value {
    json!({
        "description": description,
        "type": "object",
        "additionalProperties": { "type": ["string", "number", "boolean"] },
    })
}

/// The schema of `options` and `args`: `true`, a value, or a list of values by name.
pub fn options_schema(description: &str) -> Value {
    json!({
        "description": description,
        "type": "object",
        "additionalProperties": {
            "type": ["string", "number", "boolean", "null", "array"],
            "items": { "type": ["string", "number", "boolean"] },
        },
    })
}

/// The schema of `logging`.
pub fn logging_schema(description: &str) -> Value {
    json!({
        "description": description,
        "type": "object",
        "properties": {
            "driver": stringish_schema("Log driver of the engine, such as `journald`."),
            "options": strings_schema("Options of the log driver, such as `max-size: 50m`."),
        },
        "additionalProperties": false,
    })
}
