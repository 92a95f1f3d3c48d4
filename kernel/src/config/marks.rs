//! What a schema says of the use of a value, beside its form.

use serde_json::{Map as JsonMap, Value as Json};

/// What a value is used for, as far as the kernel has a part in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// It is secret itself: nobody is to be shown it.
    Secret,
    /// It is the name of a secret.
    SecretName,
    /// It is the name of a host.
    Host,
    /// Because of it, what is not committed goes into what is built.
    Uncommitted,
}

/// A value of the file, by its JSON pointer, and what it is used for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark {
    pub to: Use,
    pub pointer: String,
}

/// The words of a schema, each of which is followed by `true`. The first is JSON Schema's own.
const WORDS: [(&str, Use); 4] = [
    ("writeOnly", Use::Secret),
    ("x-secret", Use::SecretName),
    ("x-hosts", Use::Host),
    ("x-uncommitted", Use::Uncommitted),
];

/// What these rules say of the value that they are for.
pub(super) fn of(rules: &JsonMap<String, Json>) -> impl Iterator<Item = Use> {
    let said = |(word, _): &&(&str, Use)| rules.get(*word) == Some(&Json::Bool(true));
    WORDS.iter().filter(said).map(|(_, to)| *to)
}
