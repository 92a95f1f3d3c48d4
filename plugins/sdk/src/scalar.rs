//! Scalars of deploy.yml that may be written with or without quotes.

use serde::de::{Error, Unexpected};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// A string, a number or a boolean, as the text that it was meant to be: `port: 3000` and
/// `port: "3000"` are the same.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stringish(pub String);

impl Stringish {
    /// The text of a JSON scalar; none for null, lists and maps.
    pub fn of(value: &Value) -> Option<Self> {
        match value {
            Value::String(text) => Some(Self(text.clone())),
            Value::Number(number) => Some(Self(number.to_string())),
            Value::Bool(flag) => Some(Self(flag.to_string())),
            _ => None,
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Stringish {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Self::of(&value).ok_or_else(|| {
            D::Error::invalid_type(Unexpected::Other("a list, a map or null"), &"text")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_scalars_only() {
        let read = |text: &str| serde_json::from_str::<Stringish>(text).map(|s| s.0);
        assert_eq!(read("3000").unwrap(), "3000");
        assert_eq!(read("\"a\"").unwrap(), "a");
        assert_eq!(read("true").unwrap(), "true");
        assert!(read("[1]").is_err() && read("null").is_err());
    }
}
