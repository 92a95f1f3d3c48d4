//! The flags and arguments of a command, read from `context.arguments`.

use serde_json::Value;

use crate::scalar::Stringish;
use crate::types::Context;

/// The object of flags and arguments by long name. What is absent was not given.
#[derive(Debug, Clone)]
pub struct Arguments(Value);

impl Arguments {
    /// Reads them; text that is no JSON counts as no arguments.
    pub fn of(context: &Context) -> Self {
        Self(serde_json::from_str(&context.arguments).unwrap_or(Value::Null))
    }

    /// True if the switch was given.
    pub fn switch(&self, name: &str) -> bool {
        self.0.get(name).and_then(Value::as_bool).unwrap_or(false)
    }

    /// The value of a flag or argument.
    pub fn text(&self, name: &str) -> Option<String> {
        self.0.get(name).and_then(Stringish::of).map(|text| text.0)
    }

    /// The value of a flag as a number; none also for what is none.
    pub fn number(&self, name: &str) -> Option<u32> {
        self.text(name)?.trim().parse().ok()
    }

    /// All values of an argument; a single one counts as a list of one.
    pub fn list(&self, name: &str) -> Vec<String> {
        match self.0.get(name) {
            Some(Value::Array(items)) => {
                items.iter().filter_map(Stringish::of).map(|s| s.0).collect()
            }
            Some(value) => Stringish::of(value).map(|s| s.0).into_iter().collect(),
            None => Vec::new(),
        }
    }
}
