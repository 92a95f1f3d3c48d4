//! The few forms of ERB that deploy files really use, without Ruby.
//!
//! Understood inside `<%= … %>`: `ENV["X"]`, `ENV.fetch("X")`,
//! `ENV.fetch("X", …)`, `ENV.fetch("X") { … }`, quoted text without
//! interpolation, whole numbers, `nil`, `||`, parentheses, and the methods
//! `to_s`, `to_i`, `strip`, `chomp`, `upcase`, `downcase`. Also `<%# … %>`,
//! `<%%` and `%%>`. Everything else is refused, except in comment lines, where
//! it could change nothing.

use std::collections::BTreeMap;
use std::ops::Range;

use super::erb_expression as expression;
use super::source::Source;
use crate::model::problem::Problem;

/// A file's text after ERB, with the way back to the original.
#[derive(Debug)]
pub struct Rendered {
    text: String,
    edits: Vec<Edit>,
}

/// `original` was replaced by `rendered`; both are byte ranges.
#[derive(Debug)]
struct Edit {
    rendered: Range<usize>,
    original: Range<usize>,
}

impl Rendered {
    /// A text without ERB.
    pub fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), edits: Vec::new() }
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where a range of the rendered text stands in the original. What touches
    /// replaced text covers the whole tag that it came from.
    pub fn original(&self, span: Range<usize>) -> Range<usize> {
        let start = self.position(span.start, false);
        let end = if span.is_empty() { start } else { self.position(span.end, true) };
        start..end.max(start)
    }

    fn position(&self, at: usize, is_end: bool) -> usize {
        // Edits are in order. For an end, one that begins exactly there lies behind.
        let count = self.edits.partition_point(|edit| {
            if is_end { edit.rendered.start < at } else { edit.rendered.start <= at }
        });
        let Some(edit) = count.checked_sub(1).map(|index| &self.edits[index]) else {
            return at;
        };
        let inside = if is_end { at <= edit.rendered.end } else { at < edit.rendered.end };
        match (inside, is_end) {
            (true, true) => edit.original.end,
            (true, false) => edit.original.start,
            (false, _) => at - edit.rendered.end + edit.original.end,
        }
    }

    fn replace(&mut self, original: Range<usize>, with: &str) {
        let start = self.text.len();
        self.text.push_str(with);
        self.edits.push(Edit { rendered: start..self.text.len(), original });
    }
}

/// Replace the ERB tags of a file by their values from `env`.
///
/// # Errors
/// One problem per tag that cannot be understood or names a missing variable.
pub fn render(source: &Source, env: &BTreeMap<String, String>) -> Result<Rendered, Vec<Problem>> {
    let text = source.text();
    let mut rendered = Rendered::plain(String::with_capacity(text.len()));
    let mut problems = Vec::new();
    let mut at = 0;
    while let Some(found) = text[at..].find("<%") {
        let start = at + found;
        rendered.text.push_str(&text[at..start]);
        if text[start..].starts_with("<%%") {
            rendered.replace(start..start + 3, "<%");
            at = start + 3;
            continue;
        }
        let Some(length) = close(&text[start + 2..]) else {
            let problem = Problem::error("`<%` without `%>`").at(source.place(start..start + 2));
            problems.push(problem.help("close the tag, or write `<%%` for a literal `<%`"));
            at = text.len();
            break;
        };
        let span = start..start + 2 + length + 2;
        let body = text[start + 2..start + 2 + length].replace("%%>", "%>");
        match tag(&body, env) {
            Ok(value) => rendered.replace(span.clone(), &value),
            Err(_) if in_comment(text, &span) => rendered.text.push_str(&text[span.clone()]),
            Err(problem) => problems.push(problem.at(source.place(span.clone()))),
        }
        at = span.end;
    }
    rendered.text.push_str(&text[at..]);
    if problems.is_empty() { Ok(rendered) } else { Err(problems) }
}

/// Bytes before the closing `%>`, which `%%>` is not.
fn close(text: &str) -> Option<usize> {
    text.match_indices("%>").map(|(at, _)| at).find(|at| !text[..*at].ends_with('%'))
}

/// Whether a tag stands in a line that is a YAML comment, with nothing that could end it.
fn in_comment(text: &str, span: &Range<usize>) -> bool {
    let line = text[..span.start].rfind('\n').map_or(0, |at| at + 1);
    text[line..span.start].trim_start().starts_with('#') && !text[span.clone()].contains('\n')
}

fn tag(body: &str, env: &BTreeMap<String, String>) -> Result<String, Box<Problem>> {
    if body.starts_with('#') {
        return Ok(String::new());
    }
    let Some(code) = body.strip_prefix('=') else {
        return Err(Box::new(refuse(body, "this is Ruby code that only Ruby can run")));
    };
    expression::evaluate(code, env).map_err(|failure| {
        Box::new(match failure {
            expression::Failure::Unknown => refuse(code, "this Ruby expression is not understood"),
            expression::Failure::Unset(name) => {
                Problem::error(format!("the environment variable `{name}` is not set"))
                    .label("needed here")
                    .help(format!(
                        "set `{name}`, or give a default: `ENV.fetch(\"{name}\", \"…\")`"
                    ))
            }
        })
    })
}

fn refuse(code: &str, why: &str) -> Problem {
    let shown: String = code.trim().chars().take(60).collect();
    Problem::error(format!("ERB: {why}: `{shown}`"))
        .label("not one of the forms that work without Ruby")
        .help(
            "write the value itself, or put it into the environment (or `.env`) and write \
         `<%= ENV[\"NAME\"] %>` or `<%= ENV.fetch(\"NAME\", \"default\") %>`",
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env() -> BTreeMap<String, String> {
        [("X", "value"), ("EMPTY", ""), ("N", " 12ab ")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into()
    }

    fn run(text: &str) -> Result<String, String> {
        let source = Source::new("a.yml", text);
        render(&source, &env())
            .map(|rendered| rendered.text)
            .map_err(|problems| problems[0].message.clone())
    }

    #[test]
    fn understands_the_common_forms() {
        for (text, result) in [
            ("a: <%= ENV[\"X\"] %>", "a: value"),
            ("a: <%=ENV['X']%>b", "a: valueb"),
            ("a: '<%= ENV.fetch(\"NO\", \"d\") %>'", "a: 'd'"),
            ("<%= ENV.fetch('NO') { 'd' } %>", "d"),
            ("<%= ENV.fetch 'X' %>", "value"),
            ("<%= ENV.fetch('NO', ENV['X']) %>", "value"),
            ("<%= ENV[\"NO\"] || \"d\" %>", "d"),
            ("<%= (ENV[\"NO\"] || ENV['EMPTY']) || \"d\" %>", ""),
            ("<%= ENV['NO'] %>", ""),
            ("<%= ENV['N'].strip.upcase %>", "12AB"),
            ("<%= ENV.fetch('NO', 3) %>", "3"),
            ("<%= ENV['N'].to_i %>", "12"),
            ("<%# note %>a", "a"),
            ("<%% a %>", "<% a %>"),
            ("# <%= `rm` %>\na: 1", "# <%= `rm` %>\na: 1"),
        ] {
            assert_eq!(run(text).as_deref(), Ok(result), "{text}");
        }
    }

    #[test]
    fn refuses_the_rest() {
        for text in [
            "<%= `git` %>",
            "<% if x %>",
            "<%= \"#{1}\" %>",
            "<%= ENV['X'] + 'b' %>",
            "<%= File.read('x') %>",
            "<%= ENV['X'",
        ] {
            assert!(run(text).is_err(), "{text}");
        }
        assert_eq!(
            run("<%= ENV.fetch('NO') %>").unwrap_err(),
            "the environment variable `NO` is not set"
        );
    }

    #[test]
    fn spans_point_into_the_original() {
        let text = "a: <%= ENV['X'] %>\nb: <%= ENV['NO'] %>c\n";
        let rendered = render(&Source::new("a.yml", text), &env()).unwrap();
        assert_eq!(rendered.text(), "a: value\nb: c\n");
        let original = |part: Range<usize>| &text[rendered.original(part)];
        assert_eq!(original(0..1), "a");
        assert_eq!(original(3..8), "<%= ENV['X'] %>");
        assert_eq!(original(5..6), "<%= ENV['X'] %>");
        assert_eq!(original(9..10), "b");
        assert_eq!(original(12..13), "c");
    }
}
