//! Rules that no other tool checks: file sizes, module documentation, nothing left
//! over from work in progress.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::paths;

/// No Rust file is longer.
const MAX_LINES: usize = 500;
const SKIPPED_DIRS: &[&str] = &["target", ".git", "node_modules", "book"];

/// All violations below `root`, as `file: what is wrong`.
pub fn violations(root: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let files = paths::files(root, SKIPPED_DIRS)?;
    for path in files.into_iter().filter(|path| path.extension().is_some_and(|ext| ext == "rs")) {
        let text =
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let name = path.strip_prefix(root).unwrap_or(&path).display().to_string();
        found.extend(check(&text).into_iter().map(|what| format!("{name}: {what}")));
    }
    Ok(found)
}

fn check(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let lines = text.lines().count();
    if lines > MAX_LINES {
        found.push(format!("{lines} lines; split it, {MAX_LINES} are the limit"));
    }
    if !text.lines().find(|line| !line.starts_with("#!")).is_some_and(|l| l.starts_with("//!")) {
        found.push("starts without a `//!` line that says what the file is for".into());
    }
    // Put together here, so that this file does not break its own rule.
    for (name, mark) in [("dbg", "!("), ("todo", "!("), ("unimplemented", "!("), ("FIX", "ME")] {
        let word = format!("{name}{mark}");
        for (number, line) in text.lines().enumerate().filter(|(_, line)| line.contains(&word)) {
            found.push(format!("line {}: left over: {}", number + 1, line.trim()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_or_undocumented_file_is_named() {
        let long = format!("//! Long.\n{}", "\n".repeat(MAX_LINES));
        assert_eq!(check(&long).len(), 1);
        assert_eq!(check("fn main() {}\n").len(), 1);
        assert!(check("//! Fine.\nfn main() {}\n").is_empty());
    }

    #[test]
    fn this_repository_keeps_its_rules() {
        let found = violations(&paths::workspace()).expect("the sources are readable");
        assert!(found.is_empty(), "\n{}", found.join("\n"));
    }
}
