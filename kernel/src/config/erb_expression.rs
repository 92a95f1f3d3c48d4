//! The expressions that [`super::erb`] understands: a small, closed part of Ruby.

use std::collections::BTreeMap;

/// Why an expression has no value.
#[derive(Debug, PartialEq, Eq)]
pub enum Failure {
    /// Not one of the forms.
    Unknown,
    /// `ENV.fetch` of a variable that is not set.
    Unset(String),
}

/// A value; none is Ruby's `nil`.
type Value = Option<String>;

/// Parentheses and defaults that no honest file nests.
const MAX_DEPTH: usize = 16;

/// The text that `<%= code %>` prints.
///
/// # Errors
/// See [`Failure`]. A branch that Ruby would not take is not evaluated either.
pub fn evaluate(code: &str, env: &BTreeMap<String, String>) -> Result<String, Failure> {
    let mut reader = Reader { rest: code.trim(), env, depth: 0 };
    let value = reader.alternatives()?;
    match reader.rest.is_empty() {
        true => value.map(Option::unwrap_or_default),
        false => Err(Failure::Unknown),
    }
}

struct Reader<'a> {
    rest: &'a str,
    env: &'a BTreeMap<String, String>,
    depth: usize,
}

/// The outer failure is one of form; the inner one may yet lie on a path not taken.
type Parsed = Result<Result<Value, Failure>, Failure>;

impl Reader<'_> {
    fn alternatives(&mut self) -> Parsed {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Failure::Unknown);
        }
        let mut value = self.term()?;
        while self.take("||") {
            let other = self.term()?;
            if value == Ok(None) {
                value = other;
            }
        }
        self.depth -= 1;
        Ok(value)
    }

    fn term(&mut self) -> Parsed {
        let mut value = if self.take("(") {
            let value = self.alternatives()?;
            self.need(")")?;
            value
        } else if self.take("ENV") {
            self.variable()?
        } else if self.word("nil") {
            Ok(None)
        } else {
            Ok(Some(self.literal()?))
        };
        while self.rest.starts_with('.') {
            self.rest = &self.rest[1..];
            value = self.method(value)?;
        }
        self.space();
        Ok(value)
    }

    fn variable(&mut self) -> Parsed {
        if self.take("[") {
            let name = self.quoted()?;
            self.need_tight("]")?;
            return Ok(Ok(self.env.get(&name).cloned()));
        }
        self.need(".")?;
        if !self.word("fetch") {
            return Err(Failure::Unknown);
        }
        let parentheses = self.take("(");
        let name = self.quoted()?;
        self.space();
        let mut default = if self.take(",") { Some(self.alternatives()?) } else { None };
        if parentheses {
            self.need_tight(")")?;
        }
        if self.rest.trim_start().starts_with('{') && default.is_none() {
            self.need("{")?;
            default = Some(self.alternatives()?);
            self.need_tight("}")?;
        }
        Ok(match self.env.get(&name) {
            Some(value) => Ok(Some(value.clone())),
            None => default.unwrap_or(Err(Failure::Unset(name))),
        })
    }

    fn method(&mut self, value: Result<Value, Failure>) -> Parsed {
        let length = self
            .rest
            .find(|letter: char| !letter.is_alphanumeric() && letter != '_')
            .unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(length);
        self.rest = rest;
        let nil_safe = matches!(name, "to_s" | "to_i");
        let apply: fn(&str) -> String = match name {
            "to_s" => str::to_owned,
            "to_i" => |text| leading_integer(text).to_string(),
            "strip" => |text| text.trim().to_owned(),
            "chomp" => |text| {
                text.strip_suffix('\n').map_or(text, |text| text.trim_end_matches('\r')).to_owned()
            },
            "upcase" => str::to_uppercase,
            "downcase" => str::to_lowercase,
            _ => return Err(Failure::Unknown),
        };
        match value {
            // Ruby would raise NoMethodError.
            Ok(None) if !nil_safe => Err(Failure::Unknown),
            value => Ok(value.map(|value| Some(apply(&value.unwrap_or_default())))),
        }
    }

    fn literal(&mut self) -> Result<String, Failure> {
        if self.rest.starts_with(['"', '\'']) {
            return self.quoted();
        }
        let length =
            self.rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at(length);
        self.rest = rest;
        // `010` would be octal, `1.5` goes on with a method that does not exist.
        let simple = !digits.is_empty() && (digits == "0" || !digits.starts_with('0'));
        simple.then(|| digits.to_owned()).ok_or(Failure::Unknown)
    }

    fn quoted(&mut self) -> Result<String, Failure> {
        self.space();
        let quote = self
            .rest
            .chars()
            .next()
            .filter(|letter| matches!(letter, '"' | '\''))
            .ok_or(Failure::Unknown)?;
        let body = &self.rest[1..];
        let end = body.find(quote).ok_or(Failure::Unknown)?;
        let text = &body[..end];
        // Escapes and interpolation would need more of Ruby.
        if text.contains('\\') || (quote == '"' && text.contains("#{")) {
            return Err(Failure::Unknown);
        }
        self.rest = &body[end + 1..];
        Ok(text.to_owned())
    }

    fn space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn take(&mut self, token: &str) -> bool {
        match self.rest.trim_start().strip_prefix(token) {
            Some(rest) => {
                self.rest = rest.trim_start();
                true
            }
            None => false,
        }
    }

    fn word(&mut self, word: &str) -> bool {
        let ends = self.rest.strip_prefix(word).is_some_and(|rest| {
            !rest.starts_with(|letter: char| letter.is_alphanumeric() || letter == '_')
        });
        ends && self.take(word)
    }

    fn need(&mut self, token: &str) -> Result<(), Failure> {
        if self.take(token) { Ok(()) } else { Err(Failure::Unknown) }
    }

    /// Like `need`, but keeps what follows untouched, so that a method can be seen.
    fn need_tight(&mut self, token: &str) -> Result<(), Failure> {
        self.rest = self.rest.trim_start().strip_prefix(token).ok_or(Failure::Unknown)?;
        Ok(())
    }
}

fn leading_integer(text: &str) -> i64 {
    let text = text.trim_start();
    let sign = usize::from(text.starts_with(['-', '+']));
    let length = text[sign..]
        .find(|letter: char| !letter.is_ascii_digit())
        .map_or(text.len(), |at| at + sign);
    text[..length].parse().unwrap_or(0)
}
