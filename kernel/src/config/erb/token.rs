//! The words of the Ruby inside a tag.

use std::ops::Range;

use super::refusal::Refusal;

/// A word and where it stands in the code.
#[derive(Debug, Clone, PartialEq)]
pub struct Token {
    pub kind: Kind,
    pub span: Range<usize>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// A text in quotes.
    Text(Vec<Part>),
    /// A command in backquotes or `%x(…)`.
    Command(Vec<Part>),
    Number(i64),
    Name(String),
    /// `:name`.
    Symbol(String),
    Mark(&'static str),
}

/// A text is made of literal stretches and `#{…}`.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    Literal(String),
    Code(Vec<Token>, Range<usize>),
}

/// Longer ones first.
const MARKS: [&str; 18] =
    ["||", "&&", "==", "!=", "&.", "?", ":", "(", ")", "[", "]", "{", "}", ".", ",", "!", "&", "+"];
/// Texts inside texts that no honest file nests.
const MAX_DEPTH: usize = 8;

/// The words of `code`.
///
/// # Errors
/// At the first place that begins no word.
pub fn tokens(code: &str) -> Result<Vec<Token>, Refusal> {
    let mut lexer = Lexer { code, at: 0, depth: 0 };
    let tokens = lexer.tokens(false)?;
    Ok(tokens)
}

struct Lexer<'a> {
    code: &'a str,
    at: usize,
    depth: usize,
}

impl Lexer<'_> {
    /// The words up to the end, or to the `}` that closes an interpolation.
    fn tokens(&mut self, inside: bool) -> Result<Vec<Token>, Refusal> {
        let mut tokens = Vec::new();
        let mut open = 0_usize;
        loop {
            let rest = &self.code[self.at..];
            self.at += rest.len() - rest.trim_start().len();
            let start = self.at;
            let rest = &self.code[start..];
            let Some(first) = rest.chars().next() else {
                return match inside {
                    true => Err(Refusal::form(start..start, "`#{` is not closed")),
                    false => Ok(tokens),
                };
            };
            // A comment in Ruby, up to the end of its line.
            if first == '#' {
                self.at += rest.find('\n').unwrap_or(rest.len());
                continue;
            }
            match first {
                '{' => open += 1,
                '}' if inside && open == 0 => return Ok(tokens),
                '}' => open = open.saturating_sub(1),
                _ => {}
            }
            let kind = self.word(first)?;
            tokens.push(Token { kind, span: start..self.at });
        }
    }

    fn word(&mut self, first: char) -> Result<Kind, Refusal> {
        let (start, rest) = (self.at, &self.code[self.at..]);
        match first {
            '\'' => return self.single().map(Kind::Text),
            '"' => return self.double('"', 1).map(Kind::Text),
            '`' => return self.double('`', 1).map(Kind::Command),
            '0'..='9' => return self.number(),
            _ => {}
        }
        if let Some(open) = rest.strip_prefix("%x").and_then(|rest| rest.chars().next()) {
            let close = match open {
                '(' => ')',
                '[' => ']',
                '{' => '}',
                '|' | '!' | '/' => open,
                _ => return Err(Refusal::unknown(start..start + 2)),
            };
            return self.double(close, 3).map(Kind::Command);
        }
        let symbol = rest.strip_prefix(':').map_or(0, name_length);
        if symbol > 0 {
            self.at += 1 + symbol;
            return Ok(Kind::Symbol(rest[1..=symbol].to_owned()));
        }
        let length = name_length(rest);
        if length > 0 {
            self.at += length;
            return Ok(Kind::Name(rest[..length].to_owned()));
        }
        match MARKS.into_iter().find(|mark| rest.starts_with(mark)) {
            Some(mark) => {
                self.at += mark.len();
                Ok(Kind::Mark(mark))
            }
            None => {
                let refusal = Refusal::unknown(start..start + first.len_utf8());
                Err(if first == '/' {
                    refusal.help(
                        "regular expressions are not understood; split at a text: \
                         `.split(\",\").map(&:strip)`",
                    )
                } else {
                    refusal
                })
            }
        }
    }

    fn number(&mut self) -> Result<Kind, Refusal> {
        let (start, rest) = (self.at, &self.code[self.at..]);
        let length = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (digits, after) = rest.split_at(length);
        self.at += length;
        // `010` is octal, and `1.5` and `1e3` are no whole numbers.
        let ends = !after.starts_with(|c: char| c.is_alphanumeric() || c == '_')
            && !after
                .strip_prefix('.')
                .is_some_and(|c| c.starts_with(|c: char| c.is_ascii_digit()));
        let plain = digits == "0" || !digits.starts_with('0');
        let number = digits.parse().ok().filter(|_| ends && plain);
        number
            .map(Kind::Number)
            .ok_or_else(|| Refusal::form(start..self.at, "only whole numbers are understood"))
    }

    fn single(&mut self) -> Result<Vec<Part>, Refusal> {
        let start = self.at;
        let mut text = String::new();
        let mut letters = self.code[start + 1..].char_indices().peekable();
        while let Some((at, letter)) = letters.next() {
            match letter {
                '\'' => {
                    self.at = start + 1 + at + 1;
                    return Ok(vec![Part::Literal(text)]);
                }
                '\\' => match letters.next_if(|(_, next)| matches!(next, '\'' | '\\')) {
                    Some((_, next)) => text.push(next),
                    None => text.push('\\'),
                },
                letter => text.push(letter),
            }
        }
        Err(Refusal::form(start..self.code.len(), "this quote is not closed"))
    }

    /// A text with escapes and interpolation that ends with `close` and begins after `skip` bytes.
    fn double(&mut self, close: char, skip: usize) -> Result<Vec<Part>, Refusal> {
        let start = self.at;
        self.at += skip;
        let mut parts = Vec::new();
        let mut text = String::new();
        while let Some(letter) = self.code[self.at..].chars().next() {
            let at = self.at;
            self.at += letter.len_utf8();
            if letter == close {
                parts.push(Part::Literal(text));
                return Ok(parts);
            }
            match letter {
                '\\' => text.extend(self.escape()?),
                '#' if self.code[self.at..].starts_with('{') => {
                    self.at += 1;
                    self.depth += 1;
                    if self.depth > MAX_DEPTH {
                        return Err(Refusal::form(at..self.at, "this is nested too deep"));
                    }
                    let inside = self.tokens(true)?;
                    self.depth -= 1;
                    self.at += 1;
                    parts.push(Part::Literal(std::mem::take(&mut text)));
                    parts.push(Part::Code(inside, at..self.at));
                }
                letter => text.push(letter),
            }
        }
        Err(Refusal::form(start..self.code.len(), "this quote is not closed"))
    }

    /// What a backslash and the letter after it mean.
    fn escape(&mut self) -> Result<Option<char>, Refusal> {
        let at = self.at - 1;
        let Some(letter) = self.code[self.at..].chars().next() else { return Ok(None) };
        self.at += letter.len_utf8();
        Ok(Some(match letter {
            'n' => '\n',
            't' => '\t',
            's' => ' ',
            'r' => '\r',
            'e' => '\u{1b}',
            '\n' => return Ok(None),
            letter if letter.is_ascii_alphanumeric() => {
                return Err(Refusal::form(at..self.at, "this escape is not understood"));
            }
            letter => letter,
        }))
    }
}

/// Bytes of a name, with the `?` or `!` that a method's may end with.
fn name_length(text: &str) -> usize {
    if !text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        return 0;
    }
    let length =
        text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len());
    let mark = text[length..].starts_with(['?', '!']) && !text[length + 1..].starts_with('=');
    length + usize::from(mark)
}
