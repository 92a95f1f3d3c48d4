//! The page on compatibility says what the program has: every command, flag and key on it is
//! asked for, no key that the program knows is missing on it, and whatever is there has tests,
//! which exist.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

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

/// The names of all tests: functions, those that a macro makes, and golden files.
static TESTS: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let mut found = BTreeSet::new();
    for part in ["kernel/src", "kernel/tests", "plugins", "tests/src", "tests/tests"] {
        tests(&workspace().join(part), &mut found);
    }
    found
});

fn tests(directory: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("target") {
            tests(&path, found);
        } else if is(&path, "out") {
            let name = path.file_stem().unwrap().to_str().unwrap();
            found.insert(format!("configs/{name}"));
        } else if is(&path, "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let marks = ["#[test]", "#[tokio::test"].into_iter();
            let marked = marks.flat_map(|mark| text.split(mark).skip(1));
            let functions = marked.filter_map(|rest| rest.split_once("fn ")?.1.split_once('('));
            found.extend(functions.map(|(name, _)| name.to_string()));
            let rows = text.split("\nrow!(").skip(1).filter_map(|rest| rest.split_once(','));
            found.extend(rows.map(|(name, _)| name.trim().to_string()));
        }
    }
}

fn is(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|known| known == extension)
}

/// Whatever is there has a test; what is not there says so, and has none.
fn is_tested_as_said(row: &[String], here: &str) -> bool {
    let there = here == "yes";
    assert!(there || here.starts_with("no: "), "{row:?}");
    let named = codes(row.last().unwrap());
    assert_eq!(there, !named.is_empty(), "{row:?}");
    for test in named {
        assert!(TESTS.contains(test), "no test is called {test}: {row:?}");
    }
    there
}

#[test]
fn every_command_and_flag_is_there_and_tested_as_said() {
    let rows = table("Commands");
    assert!(rows.len() > 70, "{} commands", rows.len());
    for row in &rows {
        let words: Vec<&str> = codes(&row[0])[0].split(' ').collect();
        let help = windlass(&[&words[..], &["--help"]].concat());
        assert_eq!(help.is_some(), is_tested_as_said(row, &row[1]), "{words:?}");
    }
    let known: Vec<&str> = rows.iter().map(|row| codes(&row[0])[0]).collect();
    for row in table("Flags") {
        let there = is_tested_as_said(&row, &row[2]);
        for command in codes(&row[1]) {
            assert!(known.contains(&command), "{command} is no command: {row:?}");
            let words: Vec<&str> = command.split(' ').collect();
            let help = windlass(&[&words[..], &["--help"]].concat()).unwrap_or_default();
            assert_eq!(help.contains(codes(&row[0])[0]), there, "{command}: {row:?}");
        }
    }
    let help = windlass(&["deploy", "--help"]).unwrap();
    for row in table("Options of every command") {
        let option = codes(&row[0])[0];
        assert_eq!(help.contains(option), is_tested_as_said(&row, &row[1]), "{option}");
    }
}

/// The keys that `docs` shows, as paths.
fn keys_of_the_program() -> BTreeSet<String> {
    let overview = windlass(&["docs"]).unwrap();
    let sections = overview.lines().skip(2).filter_map(|line| line.split(' ').next());
    let mut keys = BTreeSet::new();
    for section in sections.filter(|section| !section.is_empty() && *section != "x-windlass") {
        let page = windlass(&["docs", section]).unwrap();
        let mut path: Vec<String> = Vec::new();
        for line in page.lines().filter(|line| !line.is_empty()) {
            let depth = (line.len() - line.trim_start().len()) / 2;
            let key = line.trim_start().split(':').next().unwrap();
            path.truncate(depth);
            path.push(key.replace('.', "/").replace("NAME", "*"));
            keys.insert(path.join("/"));
        }
    }
    keys
}

#[test]
fn every_key_is_there_and_tested() {
    let rows = table("Keys of deploy.yml");
    let mut on_page = BTreeSet::new();
    for row in &rows {
        is_tested_as_said(row, &row[1]);
        let key = codes(&row[0])[0].to_string();
        assert!(on_page.insert(key), "twice: {row:?}");
    }
    // No section of its own: any key at the root that begins so.
    assert!(on_page.remove("x-*"));
    let known = keys_of_the_program();
    let missing: Vec<_> = known.difference(&on_page).collect();
    assert!(missing.is_empty(), "not on the page: {missing:#?}");
    let unknown: Vec<_> = on_page.difference(&known).collect();
    assert!(unknown.is_empty(), "`windlass docs` does not show: {unknown:#?}");
}

#[test]
fn every_hazard_and_check_has_a_test() {
    for (heading, count) in [("Hazards of Kamal 1.9", 26), ("Checks", 15)] {
        let rows = table(heading);
        for (number, row) in rows.iter().enumerate() {
            assert_eq!(row[0], (number + 1).to_string(), "{row:?}");
            is_tested_as_said(row, "yes");
        }
        assert_eq!(rows.len(), count, "{heading}");
    }
}
