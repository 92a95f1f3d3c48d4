//! The forms of Ruby that are understood: a small, closed part.

use std::ops::Range;

use super::expr::{Expr, Form, Piece};
use super::refusal::Refusal;
use super::token::{Kind, Part, Token, tokens};
use super::value::{method, methods};
use crate::config::schema_words::suggest;

/// Parentheses, operators and calls that no honest file nests.
const MAX_DEPTH: usize = 32;

/// The expression of `<%= code %>`.
pub fn expression(code: &str) -> Result<Expr, Refusal> {
    let tokens = tokens(code)?;
    let mut reader = Reader { tokens: &tokens, at: 0, end: code.trim_end().len(), depth: 0 };
    let value = reader.modified()?;
    reader.finish()?;
    Ok(value)
}

/// The expression of `<% if code %>`, behind its first word.
pub fn condition(tokens: &[Token], end: usize) -> Result<Expr, Refusal> {
    let mut reader = Reader { tokens, at: 1, end, depth: 0 };
    let value = reader.choice()?;
    reader.take_name("then");
    reader.finish()?;
    Ok(value)
}

struct Reader<'a> {
    tokens: &'a [Token],
    at: usize,
    /// Where the code ends.
    end: usize,
    depth: usize,
}

type Read = Result<Expr, Refusal>;

impl Reader<'_> {
    /// `a if b`, `a unless b`.
    fn modified(&mut self) -> Read {
        let value = self.choice()?;
        let (then, otherwise) = (self.take_name("if"), self.take_name("unless"));
        if !(then || otherwise) {
            return Ok(value);
        }
        let condition = self.choice()?;
        let span = value.span.start..condition.span.end;
        let nothing = Expr { form: Form::Nil, span: span.clone() };
        let (left, right) = if then { (value, nothing) } else { (nothing, value) };
        let form = Form::Choice(Box::new(condition), Box::new(left), Box::new(right));
        Ok(Expr { form, span })
    }

    /// `a ? b : c`
    fn choice(&mut self) -> Read {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Refusal::form(self.place(), "this is nested too deep"));
        }
        let condition = self.or()?;
        let value = if self.take("?") {
            let then = self.choice()?;
            self.need(":")?;
            let otherwise = self.choice()?;
            let span = condition.span.start..otherwise.span.end;
            let form = Form::Choice(Box::new(condition), Box::new(then), Box::new(otherwise));
            Expr { form, span }
        } else {
            condition
        };
        self.depth -= 1;
        Ok(value)
    }

    fn or(&mut self) -> Read {
        self.series(Self::and, &["||"], |_, left, right| Form::Or(left, right))
    }

    fn and(&mut self) -> Read {
        self.series(Self::same, &["&&"], |_, left, right| Form::And(left, right))
    }

    fn same(&mut self) -> Read {
        self.series(Self::sum, &["==", "!="], |mark, left, right| {
            let span = left.span.start..right.span.end;
            let same = Form::Same(left, right);
            if mark == "==" { same } else { Form::Not(Box::new(Expr { form: same, span })) }
        })
    }

    fn sum(&mut self) -> Read {
        self.series(Self::not, &["+"], |_, left, right| Form::Plus(left, right))
    }

    /// `a`, or `a mark b mark c`, from the left.
    fn series(
        &mut self,
        part: fn(&mut Self) -> Read,
        marks: &[&'static str],
        form: impl Fn(&str, Box<Expr>, Box<Expr>) -> Form,
    ) -> Read {
        let mut value = part(self)?;
        let depth = self.depth;
        while let Some(mark) = marks.iter().find(|mark| self.take(mark)) {
            // Each one is one level of the tree that results.
            self.depth += 1;
            if self.depth > MAX_DEPTH {
                return Err(Refusal::form(self.place(), "this is too long"));
            }
            let other = part(self)?;
            let span = value.span.start..other.span.end;
            value = Expr { form: form(mark, Box::new(value), Box::new(other)), span };
        }
        self.depth = depth;
        Ok(value)
    }

    fn not(&mut self) -> Read {
        let start = self.place().start;
        let mut count = 0;
        while self.take("!") {
            count += 1;
        }
        let mut value = self.calls()?;
        for _ in 0..(if count > 1 { 2 - count % 2 } else { count }) {
            let span = start..value.span.end;
            value = Expr { form: Form::Not(Box::new(value)), span };
        }
        Ok(value)
    }

    /// A value and the methods called on it.
    fn calls(&mut self) -> Read {
        let mut value = self.primary()?;
        let depth = self.depth;
        loop {
            let safe = self.take("&.");
            if !safe && !self.take(".") {
                self.depth = depth;
                return Ok(value);
            }
            self.depth += 1;
            if self.depth > MAX_DEPTH {
                return Err(Refusal::form(self.place(), "this is too long"));
            }
            value = self.call(value, safe)?;
        }
    }

    fn call(&mut self, of: Expr, safe: bool) -> Read {
        let (name, place) = self.name()?;
        let start = of.span.start;
        if name == "map" {
            for mark in ["(", "&"] {
                self.need(mark)?;
            }
            let (each, place) = self.symbol()?;
            let (each, _) = known(&each, place)?;
            self.need(")")?;
            return Ok(Expr { form: Form::Map(Box::new(of), each), span: start..self.past() });
        }
        let (name, takes) = known(&name, place.clone())?;
        let mut arguments = Vec::new();
        if self.take("(") && !self.take(")") {
            loop {
                arguments.push(self.choice()?);
                if !self.take(",") {
                    break;
                }
            }
            self.need(")")?;
        }
        if !takes.contains(&arguments.len()) {
            let why = format!("`.{name}` takes other arguments than these");
            return Err(Refusal::form(place.start..self.past(), &why));
        }
        let form = Form::Call { of: Box::new(of), name, arguments, safe };
        Ok(Expr { form, span: start..self.past() })
    }

    fn primary(&mut self) -> Read {
        let Some(token) = self.tokens.get(self.at) else {
            return Err(Refusal::form(self.place(), "a value is missing here"));
        };
        self.at += 1;
        let span = token.span.clone();
        let form = match &token.kind {
            Kind::Text(parts) => Form::Text(self.pieces(parts)?),
            Kind::Command(parts) => Form::Command(self.pieces(parts)?),
            Kind::Number(number) => Form::Number(*number),
            Kind::Mark("(") => {
                let mut value = self.modified()?;
                self.need(")")?;
                value.span = span.start..self.past();
                return Ok(value);
            }
            Kind::Name(name) => match name.as_str() {
                "nil" => Form::Nil,
                "true" => Form::Bool(true),
                "false" => Form::Bool(false),
                "ENV" => return self.variable(span.start),
                "File" => return self.file(span.start),
                _ => return Err(Refusal::unknown(span)),
            },
            _ => return Err(Refusal::unknown(span)),
        };
        Ok(Expr { form, span })
    }

    /// What follows `ENV`.
    fn variable(&mut self, start: usize) -> Read {
        if self.take("[") {
            let name = self.choice()?;
            self.need("]")?;
            return Ok(Expr { form: Form::Variable(Box::new(name)), span: start..self.past() });
        }
        self.need(".")?;
        let (method, place) = self.name()?;
        let parentheses = self.take("(");
        let name = self.choice()?;
        let mut default = None;
        if method == "fetch" && self.take(",") {
            default = Some(Box::new(self.choice()?));
        }
        if parentheses {
            self.need(")")?;
        }
        if method == "fetch" && default.is_none() {
            let end = if self.take("{") { Some("}") } else { None };
            let block = end.is_some() || self.take_name("do");
            if block {
                default = Some(Box::new(self.choice()?));
                match end {
                    Some(end) => self.need(end)?,
                    None if self.take_name("end") => {}
                    None => return Err(Refusal::form(self.place(), "`end` is missing here")),
                }
            }
        }
        let form = match method.as_str() {
            "fetch" => Form::Fetch(Box::new(name), default),
            "key?" | "has_key?" | "include?" => Form::IsSet(Box::new(name)),
            _ => return Err(Refusal::unknown(place)),
        };
        Ok(Expr { form, span: start..self.past() })
    }

    /// What follows `File`.
    fn file(&mut self, start: usize) -> Read {
        self.need(".")?;
        let (method, place) = self.name()?;
        if method != "read" {
            return Err(Refusal::unknown(start..place.end));
        }
        let parentheses = self.take("(");
        let path = self.choice()?;
        if parentheses {
            self.need(")")?;
        }
        Ok(Expr { form: Form::File(Box::new(path)), span: start..self.past() })
    }

    fn pieces(&mut self, parts: &[Part]) -> Result<Vec<Piece>, Refusal> {
        let piece = |part: &Part| match part {
            Part::Literal(text) => Ok(Piece::Literal(text.clone())),
            Part::Code(tokens, span) => {
                let mut reader =
                    Reader { tokens, at: 0, end: span.end.saturating_sub(1), depth: self.depth };
                let value = reader.modified()?;
                reader.finish()?;
                Ok(Piece::Code(value))
            }
        };
        parts.iter().map(piece).collect()
    }

    fn name(&mut self) -> Result<(String, Range<usize>), Refusal> {
        self.word(|kind| if let Kind::Name(name) = kind { Some(name) } else { None })
    }

    fn symbol(&mut self) -> Result<(String, Range<usize>), Refusal> {
        self.word(|kind| if let Kind::Symbol(name) = kind { Some(name) } else { None })
    }

    /// The next token, if it is a word of the kind that is wanted.
    fn word(
        &mut self,
        of: impl Fn(&Kind) -> Option<&String>,
    ) -> Result<(String, Range<usize>), Refusal> {
        let place = self.place();
        match self.tokens.get(self.at).and_then(|token| of(&token.kind)) {
            Some(word) => {
                self.at += 1;
                Ok((word.clone(), place))
            }
            None => Err(Refusal::unknown(place)),
        }
    }

    fn take(&mut self, mark: &str) -> bool {
        let found = matches!(self.tokens.get(self.at), Some(Token { kind: Kind::Mark(found), .. }) if *found == mark);
        self.at += usize::from(found);
        found
    }

    fn take_name(&mut self, name: &str) -> bool {
        let found = matches!(self.tokens.get(self.at), Some(Token { kind: Kind::Name(found), .. }) if found == name);
        self.at += usize::from(found);
        found
    }

    fn need(&mut self, mark: &str) -> Result<(), Refusal> {
        if self.take(mark) {
            return Ok(());
        }
        match self.tokens.get(self.at) {
            Some(_) => Err(Refusal::unknown(self.place())),
            None => Err(Refusal::form(self.place(), &format!("`{mark}` is missing here"))),
        }
    }

    fn finish(&self) -> Result<(), Refusal> {
        match self.tokens.get(self.at) {
            None => Ok(()),
            Some(token) if token.kind == Kind::Name("rescue".to_owned()) => {
                Err(Refusal::unknown(token.span.start..self.end))
            }
            Some(token) => Err(Refusal::unknown(token.span.start..self.end)),
        }
    }

    /// Where the next word stands.
    fn place(&self) -> Range<usize> {
        self.tokens.get(self.at).map_or(self.end..self.end, |token| token.span.clone())
    }

    /// Where the last word ended.
    fn past(&self) -> usize {
        self.tokens.get(self.at.wrapping_sub(1)).map_or(0, |token| token.span.end)
    }
}

fn known(
    name: &str,
    place: Range<usize>,
) -> Result<(&'static str, std::ops::RangeInclusive<usize>), Refusal> {
    method(name).ok_or_else(|| {
        let help = suggest(name, &methods())
            .unwrap_or_else(|| format!("understood are: {}", methods().join(", ")));
        Refusal::form(place, &format!("the method `{name}` is not understood")).help(help)
    })
}
