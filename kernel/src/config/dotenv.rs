//! The dotenv format as Kamal 1.9 reads it (dotenv 2.8), but what that parser
//! drops in silence is a problem here.

use std::collections::BTreeMap;
use std::ops::Range;

use super::source::Source;
use crate::model::problem::Problem;

/// Add the variables of one file to `values`; later ones win. `$NAME` is looked
/// up in `values` and then in `env`. Problems carry file and line, never text.
pub fn parse(
    source: &Source,
    values: &mut BTreeMap<String, String>,
    env: &BTreeMap<String, String>,
) -> Vec<Problem> {
    let start = source.text().len() - source.text().trim_start_matches('\u{feff}').len();
    let mut reader = Reader { source, text: source.text(), at: start, problems: Vec::new() };
    while reader.at < reader.text.len() {
        let from = reader.at;
        match reader.line() {
            Line::Nothing => {}
            Line::Exported(names) => {
                for (name, span) in names {
                    if !values.contains_key(&name) && !env.contains_key(&name) {
                        reader.refuse(
                            span,
                            &format!("`export {name}`, but `{name}` is not set"),
                            "write `NAME=value`",
                        );
                    }
                }
            }
            Line::Pair(name, value) => {
                let value = value.expand(|name| {
                    values.get(name).or_else(|| env.get(name)).cloned().unwrap_or_default()
                });
                match value {
                    Ok(value) => drop(values.insert(name, value)),
                    Err(Command) => {
                        let help = "commands in `.env` are not run; set the variable in the environment, or write `\\$(` for the text";
                        reader.refuse(
                            from..reader.at,
                            &format!("the value of `{name}` is a command, `$(…)`"),
                            help,
                        );
                    }
                }
            }
        }
    }
    reader.problems
}

enum Line {
    Nothing,
    Exported(Vec<(String, Range<usize>)>),
    Pair(String, Raw),
}

/// A value before its escapes and variables are read.
struct Raw {
    text: String,
    quote: Option<char>,
}

/// A value wants a command run.
struct Command;

struct Reader<'a> {
    source: &'a Source,
    text: &'a str,
    at: usize,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn line(&mut self) -> Line {
        let line = self.text[self.at..].split('\n').next().unwrap_or_default();
        let (start, next) = (self.at, (self.at + line.len() + 1).min(self.text.len()));
        self.at = next;
        let content = line.trim();
        if content.is_empty() || content.starts_with('#') {
            return Line::Nothing;
        }
        let offset = start + (line.len() - line.trim_start().len());
        let exported =
            content.strip_prefix("export").filter(|rest| rest.starts_with(char::is_whitespace));
        let body = exported.map_or(content, str::trim_start);
        let length = body
            .find(|letter: char| !(letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.')))
            .unwrap_or(body.len());
        let (name, rest) = body.split_at(length);
        let value = match rest.trim_start().strip_prefix('=') {
            Some(value) => Some(value),
            None => rest
                .strip_prefix(':')
                .filter(|value| value.is_empty() || value.starts_with(char::is_whitespace)),
        };
        let Some(value) = value.filter(|_| !name.is_empty()) else {
            let span = offset..offset + content.len();
            if let Some(names) = exported.filter(|names| !names.contains(['=', ':'])) {
                return Line::Exported(
                    names.split_whitespace().map(|name| (name.to_owned(), span.clone())).collect(),
                );
            }
            self.refuse(
                span,
                "this line sets no variable",
                "write `NAME=value`, or begin a comment with `#`",
            );
            return Line::Nothing;
        };
        let from = offset + content.len() - value.len();
        match self.value(from, start + line.len(), name) {
            Some(raw) => Line::Pair(name.to_owned(), raw),
            None => Line::Nothing,
        }
    }

    /// The value that begins at `from`; its line ends at `end`.
    fn value(&mut self, from: usize, end: usize, name: &str) -> Option<Raw> {
        let line = &self.text[from..end];
        let lead = line.len() - line.trim_start().len();
        let opened = from + lead;
        if let Some(quote) =
            line.trim_start().chars().next().filter(|letter| matches!(letter, '"' | '\''))
        {
            match closing(&self.text[opened + 1..], quote) {
                Some(length) => {
                    let close = opened + 1 + length;
                    let tail = self.text[close + 1..].split('\n').next().unwrap_or_default();
                    if tail.trim().is_empty() || tail.trim_start().starts_with('#') {
                        self.at = (close + 1 + tail.len() + 1).min(self.text.len());
                        return Some(Raw {
                            text: self.text[opened + 1..close].to_owned(),
                            quote: Some(quote),
                        });
                    }
                }
                None => {
                    let message = format!("the quote of `{name}` is not closed");
                    self.refuse(
                        opened..opened + 1,
                        &message,
                        "close it, or escape a quote that belongs to the value with `\\`",
                    );
                    return None;
                }
            }
        }
        let (bare, comment) = line.split_at(line.find('#').unwrap_or(line.len()));
        if !comment.is_empty() && !bare.is_empty() && !bare.ends_with(char::is_whitespace) {
            // dotenv cuts here; a password with `#` would lose its end unseen.
            let place = self.source.place(from + bare.len()..from + bare.len() + 1);
            let problem =
                Problem::warning(format!("the value of `{name}` ends at the `#`")).at(place);
            self.problems.push(problem.help("quote the value if the `#` belongs to it"));
        }
        Some(Raw { text: bare.trim().to_owned(), quote: None })
    }

    fn refuse(&mut self, span: Range<usize>, message: &str, help: &str) {
        let end = span.start + self.text[span.clone()].trim_end().len();
        self.problems
            .push(Problem::error(message).at(self.source.place(span.start..end)).help(help));
    }
}

/// Bytes before the quote that closes; a backslash hides one.
fn closing(text: &str, quote: char) -> Option<usize> {
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        if letter == '\\' {
            letters.next();
        } else if letter == quote {
            return Some(at);
        }
    }
    None
}

impl Raw {
    /// Escapes and variables. Single quotes have neither; `\n` and `\r` are line
    /// breaks in double quotes only; elsewhere `\` gives the next character.
    fn expand(&self, lookup: impl Fn(&str) -> String) -> Result<String, Command> {
        if self.quote == Some('\'') {
            return Ok(self.text.clone());
        }
        let mut out = String::new();
        let mut rest = self.text.as_str();
        while let Some(letter) = rest.chars().next() {
            rest = &rest[letter.len_utf8()..];
            match letter {
                '\\' => {
                    let Some(next) = rest.chars().next() else {
                        out.push('\\');
                        break;
                    };
                    rest = &rest[next.len_utf8()..];
                    out.push(match next {
                        'n' if self.quote == Some('"') => '\n',
                        'r' if self.quote == Some('"') => '\r',
                        next => next,
                    });
                }
                '$' if rest.starts_with('(') => return Err(Command),
                '$' => match variable(rest) {
                    Some((name, length)) => {
                        out.push_str(&lookup(name));
                        rest = &rest[length..];
                    }
                    None => out.push('$'),
                },
                letter => out.push(letter),
            }
        }
        Ok(out)
    }
}

/// `NAME` or `{NAME}` after a dollar sign, and how many bytes it takes.
fn variable(text: &str) -> Option<(&str, usize)> {
    let braced = text.strip_prefix('{');
    let body = braced.unwrap_or(text);
    let length = body
        .find(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'))
        .unwrap_or(body.len());
    let name = &body[..length];
    match (name.is_empty(), braced) {
        (true, _) => None,
        (false, None) => Some((name, length)),
        (false, Some(_)) => body[length..].starts_with('}').then_some((name, length + 2)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(text: &str) -> (BTreeMap<String, String>, Vec<String>) {
        let env = [("HOME_TOWN".to_owned(), "Ulm".to_owned())].into();
        let mut values = BTreeMap::new();
        let problems = parse(&Source::new(".env", text), &mut values, &env);
        (values, problems.iter().map(Problem::to_string).collect())
    }

    #[test]
    fn reads_values() {
        for (text, value) in [
            ("A=b", "b"),
            ("  export A = b c  # note", "b c"),
            ("A: b", "b"),
            ("A=", ""),
            ("A", "unset"),
            ("A='b$HOME_TOWN\\n'", "b$HOME_TOWN\\n"),
            ("A=\"b\\nc\"", "b\nc"),
            ("A=b\\nc", "bnc"),
            ("A=\"x $HOME_TOWN ${HOME_TOWN}x \\$HOME_TOWN\"", "x Ulm Ulmx $HOME_TOWN"),
            ("A=s3cr$t", "s3cr"),
            ("A=\"line 1\nline \\\"2\\\" # here\n\" # note\nB=1", "line 1\nline \"2\" # here\n"),
            ("A='one\ntwo'", "one\ntwo"),
            ("A=\"b\"c", "\"b\"c"),
            ("A=1\r\nB=2\r\n", "1"),
            ("\u{feff}A=1", "1"),
            ("A=$ 5", "$ 5"),
            ("A=é", "é"),
            ("A=1\nA=$A.2", "1.2"),
        ] {
            let found = run(text).0.remove("A").unwrap_or_else(|| "unset".to_owned());
            assert_eq!(found, value, "{text}");
        }
        assert_eq!(run("A=\"x\ny\"\nB=2").0["B"], "2");
    }

    #[test]
    fn names_file_and_line_but_no_text() {
        for (text, start) in [
            ("A=1\n\n  nonsense sesame", ".env:3:3: this line sets no variable"),
            ("A=\"sesame", ".env:1:3: the quote of `A` is not closed"),
            ("A=$(sesame)", ".env:1:1: the value of `A` is a command"),
            ("A=ses#ame", ".env:1:6: the value of `A` ends at the `#`"),
            ("export A", ".env:1:1: `export A`, but `A` is not set"),
        ] {
            let problems = run(text).1;
            assert!(problems[0].starts_with(start), "{problems:?}");
            assert!(!problems[0].contains("sesame"), "{problems:?}");
        }
        assert!(run("export HOME_TOWN\n# x\n").1.is_empty());
    }
}
