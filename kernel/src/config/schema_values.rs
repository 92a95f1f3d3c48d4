//! The half of [`super::schema`] that looks at single values, and what it says of them.

use serde_json::{Map as JsonMap, Value as Json};

use super::host_name;
use super::schema::{Checker, Subject, count};
use super::schema_words::{self as words, Kind};
use super::tree::{Data, Value};
use crate::model::problem::Problem;

type Rules = JsonMap<String, Json>;

impl Checker<'_> {
    /// Count keys or items against the rules `least` and `most`.
    pub fn size(
        &mut self,
        subject: &Subject<'_>,
        size: usize,
        least: Option<u64>,
        most: Option<u64>,
        what: &str,
    ) {
        let plural = |count: u64| if count == 1 { "" } else { "s" };
        if let Some(least) = least.filter(|least| (size as u64) < *least) {
            let text = format!("needs at least {least} {what}{}, found {size}", plural(least));
            self.add(subject, text, None, None);
        }
        if let Some(most) = most.filter(|most| (size as u64) > *most) {
            let text = format!("takes at most {most} {what}{}, found {size}", plural(most));
            self.add(subject, text, None, None);
        }
    }

    /// Ranges of numbers and lengths of texts.
    pub fn bounds(&mut self, subject: &Subject<'_>, data: &Data, rules: &Rules) {
        match data {
            Data::Int(value) => self.range(subject, *value as f64, rules),
            Data::Float(value) => self.range(subject, *value, rules),
            Data::Text(text) => self.length(subject, text.chars().count() as u64, rules),
            Data::Null | Data::Bool(_) => {}
        }
    }

    fn range(&mut self, subject: &Subject<'_>, number: f64, rules: &Rules) {
        type Breaks = fn(f64, f64) -> bool;
        let limits: [(&str, Breaks, &str, &str); 4] = [
            ("minimum", |number, limit| number < limit, "at least", "too small"),
            ("exclusiveMinimum", |number, limit| number <= limit, "more than", "too small"),
            ("maximum", |number, limit| number > limit, "at most", "too large"),
            ("exclusiveMaximum", |number, limit| number >= limit, "less than", "too large"),
        ];
        for (name, breaks, words, label) in limits {
            let Some(limit) = rules.get(name) else { continue };
            if limit.as_f64().is_some_and(|limit| breaks(number, limit)) {
                self.add(subject, format!("should be {words} {limit}"), Some(label), None);
            }
        }
    }

    fn length(&mut self, subject: &Subject<'_>, length: u64, rules: &Rules) {
        if let Some(least) = count(rules, "minLength").filter(|least| length < *least) {
            let (text, label) = match length {
                0 => ("must not be empty".to_owned(), "empty"),
                _ => (format!("needs at least {least} characters"), "too short"),
            };
            self.add(subject, text, Some(label), None);
        }
        if let Some(most) = count(rules, "maxLength").filter(|most| length > *most) {
            self.add(subject, format!("takes at most {most} characters"), Some("too long"), None);
        }
    }

    /// `enum` and `const`.
    pub fn fixed(&mut self, subject: &Subject<'_>, schema: &Json) {
        let allowed = words::allowed(schema);
        if allowed.is_empty() || allowed.contains(&&subject.node.to_json()) {
            return;
        }
        let names: Vec<String> = allowed.into_iter().map(words::plain).collect();
        let help = subject.node.text().and_then(|text| words::suggest(&text, &names));
        let text = format!("should be {}", words::series(&words::wanted(schema)));
        self.add(subject, text, Some("not allowed here"), help);
    }

    /// A text that names a host.
    pub fn host(&mut self, subject: &Subject<'_>) {
        let problem = subject.node.text().and_then(|name| host_name::check(&name));
        if let Some(problem) = problem {
            self.push(problem.at(subject.node.spot.place()).about(subject.pointer));
        }
    }

    /// A value of another type than the schema's `kinds`, which read as `wanted`; `help` is what
    /// the schema itself advises.
    pub fn wrong_type(
        &mut self,
        subject: &Subject<'_>,
        wanted: &[String],
        kinds: &[Kind],
        help: Option<&str>,
    ) {
        let wanted = words::series(wanted);
        let text = format!("should be {wanted}, found {}", Kind::of(subject.node).words());
        let cure = match subject.node.is_null() && printed_nothing(subject) {
            true => Some(
                "the expression printed nothing: set the variable, or give a default, as in \
                 `ENV.fetch(\"NAME\", \"default\")`"
                    .to_owned(),
            ),
            false => help.map(str::to_owned).or_else(|| words::cure(subject.node, kinds)),
        };
        self.add(subject, text, Some(&format!("expected {wanted}")), cure);
    }

    /// Where text is welcome, a scalar that YAML 1.1 rewrites is worth a warning.
    pub fn surprise(&mut self, subject: &Subject<'_>, kinds: &[Kind]) {
        let Some(scalar) = subject.node.scalar().filter(|_| kinds.contains(&Kind::Text)) else {
            return;
        };
        if scalar.text() == scalar.raw || matches!(scalar.data, Data::Null) {
            return;
        }
        let message = format!("`{}` is read as `{}`", scalar.raw, scalar.text());
        let help = format!("to keep the text as written, quote it: \"{}\"", scalar.raw);
        let problem = Problem::warning(message)
            .at(subject.node.spot.place())
            .about(subject.pointer)
            .help(help);
        self.push(problem);
    }

    /// An error about the subject: its name and `text` make the message.
    pub fn add(
        &mut self,
        subject: &Subject<'_>,
        text: String,
        label: Option<&str>,
        help: Option<String>,
    ) {
        let spot = &subject.node.spot;
        let written = &spot.source.text()[spot.span.clone()];
        let is_block = !matches!(subject.node.value, Value::Scalar(_)) && written.contains('\n');
        let spot = match subject.entry {
            // A whole block, or nothing at all, is no good mark; the key is.
            Some(entry) if is_block || written.is_empty() => &entry.key_spot,
            _ => spot,
        };
        let message = format!("{} {text}", words::name(subject.pointer));
        let mut problem = Problem::error(message).at(spot.place()).about(subject.pointer);
        problem.label = label.map(str::to_owned);
        problem.help = help;
        self.push(problem);
    }

    fn push(&mut self, mut problem: Problem) {
        problem.origin = self.context.origin.map(str::to_owned);
        self.problems.push(problem);
    }
}

/// Whether ERB stands behind the key in its line.
fn printed_nothing(subject: &Subject<'_>) -> bool {
    subject.entry.is_some_and(|entry| {
        let text = &entry.key_spot.source.text()[entry.key_spot.span.end..];
        text.lines().next().is_some_and(|line| line.contains("<%="))
    })
}
