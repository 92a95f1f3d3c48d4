//! Constructors for texts: what a step writes, compares or passes on.

use crate::types::{OutputKind, OutputRef, Part, Text};

/// A text that is known now.
pub fn text(literal: impl Into<String>) -> Text {
    vec![Part::Literal(literal.into())]
}

/// Several literal texts, for an argv.
pub fn words<S: Into<String>>(words: impl IntoIterator<Item = S>) -> Vec<Text> {
    words.into_iter().map(text).collect()
}

/// The value of a secret, put in by the kernel at the last moment.
pub fn secret(name: impl Into<String>) -> Text {
    vec![Part::Secret(name.into())]
}

/// What an earlier step of the same host yields.
pub fn output_of(step: impl Into<String>, kind: OutputKind) -> Part {
    Part::OutputOf(OutputRef { step: step.into(), kind })
}

/// A text in which `${NAME}` stands for a variable of the server's environment, as Kamal
/// lets clear values have them. Every other character is literal; a `${` that encloses no
/// variable name is, too.
pub fn with_host_env(raw: &str) -> Text {
    let mut parts = Vec::new();
    let mut literal = String::new();
    let mut rest = raw;
    while let Some(start) = rest.find("${") {
        let (before, from) = rest.split_at(start);
        let name = from[2..].split_once('}').map(|(name, _)| name).filter(|n| is_name(n));
        match name {
            Some(name) => {
                literal.push_str(before);
                if !literal.is_empty() {
                    parts.push(Part::Literal(std::mem::take(&mut literal)));
                }
                parts.push(Part::HostEnv(name.to_string()));
                rest = &from[name.len() + 3..];
            }
            None => {
                literal.push_str(&rest[..start + 2]);
                rest = &from[2..];
            }
        }
    }
    literal.push_str(rest);
    if !literal.is_empty() || parts.is_empty() {
        parts.push(Part::Literal(literal));
    }
    parts
}

/// True if a shell accepts this as the name of a variable.
pub fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The literal text, if the text is nothing but that.
pub fn literal(text: &Text) -> Option<String> {
    text.iter()
        .map(|part| match part {
            Part::Literal(s) => Some(s.as_str()),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_env_is_found_only_in_braces() {
        assert_eq!(
            with_host_env("a${HOME}/b$X${1}${"),
            vec![
                Part::Literal("a".into()),
                Part::HostEnv("HOME".into()),
                Part::Literal("/b$X${1}${".into())
            ]
        );
        assert_eq!(with_host_env(""), text(""));
    }
}
