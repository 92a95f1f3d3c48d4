//! The base file and its destination: which files there are, and how they merge.

use std::fs;
use std::path::{Path, PathBuf};

use super::tree::{Entry, Node, Tree, Value};
use crate::model::problem::Problem;

/// Merge a destination over the base, as Kamal 1.9 does: maps merge key by key
/// at every depth; anything else, lists and an explicit null included, replaces.
///
/// Keys keep the order of the base, new ones follow. Every node keeps the place
/// in the file that it came from.
pub fn merge(base: Tree, over: Tree) -> Tree {
    Tree { root: merge_node(base.root, over.root) }
}

fn merge_node(base: Node, over: Node) -> Node {
    match (base.value, over.value) {
        (Value::Map(entries), Value::Map(others)) => {
            Node { value: Value::Map(merge_entries(entries, others)), spot: base.spot }
        }
        (_, value) => Node { value, spot: over.spot },
    }
}

fn merge_entries(mut entries: Vec<Entry>, others: Vec<Entry>) -> Vec<Entry> {
    for other in others {
        let Some(entry) = entries.iter_mut().find(|entry| entry.key == other.key) else {
            entries.push(other);
            continue;
        };
        let both_maps = entry.value.map().is_some() && other.value.map().is_some();
        if !both_maps {
            // The key belongs to the value that now counts.
            entry.key_spot = other.key_spot;
        }
        let base = std::mem::replace(
            &mut entry.value,
            Node { value: Value::List(Vec::new()), spot: other.value.spot.clone() },
        );
        entry.value = merge_node(base, other.value);
    }
    entries
}

/// `config/deploy.yml` and `production` give `config/deploy.production.yml`.
pub fn destination_path(base: &Path, destination: &str) -> PathBuf {
    base.with_extension(format!("{destination}.yml"))
}

/// Destinations that have a file beside the base, sorted.
pub fn destinations(base: &Path) -> Vec<String> {
    let stem = base.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let directory =
        base.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let Ok(files) = fs::read_dir(directory) else {
        return Vec::new();
    };
    let mut found: Vec<String> = files
        .flatten()
        .filter_map(|file| {
            let name = file.file_name().into_string().ok()?;
            let middle = name.strip_prefix(&stem)?.strip_prefix('.')?.strip_suffix(".yml")?;
            (!middle.is_empty()).then(|| middle.to_owned())
        })
        .collect();
    found.sort();
    found
}

/// Whether a destination is a plain name: it becomes part of paths and container names.
pub fn is_destination_name(name: &str) -> bool {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    name.starts_with(|letter: char| letter.is_ascii_alphanumeric()) && name.chars().all(fits)
}

/// The problem of a destination without a file.
pub fn missing(base: &Path, destination: &str) -> Problem {
    let path = destination_path(base, destination);
    let problem = Problem::error(format!(
        "there is no destination `{destination}`: {} does not exist",
        path.display()
    ));
    problem.help(match destinations(base).as_slice() {
        [] => {
            format!("no destination has a file yet; create {}, or leave out `-d`", path.display())
        }
        known => format!("destinations that exist: {}", known.join(", ")),
    })
}
