//! How [`super::schema`] says what is wrong: types, names and suggestions.

use serde_json::Value as Json;

use super::tree::{Data, Entry, Node, Value, join, segments};
use crate::model::problem::Problem;

/// The types of JSON Schema, by the words that people use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Null,
    Bool,
    Integer,
    Number,
    Text,
    List,
    Map,
}

impl Kind {
    pub fn of(node: &Node) -> Self {
        match &node.value {
            Value::List(_) => Self::List,
            Value::Map(_) => Self::Map,
            Value::Scalar(scalar) => match scalar.data {
                Data::Null => Self::Null,
                Data::Bool(_) => Self::Bool,
                Data::Int(_) => Self::Integer,
                Data::Float(_) => Self::Number,
                Data::Text(_) => Self::Text,
            },
        }
    }

    /// The kinds of a `type` keyword; empty when anything goes.
    pub fn list(keyword: Option<&Json>) -> Vec<Self> {
        match keyword {
            Some(Json::Array(names)) => names.iter().filter_map(Self::named).collect(),
            Some(name) => Self::named(name).into_iter().collect(),
            None => Vec::new(),
        }
    }

    fn named(name: &Json) -> Option<Self> {
        Some(match name.as_str()? {
            "null" => Self::Null,
            "boolean" => Self::Bool,
            "integer" => Self::Integer,
            "number" => Self::Number,
            "string" => Self::Text,
            "array" => Self::List,
            "object" => Self::Map,
            _ => return None,
        })
    }

    pub fn accepts(self, found: Self) -> bool {
        self == found || (self == Self::Number && found == Self::Integer)
    }

    pub fn words(self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool => "a boolean",
            Self::Integer => "an integer",
            Self::Number => "a number",
            Self::Text => "a string",
            Self::List => "a list",
            Self::Map => "a map",
        }
    }
}

/// What one schema wants: `` `a` `` for each fixed value, else its types.
pub fn wanted(rules: &Json) -> Vec<String> {
    let fixed = allowed(rules);
    if fixed.is_empty() {
        return Kind::list(rules.get("type"))
            .into_iter()
            .map(|kind| kind.words().to_owned())
            .collect();
    }
    fixed.into_iter().map(|value| format!("`{}`", plain(value))).collect()
}

/// The values of `enum` and `const`.
pub fn allowed(rules: &Json) -> Vec<&Json> {
    let listed = rules.get("enum").and_then(Json::as_array).into_iter().flatten();
    listed.chain(rules.get("const")).collect()
}

/// A JSON value as it would stand in YAML.
pub fn plain(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// `a, b or c`, each once.
pub fn series(words: &[String]) -> String {
    let mut once: Vec<&str> = Vec::new();
    for word in words {
        if !once.contains(&word.as_str()) {
            once.push(word);
        }
    }
    match once.as_slice() {
        [] => "something else".to_owned(),
        [word] => (*word).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

/// The name of what a pointer leads to: its key, or `volumes[1]` for a list item.
pub fn name(pointer: &str) -> String {
    let mut name = String::new();
    for segment in segments(pointer) {
        match segment.parse::<usize>() {
            Ok(index) => name = format!("{name}[{index}]"),
            Err(_) => name = segment,
        }
    }
    if name.is_empty() { "the file".to_owned() } else { format!("`{name}`") }
}

/// How a value of the wrong type could be put right, if that is plain to see.
pub fn cure(node: &Node, kinds: &[Kind]) -> Option<String> {
    let wants = |kind| kinds.contains(&kind);
    if node.is_null() {
        return Some("give it a value, or remove the key".to_owned());
    }
    if wants(Kind::List) && node.scalar().is_some() {
        return Some("put each item on a line of its own, after `- `".to_owned());
    }
    let scalar = node.scalar()?;
    match &scalar.data {
        Data::Text(text) => {
            let read = super::scalar::plain(text.trim());
            let fits = match read {
                Data::Bool(_) => wants(Kind::Bool),
                Data::Int(_) => wants(Kind::Integer) || wants(Kind::Number),
                Data::Float(_) => wants(Kind::Number),
                _ => false,
            };
            fits.then(|| format!("remove the quotes: {}", text.trim()))
        }
        _ if wants(Kind::Text) => Some(format!("quote it: \"{}\"", scalar.raw)),
        _ => None,
    }
}

/// The problem of a key that nobody knows.
pub fn unknown_key(entry: &Entry, parent: &str, known: &[String], origin: Option<&str>) -> Problem {
    let path: Vec<String> = segments(parent).collect();
    let message = match path.as_slice() {
        [] => format!("unknown key `{}`", entry.key),
        [servers, role] if servers == "servers" => {
            format!("unknown key `{}` in role `{role}`", entry.key)
        }
        path => format!("unknown key `{}` in `{}`", entry.key, path.join("/")),
    };
    let label = match origin {
        Some(plugin) => format!("not a setting of the plugin `{plugin}`"),
        None => "not a setting here".to_owned(),
    };
    let mut problem = Problem::error(message)
        .at(entry.key_spot.place())
        .about(join(parent, &entry.key))
        .label(label);
    problem.origin = origin.map(str::to_owned);
    problem.help = suggest(&entry.key, known).or_else(|| {
        let mut known: Vec<&String> = known.iter().collect();
        known.sort();
        known.dedup();
        let names: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
        (!names.is_empty() && names.len() <= 12)
            .then(|| format!("known keys: {}", names.join(", ")))
    });
    problem
}

/// ``did you mean `port`?`` for a name that is close to a known one.
pub fn suggest(name: &str, known: &[String]) -> Option<String> {
    let close = |candidate: &&String| {
        let distance = strsim::damerau_levenshtein(&name.to_lowercase(), &candidate.to_lowercase());
        (distance <= 1.max(candidate.chars().count() / 3)).then_some(distance)
    };
    let best = known
        .iter()
        .filter(|candidate| close(candidate).is_some())
        .min_by_key(|candidate| close(candidate))?;
    Some(format!("did you mean `{best}`?"))
}
