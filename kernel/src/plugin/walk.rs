//! The texts and parts in what a plugin answers, so that each check is a loop.

use crate::model::action::{Slot, profile, values};
use crate::model::wit::{Action, Contribution, Part, Text};

/// Texts, each with where it stands.
pub(super) type Texts<'a> = Vec<(Slot, &'a Text)>;

/// The texts of an action.
pub(super) fn action(action: &Action) -> Texts<'_> {
    profile(action).texts
}

/// The texts of a contribution.
pub(super) fn contribution(contribution: &Contribution) -> Texts<'_> {
    let words = contribution.labels.iter().map(|(_, text)| text).chain(&contribution.volumes);
    words.map(|text| (Slot::Word, text)).chain(values(&contribution.env)).collect()
}

/// The parts of all these texts.
pub(super) fn parts<'a>(texts: &Texts<'a>) -> impl Iterator<Item = &'a Part> {
    texts.iter().flat_map(|(_, text)| text.iter())
}

/// A part, for a sentence.
pub(super) fn part_name(part: &Part) -> String {
    match part {
        Part::Literal(text) => format!("{text:?}"),
        Part::Secret(name) => format!("the secret `{name}`"),
        Part::HostEnv(name) => format!("the variable `{name}`"),
        Part::OutputOf(output) => format!("what the step `{}` printed", output.step),
        Part::HostFile(path) => format!("the content of the file `{path}`"),
        Part::Other(other) => format!("the part `{}`", other.name),
    }
}

/// Where a text stands, for a sentence.
pub(super) fn slot_name(slot: Slot) -> &'static str {
    match slot {
        Slot::Program => "the program of a command",
        Slot::Word => "an argument, where every user of the host could read it",
        Slot::Value => "an env value",
        Slot::User => "a user name",
        Slot::Content => "the content of a file",
        Slot::Url => "a URL",
        Slot::Expected => "an expected text",
    }
}
