//! Shell words of a command line in deploy.yml.
//!
//! Kamal pastes `cmd` and `volumes` into a shell of the server. Here no shell reads them: they
//! are split into words as a shell would, `$NAME` and `${NAME}` outside single quotes stand
//! for variables of the server, and everything else that needs a shell is refused rather than
//! passed on with another meaning. Unlike in a shell, the value of a variable stays one word,
//! and `*`, `?`, `[` and `~` are plain characters.

use std::iter::Peekable;
use std::str::Chars;

use crate::texts::{is_name, words};
use crate::types::{Part, Problem, Severity, Text};

/// What to do about a refusal.
pub const HELP: &str = "wrap it in sh -c '…', which runs it in the container";

/// Splits a command line. The error says in one sentence what cannot stand there.
pub fn split(line: &str) -> Result<Vec<Text>, String> {
    let mut reader = Reader { rest: line.trim().chars().peekable(), words: Vec::new(), word: None };
    while let Some(c) = reader.rest.next() {
        reader.plain(c)?;
    }
    reader.words.extend(reader.word.take());
    Ok(reader.words)
}

/// Splits a text that must be one word.
pub fn single(text: &str) -> Result<Text, String> {
    match <[Text; 1]>::try_from(split(text)?) {
        Ok([word]) => Ok(word),
        Err(words) => Err(format!("`{text}` should be one word, found {}", words.len())),
    }
}

/// The argv of a command that a person typed. Several words are passed on as they are. A
/// single one is split, so that Kamal's `exec "ls -l"` does what it did.
pub fn typed(given: &[String]) -> Result<Vec<Text>, Problem> {
    match given {
        [line] => split(line).map_err(|why| Problem {
            severity: Severity::Error,
            message: format!("the command cannot be run as it is: {why}"),
            pointer: None,
            host: None,
            help: Some(HELP.to_string()),
        }),
        given => Ok(words(given)),
    }
}

struct Reader<'a> {
    rest: Peekable<Chars<'a>>,
    words: Vec<Text>,
    /// None between words, so that `''` is a word and blanks are none.
    word: Option<Text>,
}

impl Reader<'_> {
    fn plain(&mut self, c: char) -> Result<(), String> {
        match c {
            ' ' | '\t' => self.words.extend(self.word.take()),
            '\'' => {
                self.word.get_or_insert_default();
                loop {
                    match self.rest.next() {
                        Some('\'') => break,
                        Some(c) => self.push(c),
                        None => return Err("a single quote is not closed".to_string()),
                    }
                }
            }
            '"' => {
                self.word.get_or_insert_default();
                self.quoted()?;
            }
            '\\' => match self.rest.next() {
                Some('\n') => {}
                Some(c) => self.push(c),
                None => return Err("there is a backslash at the end".to_string()),
            },
            '$' => self.variable()?,
            '`' => {
                return Err("a backquote runs a command in a shell, and no shell reads this".into());
            }
            '\n' => return Err("a line break separates commands, and this is one command".into()),
            '|' | '&' | ';' | '<' | '>' | '(' | ')' => {
                return Err(format!("`{c}` is an operator of the shell, and no shell reads this"));
            }
            '#' if self.word.is_none() => {
                return Err("`#` starts a comment in a shell, and no shell reads this".to_string());
            }
            c => self.push(c),
        }
        Ok(())
    }

    /// The rest of a text in double quotes.
    fn quoted(&mut self) -> Result<(), String> {
        loop {
            match self.rest.next() {
                Some('"') => return Ok(()),
                Some('\\') => match self.rest.next() {
                    Some('\n') => {}
                    Some(c @ ('"' | '\\' | '$' | '`')) => self.push(c),
                    Some(c) => {
                        self.push('\\');
                        self.push(c);
                    }
                    None => break,
                },
                Some('$') => self.variable()?,
                Some('`') => {
                    return Err(
                        "a backquote runs a command in a shell, and no shell reads this".into()
                    );
                }
                Some(c) => self.push(c),
                None => break,
            }
        }
        Err("a double quote is not closed".to_string())
    }

    /// What follows a `$`.
    fn variable(&mut self) -> Result<(), String> {
        let follows = |c: &char| c.is_ascii_alphanumeric() || *c == '_';
        match self.rest.peek() {
            Some('(') => {
                Err("`$(…)` runs a command in a shell, and no shell reads this".to_string())
            }
            Some('{') => {
                self.rest.next();
                let name: String = self.rest.by_ref().take_while(|c| *c != '}').collect();
                if !is_name(&name) {
                    return Err(format!("`${{{name}}}` is not the name of a variable"));
                }
                self.word.get_or_insert_default().push(Part::HostEnv(name));
                Ok(())
            }
            Some(c) if c.is_ascii_alphabetic() || *c == '_' => {
                let mut name = String::new();
                while let Some(c) = self.rest.next_if(follows) {
                    name.push(c);
                }
                self.word.get_or_insert_default().push(Part::HostEnv(name));
                Ok(())
            }
            Some(c) if c.is_ascii_digit() || "?$#@*!-".contains(*c) => {
                Err(format!("`${c}` has a meaning only in a shell, and no shell reads this"))
            }
            _ => {
                self.push('$');
                Ok(())
            }
        }
    }

    fn push(&mut self, c: char) {
        let word = self.word.get_or_insert_default();
        match word.last_mut() {
            Some(Part::Literal(text)) => text.push(c),
            _ => word.push(Part::Literal(c.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::texts::text;

    #[test]
    fn splits_as_a_shell_does() {
        assert_eq!(
            split(" bin/jobs  -q 'a b' \"c'd\" e\\ f \n").unwrap(),
            words(["bin/jobs", "-q", "a b", "c'd", "e f"])
        );
        assert_eq!(
            split("a'b'\"c\" x=#1 \"\\n\\\"\" '$X' 5$").unwrap(),
            words(["abc", "x=#1", "\\n\"", "$X", "5$"])
        );
        assert_eq!(split("''").unwrap(), vec![Text::new()]);
        assert_eq!(split("").unwrap(), Vec::<Text>::new());
    }

    #[test]
    fn variables_are_the_servers() {
        let env = |name: &str| Part::HostEnv(name.into());
        let literal = |text: &str| Part::Literal(text.into());
        assert_eq!(single("${HOME}/a:/b").unwrap(), vec![env("HOME"), literal("/a:/b")]);
        assert_eq!(single("\"$PWD/a\"").unwrap(), vec![env("PWD"), literal("/a")]);
    }

    #[test]
    fn what_needs_a_shell_is_refused() {
        for line in [
            "a | b",
            "a && b",
            "a; b",
            "a > b",
            "$(id)",
            "\"$(id)\"",
            "`id`",
            "a\nb",
            "# a",
            "$1",
            "${A:-b}",
            "'a",
            "\"a",
        ] {
            assert!(split(line).is_err(), "{line}");
        }
        assert!(single("a b").is_err() && single("").is_err());
        assert_eq!(single("a").unwrap(), text("a"));
    }
}
