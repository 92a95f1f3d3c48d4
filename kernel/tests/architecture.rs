//! Reads the architecture page: every function that it names as `file.rs::function` is in that
//! file, and its picture and its table are whole.

use std::fs;
use std::path::{Path, PathBuf};

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn page() -> String {
    fs::read_to_string(top().join("docs/src/architecture.md")).unwrap()
}

/// The text between a heading and the next one of the same level.
fn section<'a>(page: &'a str, heading: &str) -> &'a str {
    let start = page.find(&format!("\n## {heading}\n")).unwrap_or_else(|| panic!("no {heading}"));
    let rest = &page[start + 1..];
    &rest[..rest.find("\n## ").unwrap_or(rest.len())]
}

/// Every `file.rs::name`, in order. Words end at spaces and at backquotes.
fn references(text: &str) -> Vec<(&str, &str)> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "_/.:".contains(c);
    text.split(|c| !is_part(c)).filter_map(|word| word.split_once(".rs::")).collect()
}

/// True if the source defines a function of that name, or a type if it begins with a capital.
fn defines(source: &str, name: &str) -> bool {
    let words: &[&str] = match name.starts_with(char::is_uppercase) {
        true => &["struct", "enum", "trait"],
        false => &["fn"],
    };
    let is_end = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
    words.iter().map(|word| format!("{word} {name}")).any(|definition| {
        source.match_indices(&definition).any(|(at, _)| is_end(&source[at + definition.len()..]))
    })
}

#[test]
fn what_the_page_names_is_where_it_says() {
    let page = page();
    let found = references(&page);
    assert!(found.len() > 60, "the page was read");
    let mut wrong = Vec::new();
    for (file, name) in found {
        let below = if file.starts_with("plugins/") { top() } else { top().join("kernel/src") };
        match fs::read_to_string(below.join(format!("{file}.rs"))) {
            Ok(source) if defines(&source, name) => {}
            Ok(_) => wrong.push(format!("{file}.rs has no `{name}`")),
            Err(_) => wrong.push(format!("{file}.rs, of `{name}`, is not there")),
        }
    }
    assert!(wrong.is_empty(), "docs/src/architecture.md is behind:\n{}", wrong.join("\n"));
}

#[test]
fn the_picture_has_every_stage() {
    let page = page();
    let picture = section(&page, "One picture");
    let stages: Vec<&str> = picture
        .lines()
        .filter(|line| !references(line).is_empty())
        .filter_map(|line| line.trim_start_matches([' ', '│']).split("  ").next())
        .collect();
    let expected = [
        "open", "in play", "connect", "observe", "compose", "merge", "lower", "perform", "stage",
        "enter", "bind", "roll", "write", "read", "look", "leave", "tell",
    ];
    assert_eq!(stages, expected);
}

#[test]
fn the_table_has_a_place_for_each_behaviour() {
    let page = page();
    let rows = section(&page, "Where to look").lines().filter(|line| line.starts_with("| "));
    let behaviours: Vec<&str> = rows
        .skip(1)
        .inspect(|row| assert!(!references(row).is_empty(), "{row}"))
        .filter_map(|row| row.split('|').nth(1).map(str::trim).filter(|cell| !cell.is_empty()))
        .collect();
    assert_eq!(behaviours.len(), 10, "{behaviours:?}");
}
