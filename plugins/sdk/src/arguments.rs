//! The flags and arguments of a command, read from `context.arguments`.

use serde_json::Value;

use crate::scalar::Stringish;
use crate::steps::{StepExt, error_at};
use crate::types::{Context, Problem, Step};

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

/// Hands `--grep` and `--grep-options` on to the kernel, which shows the lines that are wanted:
/// the same on every host, and of what is typed no shell reads anything.
pub fn searching(step: Step, arguments: &Arguments) -> Result<Step, Problem> {
    let options = arguments.text("grep-options").unwrap_or_default();
    let is_known = |word: &str| {
        let letters = word.strip_prefix('-').unwrap_or_default();
        !letters.is_empty() && letters.chars().all(|letter| "iv".contains(letter))
    };
    if let Some(word) = options.split_whitespace().find(|word| !is_known(word)) {
        let message = format!("of the options of `--grep`, `{word}` is not known");
        let help = "-i and -v are; for others leave out --grep, and pipe the lines into grep";
        let problem = error_at("", message);
        return Err(Problem { pointer: None, help: Some(help.to_string()), ..problem });
    }
    Ok(match arguments.text("grep") {
        Some(grep) => step.note("grep", grep).note("grep-options", options),
        None => step,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_handed_on_and_what_is_not_known_of_it_refused() {
        let notes = |arguments: &str| {
            let mut context = crate::testing::context("app logs");
            context.arguments = arguments.to_string();
            let action = crate::steps::say("x");
            let step =
                crate::steps::step("a", "web-1", crate::types::Phase::Start, "A".into(), action);
            let step = searching(step, &Arguments::of(&context));
            step.map(|step| step.annotations.into_iter().map(|(_, value)| value).collect())
        };
        let good = |arguments: &str| -> Vec<String> { notes(arguments).unwrap() };
        assert_eq!(good("{}"), Vec::<String>::new());
        assert_eq!(good(r#"{"grep": "x"}"#), ["x", ""]);
        assert_eq!(good(r#"{"grep": "x", "grep-options": "-i -v"}"#), ["x", "-i -v"]);
        assert_eq!(good(r#"{"grep": "x", "grep-options": "-iv"}"#), ["x", "-iv"]);
        for wrong in ["-C 2", "-E", "x", "-", "--invert-match"] {
            let found = notes(&format!(r#"{{"grep": "x", "grep-options": "{wrong}"}}"#));
            let problem: Problem = found.unwrap_err();
            assert!(problem.message.contains("is not known"), "{wrong}: {problem:?}");
        }
    }
}
