//! The entries of a map while it is read: duplicate keys and `<<` merge keys.

use super::source::Spot;
use super::tree::{Entry, Node, Value};
use crate::model::problem::Problem;

/// A map under construction.
#[derive(Debug, Default)]
pub struct Entries {
    entries: Vec<Entry>,
    /// Whether the entry at the same index stands in the map itself.
    own: Vec<bool>,
    overridden: Vec<(Spot, String)>,
}

impl Entries {
    /// Add a key that stands in the map itself. It replaces a merged one; a
    /// second one of the same name is a problem.
    pub fn insert(&mut self, entry: Entry, problems: &mut Vec<Problem>) {
        let Some(index) = self.position(&entry.key) else {
            self.entries.push(entry);
            self.own.push(true);
            return;
        };
        if self.own[index] {
            let first = self.entries[index].key_spot.place();
            let problem =
                Problem::error(format!("`{}` is set twice", entry.key)).at(entry.key_spot.place());
            let help = format!("the first one is in line {}; keep one of them", first.line);
            problems.push(problem.label("set again here").help(help));
            return;
        }
        self.entries[index] = entry;
        self.own[index] = true;
    }

    /// Merge what `<<` names: a map, or a list of maps of which earlier ones win.
    ///
    /// As in Ruby, and unlike the YAML 1.1 merge rule, `<<` also overrides the
    /// map's own keys that stand before it. That is kept, since the same file
    /// must mean the same, and warned about.
    pub fn merge(&mut self, key: &Spot, value: Node, problems: &mut Vec<Problem>) {
        let place = value.spot.place();
        let refuse = || {
            let problem = Problem::error("`<<` merges maps only").at(place);
            problem.help("name a map with an anchor (`<<: *name`), or a list of such maps")
        };
        let maps = match value.value {
            Value::Map(entries) => vec![entries],
            Value::List(items) => {
                let maps: Option<Vec<_>> = items.into_iter().map(into_map).collect();
                match maps {
                    Some(maps) => maps,
                    None => return problems.push(refuse()),
                }
            }
            Value::Scalar(_) => return problems.push(refuse()),
        };
        let mut merged: Vec<Entry> = Vec::new();
        for entry in maps.into_iter().flatten() {
            if !merged.iter().any(|known| known.key == entry.key) {
                merged.push(entry);
            }
        }
        for entry in merged {
            match self.position(&entry.key) {
                Some(index) => {
                    if self.own[index] {
                        self.overridden.push((key.clone(), entry.key.clone()));
                    }
                    self.entries[index] = entry;
                }
                None => {
                    self.entries.push(entry);
                    self.own.push(false);
                }
            }
        }
    }

    /// The finished map; warnings about overridden keys go to `warnings`.
    pub fn finish(self, warnings: &mut Vec<Problem>) -> Vec<Entry> {
        for (spot, key) in self.overridden {
            let message = format!("`<<` overrides `{key}`, which comes before it");
            warnings.push(
                Problem::warning(message)
                    .at(spot.place())
                    .help("put `<<` first, so that the map's own keys win"),
            );
        }
        self.entries
    }

    fn position(&self, key: &str) -> Option<usize> {
        self.entries.iter().position(|entry| entry.key == key)
    }
}

fn into_map(node: Node) -> Option<Vec<Entry>> {
    match node.value {
        Value::Map(entries) => Some(entries),
        _ => None,
    }
}
