//! Which parts may stand where in a text. What a grant decides on is never computed at run
//! time, and a secret never stands where others can read it.

use super::walk::{self, Place, Placed};
use crate::model::wit::{OutputKind, OutputRef, Part, Text};

/// The part that stands for a file of the user's machine: its JSON is an object with `path`,
/// and `erb` with variables if it is a template.
pub const LOCAL_FILE: &str = "local-file";

/// Checks texts.
///
/// # Errors
/// One sentence: which part stands where it must not.
pub(super) fn check(texts: &Placed<'_>) -> Result<(), String> {
    texts.iter().try_for_each(|(place, text)| one(*place, text))
}

fn one(place: Place, text: &Text) -> Result<(), String> {
    if place == Place::Program && text.iter().all(|part| literal(part).is_some_and(str::is_empty)) {
        return Err("a command without a program".to_owned());
    }
    let here = place.name();
    let is_whole = place == Place::Content && text.len() == 1;
    for part in text {
        let misplaced = || Err(format!("{} in {here}", walk::part_name(part)));
        match part {
            Part::Literal(text) if text.contains('\0') => {
                return Err(format!("a NUL byte in {here}"));
            }
            Part::Literal(_) => {}
            // A plugin that may name files of the user's machine names one as a whole.
            Part::Other((name, _)) if name == LOCAL_FILE && is_whole => {}
            Part::Other((name, _)) if name == LOCAL_FILE => return misplaced(),
            Part::Other((name, _)) => {
                return Err(format!("this Windlass does not know the part `{name}` of a text"));
            }
            Part::Secret(_) if !matches!(place, Place::Value | Place::User | Place::Content) => {
                return misplaced();
            }
            Part::HostFile(_) if place != Place::Value => {
                return misplaced();
            }
            Part::HostEnv(name) if !variable(name) => {
                return Err(format!("`{name}` is no name of a variable"));
            }
            Part::HostEnv(_) if matches!(place, Place::Program | Place::Url) => {
                return misplaced();
            }
            Part::OutputOf(output) if !takes_output(place, text, output) => {
                return misplaced();
            }
            _ => {}
        }
    }
    Ok(())
}

/// An output may be a container named as a word of its own, a part of a URL also in a word,
/// a part of an expected text, or a value.
fn takes_output(place: Place, text: &Text, output: &OutputRef) -> bool {
    match place {
        Place::Value => true,
        Place::Expected => output.kind != OutputKind::SecretText,
        Place::Url => addresses(output.kind),
        Place::Word => match output.kind {
            OutputKind::ContainerId => text.len() == 1,
            kind => addresses(kind) && text.first().and_then(literal).is_some_and(url),
        },
        Place::Program | Place::User | Place::Content => false,
    }
}

fn addresses(kind: OutputKind) -> bool {
    matches!(kind, OutputKind::IpAddress | OutputKind::Port)
}

fn url(text: &str) -> bool {
    text.starts_with("http://") || text.starts_with("https://")
}

fn literal(part: &Part) -> Option<&str> {
    if let Part::Literal(text) = part { Some(text) } else { None }
}

/// Whether a shell would take this for the name of a variable.
pub(super) fn variable(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(place: Place, text: &[Part]) -> Result<(), String> {
        one(place, &text.to_vec())
    }

    fn output(kind: OutputKind) -> Part {
        Part::OutputOf(OutputRef { step: "s".to_owned(), kind })
    }

    #[test]
    fn secrets_stand_only_in_values_and_files() {
        let secret = [Part::Secret("TOKEN".to_owned())];
        for place in [Place::Value, Place::Content, Place::User] {
            assert_eq!(at(place, &secret), Ok(()));
        }
        for place in [Place::Program, Place::Word, Place::Url, Place::Expected] {
            assert!(at(place, &secret).unwrap_err().contains("TOKEN"));
        }
    }

    #[test]
    fn outputs_stand_only_where_no_grant_looks() {
        use OutputKind as K;
        let words = |text: &[Part]| at(Place::Word, text).is_ok();
        assert!(words(&[output(K::ContainerId)]));
        assert!(!words(&[Part::Literal("--rm=".to_owned()), output(K::ContainerId)]));
        assert!(!words(&[output(K::IpAddress)]));
        let url = Part::Literal("http://".to_owned());
        assert!(words(&[url.clone(), output(K::IpAddress)]));
        assert!(!words(&[url.clone(), output(K::SecretText)]));
        assert!(at(Place::Url, &[url, output(K::IpAddress), output(K::Port)]).is_ok());
        assert!(at(Place::Program, &[output(K::ContainerId)]).is_err());
        assert!(at(Place::Content, &[output(K::Digest)]).is_err());
        assert!(at(Place::Value, &[output(K::SecretText)]).is_ok());
    }

    #[test]
    fn programs_are_literal_and_texts_known() {
        assert!(at(Place::Program, &[]).is_err());
        assert!(at(Place::Program, &[Part::HostEnv("HOME".to_owned())]).is_err());
        assert!(at(Place::Word, &[Part::HostEnv("HOME".to_owned())]).is_ok());
        assert!(at(Place::Value, &[Part::HostEnv("A B".to_owned())]).is_err());
        assert!(at(Place::Word, &[Part::HostFile("x".to_owned())]).is_err());
        assert!(at(Place::Word, &[Part::Literal("a\0".to_owned())]).is_err());
        assert!(at(Place::Word, &[Part::Other(("x".to_owned(), String::new()))]).is_err());
    }

    #[test]
    fn local_files_stand_alone_as_content() {
        let file = Part::Other((LOCAL_FILE.to_owned(), "{}".to_owned()));
        assert_eq!(at(Place::Content, std::slice::from_ref(&file)), Ok(()));
        assert!(at(Place::Value, std::slice::from_ref(&file)).is_err());
        assert!(at(Place::Content, &[Part::Literal("a".to_owned()), file]).is_err());
    }
}
