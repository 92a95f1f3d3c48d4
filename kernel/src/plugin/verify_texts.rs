//! Which parts may stand where in a text. What a grant decides on is never computed at run
//! time, and a secret never stands where others can read it.

use super::walk::{self, Texts};
use crate::model::action::Slot;
use crate::model::variable;
use crate::model::wit::{OutputKind, OutputRef, Part, Text};

/// Checks texts.
///
/// # Errors
/// One sentence: which part stands where it must not.
pub(super) fn check(texts: &Texts<'_>) -> Result<(), String> {
    texts.iter().try_for_each(|(slot, text)| one(*slot, text))
}

fn one(slot: Slot, text: &Text) -> Result<(), String> {
    if slot == Slot::Program && text.iter().all(|part| literal(part).is_some_and(str::is_empty)) {
        return Err("a command without a program".to_owned());
    }
    let here = walk::slot_name(slot);
    for part in text {
        let misplaced = || Err(format!("{} in {here}", walk::part_name(part)));
        match part {
            Part::Literal(text) if text.contains('\0') => {
                return Err(format!("a NUL byte in {here}"));
            }
            Part::Literal(_) => {}
            Part::Other(other) => {
                let name = &other.name;
                return Err(format!("this Windlass does not know the part `{name}` of a text"));
            }
            Part::Secret(_) if !matches!(slot, Slot::Value | Slot::User | Slot::Content) => {
                return misplaced();
            }
            Part::HostFile(_) if slot != Slot::Value => {
                return misplaced();
            }
            Part::HostEnv(name) if !variable::is_name(name) => {
                return Err(format!("`{name}` is not a valid name of a variable"));
            }
            Part::HostEnv(_) if matches!(slot, Slot::Program | Slot::Url) => {
                return misplaced();
            }
            Part::OutputOf(output) if !takes_output(slot, text, output) => {
                return misplaced();
            }
            Part::Secret(_) | Part::HostFile(_) | Part::HostEnv(_) | Part::OutputOf(_) => {}
        }
    }
    Ok(())
}

/// An output may be a container named as a word of its own, a part of a URL also in a word,
/// a part of an expected text, or a value.
fn takes_output(slot: Slot, text: &Text, output: &OutputRef) -> bool {
    match slot {
        Slot::Value => true,
        Slot::Expected => output.kind != OutputKind::SecretText,
        Slot::Url => addresses(output.kind),
        Slot::Word => match output.kind {
            OutputKind::ContainerId => text.len() == 1,
            kind => addresses(kind) && text.first().and_then(literal).is_some_and(url),
        },
        Slot::Program | Slot::User | Slot::Content => false,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::wit::Extension;

    fn at(slot: Slot, text: &[Part]) -> Result<(), String> {
        one(slot, &text.to_vec())
    }

    fn output(kind: OutputKind) -> Part {
        Part::OutputOf(OutputRef { step: "s".to_owned(), kind })
    }

    #[test]
    fn secrets_stand_only_in_values_and_files() {
        let secret = [Part::Secret("TOKEN".to_owned())];
        for slot in [Slot::Value, Slot::Content, Slot::User] {
            assert_eq!(at(slot, &secret), Ok(()));
        }
        for slot in [Slot::Program, Slot::Word, Slot::Url, Slot::Expected] {
            assert!(at(slot, &secret).unwrap_err().contains("TOKEN"));
        }
    }

    #[test]
    fn outputs_stand_only_where_no_grant_looks() {
        use OutputKind as K;
        let words = |text: &[Part]| at(Slot::Word, text).is_ok();
        assert!(words(&[output(K::ContainerId)]));
        assert!(!words(&[Part::Literal("--rm=".to_owned()), output(K::ContainerId)]));
        assert!(!words(&[output(K::IpAddress)]));
        let url = Part::Literal("http://".to_owned());
        assert!(words(&[url.clone(), output(K::IpAddress)]));
        assert!(!words(&[url.clone(), output(K::SecretText)]));
        assert!(at(Slot::Url, &[url, output(K::IpAddress), output(K::Port)]).is_ok());
        assert!(at(Slot::Program, &[output(K::ContainerId)]).is_err());
        assert!(at(Slot::Content, &[output(K::Digest)]).is_err());
        assert!(at(Slot::Value, &[output(K::SecretText)]).is_ok());
    }

    #[test]
    fn programs_are_literal_and_texts_known() {
        assert!(at(Slot::Program, &[]).is_err());
        assert!(at(Slot::Program, &[Part::HostEnv("HOME".to_owned())]).is_err());
        assert!(at(Slot::Word, &[Part::HostEnv("HOME".to_owned())]).is_ok());
        assert!(at(Slot::Value, &[Part::HostEnv("A B".to_owned())]).is_err());
        assert!(at(Slot::Word, &[Part::HostFile("x".to_owned())]).is_err());
        assert!(at(Slot::Word, &[Part::Literal("a\0".to_owned())]).is_err());
        assert!(
            at(Slot::Word, &[Part::Other(Extension { name: "x".to_owned(), data: String::new() })])
                .is_err()
        );
    }
}
