//! How [`super::schema`] says what is wrong: types, names and suggestions.

use serde_json::Value as Json;

use super::foreign::{self, ForeignKey};
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
    match &node.value {
        Value::Scalar(scalar) => match &scalar.data {
            Data::Null => Some("give it a value, or remove the key".to_owned()),
            Data::Text(text) => unquoted(text, kinds).or_else(|| collected(text, kinds)),
            _ if wants(Kind::Text) => Some(format!("quote it: \"{}\"", scalar.raw)),
            _ => collected(&scalar.raw, kinds),
        },
        Value::List(items) if wants(Kind::Map) => {
            let pairs = items.iter().any(|item| item.text().is_some_and(|text| text.contains('=')));
            Some(match pairs {
                true => "write each one as `NAME: value`, without `- ` and `=`".to_owned(),
                false => "write each one as `NAME: value`, without `- `".to_owned(),
            })
        }
        Value::List(items) if wants(Kind::Text) => {
            let words: Option<Vec<String>> = items.iter().map(Node::text).collect();
            let words = words.filter(|words| !words.is_empty())?.join(" ");
            Some(format!("write it as one text, without brackets and dashes: {words}"))
        }
        Value::Map(_) if wants(Kind::List) => {
            Some("put each item on a line of its own, after `- ` and without a key".to_owned())
        }
        Value::Map(_) if wants(Kind::Text) => {
            Some("write one text after the key; is the line below indented too far?".to_owned())
        }
        _ => None,
    }
}

/// For a text that would fit without its quotes.
fn unquoted(text: &str, kinds: &[Kind]) -> Option<String> {
    let wants = |kind| kinds.contains(&kind);
    let fits = match super::scalar::plain(text.trim()) {
        Data::Bool(_) => wants(Kind::Bool),
        Data::Int(_) => wants(Kind::Integer) || wants(Kind::Number),
        Data::Float(_) => wants(Kind::Number),
        _ => false,
    };
    fits.then(|| format!("remove the quotes: {}", text.trim()))
}

/// For a single value where several belong.
fn collected(text: &str, kinds: &[Kind]) -> Option<String> {
    if kinds.contains(&Kind::List) && text.starts_with('-') && !text.starts_with("- ") {
        return Some("put a space between `-` and the item".to_owned());
    }
    if kinds.contains(&Kind::List) {
        return Some(match text.is_empty() || text.contains(['\n', ',', '[', ']']) {
            true => "put each item on a line of its own, after `- `".to_owned(),
            false => format!(
                "make it a list, even of one: `[{text}]`, or on a line of its own `- {text}`"
            ),
        });
    }
    if !kinds.contains(&Kind::Map) {
        return None;
    }
    Some(match text.split_once('=') {
        Some((name, value)) if !name.contains(char::is_whitespace) => {
            format!("write on a line of its own, indented: `{name}: {value}`")
        }
        _ => "write its settings below it, indented, each as `name: value`".to_owned(),
    })
}

/// Under the mark of a key that nobody knows.
pub const NO_SETTING: &str = "not a setting here";

/// The problem of a key that nobody knows, or that is one of the `foreign` keys.
pub fn unknown_key(
    entry: &Entry,
    parent: &str,
    known: &[String],
    origin: Option<&str>,
    foreign: &[ForeignKey<'_>],
) -> Problem {
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
        None => NO_SETTING.to_owned(),
    };
    let mut problem = Problem::error(message)
        .at(entry.key_spot.place())
        .about(join(parent, &entry.key))
        .label(label);
    problem.origin = origin.map(str::to_owned);
    let whole: Vec<String> = path.iter().chain([&entry.key]).cloned().collect();
    if let Some(key) = foreign::find(foreign, &whole) {
        problem.message = format!("`{}` is a key of {}", whole.join("/"), key.origin);
        return problem.label("Windlass does not read this key").help(key.help);
    }
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
