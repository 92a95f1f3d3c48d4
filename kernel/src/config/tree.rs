//! A configuration tree in which every key and value knows where it was written.

use serde_json::{Map as JsonMap, Number, Value as Json};

use super::source::Spot;
use crate::model::problem::Place;

/// A whole document, merged or not.
#[derive(Debug, Clone)]
pub struct Tree {
    pub root: Node,
}

/// A value and where it stands.
#[derive(Debug, Clone)]
pub struct Node {
    pub value: Value,
    pub spot: Spot,
}

/// What a node holds.
#[derive(Debug, Clone)]
pub enum Value {
    Scalar(Scalar),
    List(Vec<Node>),
    /// In the order of the file; keys are unique.
    Map(Vec<Entry>),
}

/// A key with its value. Keys are the text as written: `on: 1` has the key `on`.
#[derive(Debug, Clone)]
pub struct Entry {
    pub key: String,
    pub key_spot: Spot,
    pub value: Node,
}

/// A scalar as written and as read. `raw` is what stands in the file, without quotes.
#[derive(Debug, Clone, PartialEq)]
pub struct Scalar {
    pub raw: String,
    pub data: Data,
}

/// What a scalar means.
#[derive(Debug, Clone, PartialEq)]
pub enum Data {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
}

impl Scalar {
    /// The text that Ruby's `to_s` makes of it; `1.10` gives `1.1`.
    pub fn text(&self) -> String {
        match &self.data {
            Data::Null => String::new(),
            Data::Bool(value) => value.to_string(),
            Data::Int(value) => value.to_string(),
            Data::Float(value) if value.is_infinite() => {
                if *value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned()
            }
            Data::Float(value) => format!("{value:?}"),
            Data::Text(value) => value.clone(),
        }
    }
}

impl Node {
    pub fn scalar(&self) -> Option<&Scalar> {
        match &self.value {
            Value::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    pub fn list(&self) -> Option<&[Node]> {
        match &self.value {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    pub fn map(&self) -> Option<&[Entry]> {
        match &self.value {
            Value::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The value under a key; none for what is no map.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The entry of a key; none for what is no map.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.map()?.iter().find(|entry| entry.key == key)
    }

    /// The text of a text, number or boolean.
    pub fn text(&self) -> Option<String> {
        self.scalar().filter(|scalar| scalar.data != Data::Null).map(Scalar::text)
    }

    pub fn is_null(&self) -> bool {
        self.scalar().is_some_and(|scalar| scalar.data == Data::Null)
    }

    /// As JSON. Infinity and not-a-number, which JSON lacks, become their raw text.
    pub fn to_json(&self) -> Json {
        match &self.value {
            Value::List(items) => items.iter().map(Node::to_json).collect(),
            Value::Map(entries) => {
                let pairs = entries.iter().map(|entry| (entry.key.clone(), entry.value.to_json()));
                Json::Object(pairs.collect::<JsonMap<_, _>>())
            }
            Value::Scalar(scalar) => match &scalar.data {
                Data::Null => Json::Null,
                Data::Bool(value) => Json::Bool(*value),
                Data::Int(value) => Json::from(*value),
                Data::Float(value) => Number::from_f64(*value)
                    .map_or_else(|| Json::from(scalar.raw.as_str()), Json::Number),
                Data::Text(value) => Json::from(value.as_str()),
            },
        }
    }
}

/// What a JSON pointer leads to: a value, and its key unless it is in a list.
#[derive(Debug, Clone, Copy)]
pub struct Found<'a> {
    pub node: &'a Node,
    pub entry: Option<&'a Entry>,
}

impl Tree {
    pub fn to_json(&self) -> Json {
        self.root.to_json()
    }

    /// Follow a JSON pointer (`/servers/web/hosts/0`; `~1` for `/`, `~0` for `~`).
    pub fn find(&self, pointer: &str) -> Option<Found<'_>> {
        let mut found = Found { node: &self.root, entry: None };
        for segment in segments(pointer) {
            found = match &found.node.value {
                Value::Map(_) => {
                    let entry = found.node.entry(&segment)?;
                    Found { node: &entry.value, entry: Some(entry) }
                }
                Value::List(items) => {
                    Found { node: items.get(segment.parse::<usize>().ok()?)?, entry: None }
                }
                Value::Scalar(_) => return None,
            };
        }
        Some(found)
    }

    pub fn get(&self, pointer: &str) -> Option<&Node> {
        self.find(pointer).map(|found| found.node)
    }

    /// Where the value of a pointer stands.
    pub fn place(&self, pointer: &str) -> Option<Place> {
        self.find(pointer).map(|found| found.node.spot.place())
    }

    /// Where the key of a pointer stands; for a list item, the item.
    pub fn key_place(&self, pointer: &str) -> Option<Place> {
        self.find(pointer)
            .map(|found| found.entry.map_or(&found.node.spot, |entry| &entry.key_spot).place())
    }

    /// Where the nearest existing part of a pointer stands: for problems about
    /// something that is missing.
    pub fn nearest_place(&self, pointer: &str) -> Option<Place> {
        let mut rest = pointer;
        loop {
            if let Some(place) = self.key_place(rest) {
                return Some(place);
            }
            rest = &rest[..rest.rfind('/')?];
        }
    }
}

/// The unescaped segments of a JSON pointer; none for `""`.
pub fn segments(pointer: &str) -> impl Iterator<Item = String> {
    pointer.split('/').skip(1).map(|segment| segment.replace("~1", "/").replace("~0", "~"))
}

/// `pointer` with one more segment, escaped.
pub fn join(pointer: &str, segment: &str) -> String {
    format!("{pointer}/{}", segment.replace('~', "~0").replace('/', "~1"))
}

/// Whether a pattern of segments, in which `*` is any one, fits the whole path.
pub fn covers(pattern: &[String], path: &[String]) -> bool {
    pattern.len() == path.len()
        && pattern.iter().zip(path).all(|(wanted, found)| wanted == "*" || wanted == found)
}
