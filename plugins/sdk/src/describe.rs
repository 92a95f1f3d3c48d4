//! Constructors for what a plugin says of itself.

use crate::description::{Argument, CommandSpec, DefaultVersion, Flag, Ownership, Scope};

/// What a plugin owns of deploy.yml: a JSON pointer, and a JSON Schema as text or value.
pub fn owned(pattern: &str, schema: impl ToString) -> Ownership {
    Ownership { pattern: pattern.to_string(), schema: schema.to_string() }
}

/// A command for all hosts that acts on the checkout's version: without flags and arguments,
/// asks nothing, and what its steps print is no result.
pub fn command(noun: &str, verb: &str, about: &str) -> CommandSpec {
    CommandSpec {
        noun: noun.to_string(),
        verb: verb.to_string(),
        about: about.to_string(),
        flags: Vec::new(),
        arguments: Vec::new(),
        scope: Scope::AllHosts,
        version: DefaultVersion::Checkout,
        confirm: None,
        prints: false,
    }
}

/// A flag of a command; with the name of a value, it takes one.
pub fn flag(name: &str, short: Option<char>, value: Option<&str>, about: &str) -> Flag {
    Flag { name: name.into(), short, value: value.map(Into::into), about: about.into() }
}

/// An argument that must be there; `many` takes all that follow.
pub fn argument(name: &str, about: &str, many: bool) -> Argument {
    Argument { name: name.into(), about: about.into(), required: true, many }
}
