//! The documentation as a reader meets it: every page is in the summary, and every link
//! between pages, headings and files leads somewhere.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().expect("tests/ lies in the workspace").to_path_buf()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every page of the book but its summary.
fn pages(directory: &Path) -> BTreeSet<PathBuf> {
    let mut pages = BTreeSet::new();
    let entries = fs::read_dir(directory).expect("docs/src is readable");
    for path in entries.map(|entry| entry.expect("docs/src is readable").path()) {
        if path.is_dir() {
            pages.extend(self::pages(&path));
        } else if path.extension().is_some_and(|end| end == "md") && !path.ends_with("SUMMARY.md") {
            pages.insert(path);
        }
    }
    pages
}

/// The lines outside fenced blocks.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut code = false;
    text.lines().filter(move |line| {
        let fence = line.trim_start().starts_with("```");
        code ^= fence;
        !code && !fence
    })
}

/// A line without its code spans, which may hold anything.
fn without_code(line: &str) -> String {
    line.split('`').step_by(2).collect()
}

/// The targets of the links of a text.
fn links(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in prose(text) {
        let line = without_code(line);
        let targets = line.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
        found.extend(targets.map(|(target, _)| target.to_string()));
    }
    found
}

/// The anchors that mdBook and code hosts make of the headings of a text.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = prose(text).filter(|line| line.starts_with('#'));
    let anchor = |heading: &str| {
        let title = heading.trim_start_matches('#').trim().to_lowercase();
        title
            .chars()
            .filter(|c| c.is_alphanumeric() || " -_".contains(*c))
            .map(|c| if c == ' ' { '-' } else { c })
            .collect()
    };
    headings.map(anchor).collect()
}

/// The path without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(plain.pop()),
            part => plain.push(part),
        }
    }
    plain
}

/// What is wrong with the links of one file.
fn broken(file: &Path) -> Vec<String> {
    let text = read(file);
    let is_foreign = |target: &String| target.contains("://") || target.starts_with("mailto:");
    let mut broken = Vec::new();
    for target in links(&text).into_iter().filter(|target| !is_foreign(target)) {
        let (path, anchor) = target.split_once('#').unwrap_or((&target, ""));
        let directory = file.parent().expect("a file lies in a directory");
        let path = if path.is_empty() { file.to_path_buf() } else { plain(&directory.join(path)) };
        if !path.is_file() {
            broken.push(format!("{}: there is no file for `{target}`", file.display()));
        } else if !anchor.is_empty() && !anchors(&read(&path)).contains(anchor) {
            broken.push(format!("{}: there is no heading for `{target}`", file.display()));
        }
    }
    broken
}

#[test]
fn every_page_is_in_the_summary_once() {
    let source = root().join("docs/src");
    let listed: Vec<PathBuf> =
        links(&read(&source.join("SUMMARY.md"))).iter().map(|l| plain(&source.join(l))).collect();
    let once: BTreeSet<PathBuf> = listed.iter().cloned().collect();
    assert_eq!(once.len(), listed.len(), "a page is listed twice: {listed:#?}");
    assert_eq!(once, pages(&source), "SUMMARY.md (left) and the pages that exist (right) differ");
}

#[test]
fn every_link_leads_somewhere() {
    let source = root().join("docs/src");
    let mut files: Vec<PathBuf> = pages(&source).into_iter().collect();
    files.extend([source.join("SUMMARY.md"), root().join("README.md")]);
    let broken: Vec<String> = files.iter().flat_map(|file| broken(file)).collect();
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

#[test]
fn links_and_headings_are_found() {
    let text = "# A `b`, c\n[x](y.md#z) and [u](#v)\n```\n[no](no.md)\n# no\n```\n`[n](o)`\n";
    assert_eq!(links(text), ["y.md#z", "#v"]);
    assert_eq!(anchors(text), BTreeSet::from(["a-b-c".to_string()]));
}
