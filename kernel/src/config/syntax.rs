//! Puts a YAML parser's complaint into words that lead to the mistake.

use super::source::Source;
use crate::model::problem::Problem;

/// Conflict markers that version control left in the file, each conflict once.
pub fn conflicts(source: &Source) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut inside = false;
    for number in 1..=source.text().lines().count() {
        let span = source.line(number);
        let line = &source.text()[span.clone()];
        let (begins, ends) = (line.starts_with("<<<<<<< "), line.starts_with(">>>>>>> "));
        let between = line == "=======" || line.starts_with("||||||| ");
        if begins || (!inside && (ends || between)) {
            let problem =
                Problem::error("a merge conflict was left in this file").at(source.place(span));
            problems.push(problem.help(
                "keep one side and remove the lines with `<<<<<<<`, `=======` and `>>>>>>>`",
            ));
        }
        inside = (inside || begins || between) && !ends;
    }
    problems
}

/// The problem for a parser's complaint `info` at byte `at`.
pub fn explain(source: &Source, at: usize, info: &str) -> Problem {
    let at = at.min(source.text().len());
    if let Some(problem) = tab(source, at) {
        return problem;
    }
    if let Some(problem) = unclosed(source, at) {
        return problem;
    }
    if let Some(problem) = printed(source, at) {
        return problem;
    }
    let number = source.place(at..at).line;
    if let Some(problem) = misplaced(source, number, at, info) {
        return problem;
    }
    let line = source.line(number);
    // The end of the file is no place to look at; the last text before it is.
    let last = source.text().trim_end().char_indices().next_back().map_or(0, |(at, _)| at);
    let at = if at >= source.text().len() { last } else { at };
    let end = source.text()[at..].chars().next().map_or(at, |letter| at + letter.len_utf8());
    let problem =
        Problem::error(format!("this is not valid YAML: {info}")).at(source.place(at..end));
    let problem = problem.label("reading stopped here");
    match help(&source.text()[line], info) {
        Some(help) => problem.help(help),
        None => problem,
    }
}

/// What an ERB tag printed is no YAML.
fn printed(source: &Source, at: usize) -> Option<Problem> {
    let tag = source.text()[at..].strip_prefix("<%=")?;
    let end = at + 3 + tag.find("%>")? + 2;
    let problem = Problem::error("what this expression prints is not valid YAML here")
        .at(source.place(at..end));
    Some(problem.label("reading stopped here").help(
        "make one quoted text of it with `.to_s.inspect`: `<%= ENV[\"NAME\"].to_s.inspect %>`",
    ))
}

/// A line that begins in a column where none may begin.
fn misplaced(source: &Source, number: usize, at: usize, info: &str) -> Option<Problem> {
    let text = |number: usize| &source.text()[source.line(number)];
    let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let line = text(number);
    let counts = |line: &str| {
        let line = line.trim_start();
        !line.is_empty() && !line.starts_with('#')
    };
    let before: Vec<&str> = (1..number).map(text).filter(|line| counts(line)).collect();
    let own = indent(line);
    let key = line.find(':').map(|colon| source.line(number).start + colon);
    let problem = if info.contains("mapping values") && key.is_some_and(|key| at <= key) {
        let last = before.last().filter(|last| indent(last) < own)?;
        format!("this line is indented further than the one above, `{}`", last.trim())
    } else if info.contains("did not find expected") && key.is_none_or(|key| at <= key) {
        "this line begins in a column in which no line above it begins".to_owned()
    } else {
        return None;
    };
    let mut columns: Vec<usize> = Vec::new();
    for line in before.iter().rev() {
        let found = indent(line);
        if found < own && columns.last().is_none_or(|last| found < *last) {
            columns.push(found);
        }
    }
    let columns: Vec<String> =
        columns.iter().rev().map(|column| (column + 1).to_string()).collect();
    let start = source.line(number).start;
    let problem =
        Problem::error(problem).at(source.place(start + own..start + line.trim_end().len()));
    let problem = problem.label(format!("column {}", own + 1));
    Some(match columns.is_empty() {
        true => problem,
        false => problem.help(format!(
            "keys of one map begin in the same column; here that is {}",
            columns.join(" or ")
        )),
    })
}

/// Tabs may not indent. The parser notices late and calls it something else.
fn tab(source: &Source, at: usize) -> Option<Problem> {
    let number = source.place(at..at).line;
    if at > 0 && source.text().as_bytes()[at - 1] == b'\t' && source.line(number).start < at - 1 {
        let problem = Problem::error("there is a tab between a key and its value")
            .at(source.place(at - 1..at));
        return Some(problem.label("tab").help("write a space instead"));
    }
    [number, number.saturating_sub(1), number + 1].into_iter().find_map(|number| {
        let line = source.line(number);
        let text = &source.text()[line.clone()];
        let indent = text.len() - text.trim_start_matches([' ', '\t']).len();
        let tab = text[..indent].find('\t')?;
        let problem = Problem::error("a tab is used for indentation")
            .at(source.place(line.start + tab..line.start + tab + 1));
        Some(problem.label("tab").help("YAML requires spaces; most editors can convert the file"))
    })
}

/// A `[` or `{` before `at` that nothing closes. The parser goes on to the next
/// line that makes no sense inside it, which may be far away.
fn unclosed(source: &Source, at: usize) -> Option<Problem> {
    let mut open: Vec<(usize, char)> = Vec::new();
    let mut quote = None;
    // What a bracket, a quote or a comment may follow to be more than text.
    let (mut fresh, mut spaced) = (true, true);
    for (position, letter) in source.text()[..at].char_indices() {
        match (quote, letter) {
            (Some('#'), '\n') => quote = None,
            (Some(closing), letter) if closing == letter && closing != '#' => quote = None,
            (Some(_), _) => continue,
            (None, '#') if spaced => quote = Some('#'),
            (None, '"' | '\'') if fresh => quote = Some(letter),
            (None, '[' | '{') if fresh => {
                open.push((position, letter));
                continue;
            }
            (None, ']' | '}') => drop(open.pop()),
            _ => {}
        }
        spaced = letter.is_whitespace();
        fresh =
            letter == '\n' || matches!(letter, ':' | ',' | '-' | '[' | '{') || (fresh && spaced);
    }
    let (position, letter) = open.pop()?;
    let closing = if letter == '[' { ']' } else { '}' };
    let problem = Problem::error(format!("this `{letter}` is not closed"))
        .at(source.place(position..position + 1));
    Some(
        problem
            .label("opens here")
            .help(format!("add the missing `{closing}`, or a comma between two entries")),
    )
}

fn help(line: &str, info: &str) -> Option<&'static str> {
    let value = line.split_once(": ").map_or(line, |(_, value)| value).trim_start();
    let value = value.strip_prefix("- ").unwrap_or(value);
    if value.starts_with(['@', '`', '%']) {
        return Some("a value that begins with `@`, `` ` `` or `%` needs quotes");
    }
    if info.contains("unknown anchor") {
        return Some(
            "an alias (`*name`) needs an anchor (`&name`) before it; quote the value if it is meant as text",
        );
    }
    if info.contains("mapping values are not allowed") {
        return Some("a value that contains `: ` needs quotes around the whole of it");
    }
    if info.contains("quoted scalar") {
        return Some("close the quote that opens here");
    }
    if info.contains("flow") || info.contains("',' or") {
        return Some("a `[` or `{` is not closed, or a comma is missing");
    }
    (info.contains("expected key") || info.contains("simple key") || info.contains("block") || info.contains("indent"))
        .then_some("check the indentation of this line and the one before, and that each key is followed by `: `")
}
