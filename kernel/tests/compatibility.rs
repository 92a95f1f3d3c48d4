//! The page on compatibility says what the program has: every command, flag and key on it is
//! asked for, and every test that it names is there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn windlass(words: &[&str]) -> Option<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_windlass"))
        .args(words)
        .current_dir(env!("CARGO_TARGET_TMPDIR"))
        .env_clear()
        .env("HOME", env!("CARGO_TARGET_TMPDIR"))
        .output()
        .unwrap();
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
}

/// The rows of the table below a heading, as cells.
fn table(heading: &str) -> Vec<Vec<String>> {
    let page = fs::read_to_string(workspace().join("docs/src/compatibility.md")).unwrap();
    let (_, rest) = page.split_once(&format!("\n## {heading}\n")).unwrap();
    let rows = rest.lines().skip_while(|line| !line.starts_with("|---")).skip(1);
    let cells = |line: &str| {
        let cells = line.trim_matches('|').split('|').map(|cell| cell.trim().to_string());
        cells.collect::<Vec<_>>()
    };
    rows.take_while(|line| line.starts_with('|')).map(cells).collect()
}

/// What stands in backquotes.
fn codes(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// The names of all test functions.
fn tests(directory: &Path, found: &mut String) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("target") {
            tests(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn every_command_and_flag_is_there_and_tested_as_said() {
    let mut sources = String::new();
    for part in ["kernel/src", "kernel/tests", "plugins", "tests/tests"] {
        tests(&workspace().join(part), &mut sources);
    }
    let rows = table("Commands");
    assert!(rows.len() > 60, "{} commands", rows.len());
    for row in &rows {
        let words: Vec<&str> = codes(&row[0])[0].split(' ').collect();
        let help = windlass(&[&words[..], &["--help"]].concat());
        assert_eq!(help.is_some(), row[2] == "yes", "{words:?}");
        for flag in codes(&row[1]) {
            assert!(help.as_ref().unwrap().contains(flag), "{words:?} has no {flag}");
        }
        for test in codes(&row[3]) {
            assert!(sources.contains(&format!("fn {test}(")), "no test is called {test}");
        }
    }
    let help = windlass(&["deploy", "--help"]).unwrap();
    for row in table("Options of every command") {
        assert!(help.contains(codes(&row[0])[0]), "{row:?}");
    }
}

#[test]
fn every_key_is_there() {
    let rows = table("Keys of deploy.yml");
    assert!(rows.len() > 60, "{} keys", rows.len());
    for row in rows {
        let key = codes(&row[0])[0].replace('*', "NAME");
        let mut parts = key.split('/');
        let section = parts.next().unwrap();
        let docs = windlass(&["docs", section]).unwrap_or_else(|| panic!("no {section}"));
        let dotted = key.replace('/', ".");
        let last = parts.next_back().unwrap_or(section);
        let is_there = docs.lines().any(|line| {
            line.starts_with(&format!("{dotted}:"))
                || line.trim_start().starts_with(&format!("{last}:"))
        });
        assert!(is_there, "`windlass docs {section}` does not show {key}");
    }
}
