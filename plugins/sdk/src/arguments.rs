//! The flags and arguments of a command, read from `context.arguments`.

use serde_json::Value;

use crate::scalar::Stringish;
use crate::steps::error;
use crate::types::{Context, LogOptions, LogSearch, Problem};

/// The object of flags and arguments by long name. What is absent was not given.
#[derive(Debug, Clone)]
pub struct Arguments(Value);

impl Arguments {
    /// Reads them; text that is no JSON counts as no arguments.
    pub fn of(context: &Context) -> Self {
        Self(serde_json::from_str(&context.arguments).unwrap_or(Value::Null))
    }

    /// True if the switch was given.
    pub fn switch(&self, name: &str) -> bool {
        self.0.get(name).and_then(Value::as_bool).unwrap_or(false)
    }

    /// The value of a flag or argument.
    pub fn text(&self, name: &str) -> Option<String> {
        self.0.get(name).and_then(Stringish::of).map(|text| text.0)
    }

    /// The value of a flag as a number; none also for what is none.
    pub fn number(&self, name: &str) -> Option<u32> {
        self.text(name)?.trim().parse().ok()
    }

    /// All values of an argument; a single one counts as a list of one.
    pub fn list(&self, name: &str) -> Vec<String> {
        match self.0.get(name) {
            Some(Value::Array(items)) => {
                items.iter().filter_map(Stringish::of).map(|s| s.0).collect()
            }
            Some(value) => Stringish::of(value).map(|s| s.0).into_iter().collect(),
            None => Vec::new(),
        }
    }
}

/// What `--grep` and `--grep-options` ask for: the kernel shows the lines that are wanted, the
/// same on every host, and of what is typed no shell reads anything.
pub fn search(arguments: &Arguments) -> Result<Option<LogSearch>, Problem> {
    let options = arguments.text("grep-options").unwrap_or_default();
    let is_known = |word: &str| {
        let letters = word.strip_prefix('-').unwrap_or_default();
        !letters.is_empty() && letters.chars().all(|letter| "iv".contains(letter))
    };
    if let Some(word) = options.split_whitespace().find(|word| !is_known(word)) {
        let message = format!("`{word}` is not a known option of `--grep`");
        let help = "-i and -v are known; for others leave out --grep, and pipe the lines into grep";
        return Err(error(message).help(help));
    }
    Ok(arguments.text("grep").map(|text| LogSearch {
        text,
        ignore_case: options.contains('i'),
        invert: options.contains('v'),
    }))
}

/// Which lines of a container's log the flags of
/// [`CommandSpec::log_lines`](crate::types::CommandSpec::log_lines) ask for: 100, or 10 and all
/// that come, unless a number, a time or a search says otherwise.
pub fn log_options(
    arguments: &Arguments,
    container: &str,
    timestamps: bool,
) -> Result<LogOptions, Problem> {
    let (since, search) = (arguments.text("since"), search(arguments)?);
    let follow = arguments.switch("follow");
    let is_narrowed = since.is_some() || search.is_some();
    let default = (!is_narrowed).then_some(if follow { 10 } else { 100 });
    let tail = arguments.number("lines").or(default);
    Ok(LogOptions { container: container.to_string(), tail, since, timestamps, follow, search })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(text: &str) -> Arguments {
        let mut context = crate::testing::context("details");
        context.arguments = text.to_string();
        Arguments::of(&context)
    }

    #[test]
    fn a_log_is_cut_unless_it_is_narrowed_otherwise() {
        let read = |text: &str| {
            let options = log_options(&arguments(text), "c", true).unwrap();
            (options.tail, options.since, options.search.is_some(), options.follow)
        };
        assert_eq!(read("{}"), (Some(100), None, false, false));
        assert_eq!(read(r#"{"follow": true}"#), (Some(10), None, false, true));
        assert_eq!(read(r#"{"lines": "7", "follow": true}"#), (Some(7), None, false, true));
        assert_eq!(read(r#"{"grep": "x"}"#), (None, None, true, false));
        assert_eq!(read(r#"{"since": "1h"}"#), (None, Some("1h".to_string()), false, false));
        assert_eq!(read(r#"{"since": "1h", "lines": 3}"#).0, Some(3));
    }

    #[test]
    fn a_search_is_read_and_what_is_not_known_of_it_refused() {
        let read = |text: &str| search(&arguments(text));
        let search = |ignore_case, invert| {
            Ok(Some(LogSearch { text: "x".to_string(), ignore_case, invert }))
        };
        assert_eq!(read("{}"), Ok(None));
        assert_eq!(read(r#"{"grep": "x"}"#), search(false, false));
        assert_eq!(read(r#"{"grep": "x", "grep-options": "-i -v"}"#), search(true, true));
        assert_eq!(read(r#"{"grep": "x", "grep-options": "-iv"}"#), search(true, true));
        assert_eq!(read(r#"{"grep": "x", "grep-options": "-v"}"#), search(false, true));
        for wrong in ["-C 2", "-E", "x", "-", "--invert-match"] {
            let found = read(&format!(r#"{{"grep": "x", "grep-options": "{wrong}"}}"#));
            let problem: Problem = found.unwrap_err();
            assert!(problem.message.contains("is not a known option"), "{wrong}: {problem:?}");
        }
    }
}
