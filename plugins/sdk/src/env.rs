//! The section `env` as roles, accessories and tags have it: `clear` values and the names of
//! `secret` ones, or a flat map of clear values.

use serde_json::{Map, Value, json};

use crate::names::{is_secret_name, ordinal};
use crate::scalar::Stringish;
use crate::steps::{error_at, pointer_to};
use crate::texts::with_host_env;
use crate::types::{EnvVar, Problem, Severity};

/// One `env:`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Env {
    /// Names and values, in the order of the file.
    pub clear: Vec<(String, String)>,
    /// Names.
    pub secret: Vec<String>,
}

/// The keys that make an `env:` a structured one.
const PARTS: [&str; 3] = ["clear", "secret", "tags"];

impl Env {
    /// Reads the section at a pointer. `tags` are somebody else's matter.
    pub fn read(value: &Value, pointer: &str) -> Result<Self, Problem> {
        let wrong = |at: String| error_at(at, "this is not an environment");
        let all = value.as_object().ok_or_else(|| wrong(pointer.to_string()))?;
        if !PARTS.iter().any(|part| all.contains_key(*part)) {
            return Ok(Self { clear: clear(all, pointer)?, secret: Vec::new() });
        }
        let none = Map::new();
        let inner = format!("{pointer}/clear");
        let values = match all.get("clear") {
            Some(values) => values.as_object().ok_or_else(|| wrong(inner.clone()))?,
            None => &none,
        };
        let secret = match all.get("secret") {
            Some(names) => serde_json::from_value(names.clone()).map_err(|_| {
                error_at(format!("{pointer}/secret"), "this is not a list of names")
            })?,
            None => Vec::new(),
        };
        Ok(Self { clear: clear(values, &inner)?, secret })
    }

    /// Lays another one over this: what it has wins and keeps the place of what it replaces.
    pub fn merge(&mut self, later: &Self) {
        for (name, value) in &later.clear {
            match self.clear.iter_mut().find(|(known, _)| known == name) {
                Some((_, known)) => known.clone_from(value),
                None => self.clear.push((name.clone(), value.clone())),
            }
        }
        for name in &later.secret {
            if !self.secret.contains(name) {
                self.secret.push(name.clone());
            }
        }
    }

    /// True if a clear value has this name. It wins over the env file.
    pub fn has_clear(&self, name: &str) -> bool {
        self.clear.iter().any(|(known, _)| known == name)
    }

    /// The clear values for a container, `${VAR}` being a variable of the server.
    pub fn clear_vars(&self) -> Vec<EnvVar> {
        let var = |(name, value): &(String, String)| EnvVar {
            name: name.clone(),
            value: with_host_env(value),
        };
        self.clear.iter().map(var).collect()
    }

    /// Names of secrets that are none, and warnings about names that are both clear and secret.
    pub fn doubtful(&self, pointer: &str) -> Vec<Problem> {
        let mut problems = misnamed(&format!("{pointer}/secret"), &self.secret);
        let twice = self.secret.iter().filter(|name| self.has_clear(name));
        let problem = |name: &String| Problem {
            severity: Severity::Warning,
            help: Some("remove one of the two".to_string()),
            ..error_at(
                pointer_to(&format!("{pointer}/clear"), name),
                format!("`{name}` is also a secret; containers get the clear value"),
            )
        };
        problems.extend(twice.map(problem));
        problems
    }
}

/// The problems of a list of secrets' names, at its pointer. What stands in the place of a name
/// may be the secret itself, so only its place is told.
pub fn misnamed(pointer: &str, names: &[String]) -> Vec<Problem> {
    let problem = |(index, name): (usize, &String)| {
        let kamal_2 = name
            .split_once(':')
            .is_some_and(|(own, other)| is_secret_name(own) && is_secret_name(other));
        let help = if kamal_2 {
            "`NAME:OTHER` is Kamal 2: write `NAME` alone, and set a variable of this name"
        } else {
            "write a name here, like `DATABASE_URL`, and its value in `.env` or the environment"
        };
        let message = format!("the {} item is not a valid name for a secret", ordinal(index));
        Problem { help: Some(help.into()), ..error_at(format!("{pointer}/{index}"), message) }
    };
    names.iter().enumerate().filter(|(_, name)| !is_secret_name(name)).map(problem).collect()
}

fn clear(values: &Map<String, Value>, pointer: &str) -> Result<Vec<(String, String)>, Problem> {
    let text = |(name, value): (&String, &Value)| {
        let text = Stringish::of(value)
            .ok_or_else(|| error_at(pointer_to(pointer, name), "this is not a value"))?;
        Ok((name.clone(), text.0))
    };
    values.iter().map(text).collect()
}

/// The schema of an `env:` without tags.
pub fn schema(description: &str) -> Value {
    let clear = json!({
        "description": "Names and values. `${VAR}` stands for a variable of the server.",
        "type": "object",
        "properties": {
            "tags": { "type": "string", "x-help": "tags are allowed only under `env` at the root" },
        },
        "additionalProperties": { "type": ["string", "number", "boolean"] },
    });
    json!({
        "description": description,
        "if": { "anyOf": [{ "required": ["clear"] }, { "required": ["secret"] }] },
        "then": {
            "type": "object",
            "x-unknown": "variables are not allowed beside `clear` and `secret`; write it under \
                          `clear`. Tags are allowed only under `env` at the root",
            "additionalProperties": false,
            "properties": {
                "clear": clear.clone(),
                "secret": {
                    "description": "Names of secrets. `windlass env push` writes their values to the hosts.",
                    "type": "array",
                    "items": { "type": "string", "x-secret": true },
                },
            },
        },
        "else": clear,
    })
}
