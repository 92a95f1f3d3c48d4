//! What expressions have as values, and the methods that they may call on them.

use serde_json::Value as Json;

/// A value of Ruby's.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Nil,
    Bool(bool),
    Number(i64),
    Text(String),
    List(Vec<Value>),
}

/// No text in a deploy.yml is longer, and no list.
const MAX_SIZE: usize = 1 << 20;

/// Methods, with the least and the largest number of their arguments.
const METHODS: &[(&str, usize, usize)] = &[
    ("blank?", 0, 0),
    ("chomp", 0, 0),
    ("downcase", 0, 0),
    ("empty?", 0, 0),
    ("end_with?", 1, 1),
    ("first", 0, 0),
    ("gsub", 2, 2),
    ("include?", 1, 1),
    ("inspect", 0, 0),
    ("join", 0, 1),
    ("last", 0, 0),
    ("nil?", 0, 0),
    ("presence", 0, 0),
    ("present?", 0, 0),
    ("split", 0, 1),
    ("start_with?", 1, 1),
    ("strip", 0, 0),
    ("sub", 2, 2),
    ("to_i", 0, 0),
    ("to_json", 0, 0),
    ("to_s", 0, 0),
    ("upcase", 0, 0),
];

/// The method of this name and how many arguments it takes.
pub fn method(name: &str) -> Option<(&'static str, std::ops::RangeInclusive<usize>)> {
    let (name, least, most) = METHODS.iter().find(|(known, ..)| *known == name)?;
    Some((name, *least..=*most))
}

/// The names of all methods.
pub fn methods() -> Vec<String> {
    METHODS.iter().map(|(name, ..)| (*name).to_owned()).collect()
}

impl Value {
    /// Whether a condition holds.
    pub fn is_true(&self) -> bool {
        !matches!(self, Self::Nil | Self::Bool(false))
    }

    /// `to_s`. A list prints as its `inspect`, which is a YAML flow sequence.
    pub fn text(&self) -> String {
        match self {
            Self::Nil => String::new(),
            Self::Text(text) => text.clone(),
            other => other.inspect(),
        }
    }

    /// `inspect`: texts in quotes. `#{` stays as it is: YAML knows no escape for it.
    pub fn inspect(&self) -> String {
        match self {
            Self::Nil => "nil".to_owned(),
            Self::Bool(value) => value.to_string(),
            Self::Number(value) => value.to_string(),
            Self::Text(text) => quoted(text),
            Self::List(items) => {
                let items: Vec<String> = items.iter().map(Self::inspect).collect();
                format!("[{}]", items.join(", "))
            }
        }
    }

    fn json(&self) -> Json {
        match self {
            Self::Nil => Json::Null,
            Self::Bool(value) => Json::from(*value),
            Self::Number(value) => Json::from(*value),
            Self::Text(text) => Json::from(text.as_str()),
            Self::List(items) => items.iter().map(Self::json).collect(),
        }
    }

    fn is_blank(&self) -> bool {
        match self {
            Self::Nil | Self::Bool(false) => true,
            Self::Text(text) => text.trim().is_empty(),
            Self::List(items) => items.is_empty(),
            Self::Bool(true) | Self::Number(_) => false,
        }
    }

    /// What kind of value it is, in words.
    fn kind(&self) -> &'static str {
        match self {
            Self::Nil => "nil",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
        }
    }

    /// Calls one of [`method`]s.
    ///
    /// # Errors
    /// Why there is no result, in words.
    pub fn call(self, name: &str, arguments: &[Self]) -> Result<Self, String> {
        let text = |value: &str| Ok(Self::Text(value.to_owned()));
        let result = match (name, &self, arguments) {
            ("to_s", value, _) => Ok(Self::Text(value.text())),
            ("inspect", value, _) => Ok(Self::Text(value.inspect())),
            ("to_json", value, _) => Ok(Self::Text(value.json().to_string())),
            ("nil?", value, _) => Ok(Self::Bool(*value == Self::Nil)),
            ("blank?", value, _) => Ok(Self::Bool(value.is_blank())),
            ("present?", value, _) => Ok(Self::Bool(!value.is_blank())),
            ("presence", value, _) => Ok(if value.is_blank() { Self::Nil } else { self.clone() }),
            ("to_i", Self::Nil, _) => Ok(Self::Number(0)),
            ("to_i", Self::Number(value), _) => Ok(Self::Number(*value)),
            ("to_i", Self::Text(value), _) => Ok(Self::Number(leading_integer(value))),
            ("strip", Self::Text(value), _) => text(value.trim()),
            ("chomp", Self::Text(value), _) => text(chomp(value)),
            ("upcase", Self::Text(value), _) => text(&value.to_uppercase()),
            ("downcase", Self::Text(value), _) => text(&value.to_lowercase()),
            ("empty?", Self::Text(value), _) => Ok(Self::Bool(value.is_empty())),
            ("empty?", Self::List(items), _) => Ok(Self::Bool(items.is_empty())),
            ("first", Self::List(items), _) => Ok(items.first().cloned().unwrap_or(Self::Nil)),
            ("last", Self::List(items), _) => Ok(items.last().cloned().unwrap_or(Self::Nil)),
            ("split", Self::Text(value), []) => Ok(words(value.split_whitespace())),
            ("split", Self::Text(value), [Self::Text(mark)]) => split(value, mark),
            ("join", Self::List(items), []) => Ok(Self::Text(join(items, ""))),
            ("join", Self::List(items), [Self::Text(mark)]) => Ok(Self::Text(join(items, mark))),
            ("include?", Self::Text(value), [Self::Text(part)]) => {
                Ok(Self::Bool(value.contains(part)))
            }
            ("include?", Self::List(items), [item]) => Ok(Self::Bool(items.contains(item))),
            ("start_with?", Self::Text(value), [Self::Text(part)]) => {
                Ok(Self::Bool(value.starts_with(part)))
            }
            ("end_with?", Self::Text(value), [Self::Text(part)]) => {
                Ok(Self::Bool(value.ends_with(part)))
            }
            ("sub", Self::Text(value), [Self::Text(old), Self::Text(new)]) => {
                text(&value.replacen(old, new, 1))
            }
            ("gsub", Self::Text(value), [Self::Text(old), Self::Text(new)]) => {
                let found = if new.len() > old.len() { value.matches(old).count() } else { 0 };
                match found.saturating_mul(new.len()) {
                    0..=MAX_SIZE => text(&value.replace(old, new)),
                    _ => Err("the text grows too long".to_owned()),
                }
            }
            (_, Self::Nil, _) => Err(format!("there is nothing that `.{name}` could work on")),
            (_, value, []) => Err(format!("`.{name}` does not work on {}", value.kind())),
            (_, value, [first, ..]) => {
                Err(format!("`.{name}` of {} does not take {} here", value.kind(), first.kind()))
            }
        }?;
        if result.size() > MAX_SIZE {
            Err("the text grows too long".to_owned())
        } else {
            Ok(result)
        }
    }

    /// Texts put together, as `+` and interpolation do.
    ///
    /// # Errors
    /// Why not, in words.
    pub fn plus(self, other: Self) -> Result<Self, String> {
        match (self, other) {
            (Self::Text(left), Self::Text(right)) if left.len() + right.len() <= MAX_SIZE => {
                Ok(Self::Text(left + &right))
            }
            (Self::Text(_), Self::Text(_)) => Err("the text grows too long".to_owned()),
            (Self::Text(_), other) | (other, _) => {
                Err(format!("`+` puts texts together, and this is {}", other.kind()))
            }
        }
    }

    fn size(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::List(items) => items.iter().map(|item| 1 + item.size()).sum(),
            Self::Nil | Self::Bool(_) | Self::Number(_) => 0,
        }
    }
}

fn words<'a>(words: impl Iterator<Item = &'a str>) -> Value {
    Value::List(words.map(|word| Value::Text(word.to_owned())).collect())
}

/// As Ruby: empty texts at the end are dropped, and one blank means any white space.
fn split(text: &str, mark: &str) -> Result<Value, String> {
    match mark {
        "" => Err("`.split` needs a text to split at, such as \",\"".to_owned()),
        " " => Ok(words(text.split_whitespace())),
        mark => {
            let mut parts: Vec<&str> = text.split(mark).collect();
            while parts.last().is_some_and(|part| part.is_empty()) {
                parts.pop();
            }
            Ok(words(parts.into_iter()))
        }
    }
}

fn join(items: &[Value], mark: &str) -> String {
    items.iter().map(Value::text).collect::<Vec<_>>().join(mark)
}

fn chomp(text: &str) -> &str {
    ["\r\n", "\n", "\r"].into_iter().find_map(|end| text.strip_suffix(end)).unwrap_or(text)
}

fn leading_integer(text: &str) -> i64 {
    let text = text.trim_start();
    let sign = usize::from(text.starts_with(['-', '+']));
    let length = text[sign..]
        .find(|letter: char| !letter.is_ascii_digit())
        .map_or(text.len(), |at| at + sign);
    text[..length].parse().unwrap_or(0)
}

/// In double quotes, with escapes that Ruby and YAML share.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\u{1b}' => quoted.push_str("\\e"),
            letter if letter.is_control() => quoted.push_str(&format!("\\u{:04X}", letter as u32)),
            letter => quoted.push(letter),
        }
    }
    quoted + "\""
}
