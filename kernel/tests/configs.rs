//! Deploy files as people write them, and what `windlass config` makes of each: the resolved
//! configuration, or the messages on their lines.
//!
//! `configs/NAME.yml` is a file, with `NAME.DESTINATION.yml` beside it; `NAME.out` is what is
//! expected. A first line `# $ REGION=eu windlass config -d staging` says how it is run.
//! `UPDATE_EXPECTED=1 cargo test -p windlass-kernel --test configs` writes what came out: read
//! the difference before you commit it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/configs")
}

/// Names of the base files, sorted.
fn cases() -> Vec<String> {
    let files = fs::read_dir(directory()).unwrap().map(|file| file.unwrap().file_name());
    let mut names: Vec<String> = files
        .filter_map(|name| Some(name.to_str()?.strip_suffix(".yml")?.to_owned()))
        .filter(|name| !name.contains('.'))
        .collect();
    names.sort();
    names
}

/// The variables and options of the first line.
fn words(name: &str) -> (Vec<(String, String)>, Vec<String>) {
    let bytes = fs::read(directory().join(format!("{name}.yml"))).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    let line = text.lines().next().and_then(|line| line.strip_prefix("# $ "));
    let words = shlex::split(line.unwrap_or("windlass config")).unwrap();
    let command = words.iter().position(|word| word == "windlass").unwrap();
    assert_eq!(words[command + 1], "config", "{name}.yml");
    let variables = words[..command].iter().map(|word| {
        let (name, value) = word.split_once('=').unwrap();
        (name.to_owned(), value.to_owned())
    });
    (variables.collect(), words[command + 2..].to_vec())
}

/// Everything that the command says, without what changes with every build of a plugin.
fn run(name: &str) -> String {
    let (variables, options) = words(name);
    let output = Command::new(env!("CARGO_BIN_EXE_windlass"))
        .args(["config", "--version", "abc123", "--config-file", &format!("{name}.yml")])
        .args(options)
        .current_dir(directory())
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", env!("CARGO_TARGET_TMPDIR"))
        .envs(variables)
        .output()
        .unwrap();
    let mut resolved = String::new();
    let mut plugins = false;
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        plugins = line == "plugins:" || (plugins && line.starts_with([' ', '-']));
        if !plugins {
            resolved += &format!("{line}\n");
        }
    }
    let told = String::from_utf8(output.stderr).unwrap();
    let code = output.status.code().expect("no signal ended it");
    assert_eq!(code != 0, told.contains("error"), "{name}: exit code {code}\n{told}");
    match (resolved.is_empty(), told.is_empty()) {
        (true, _) => told,
        (false, true) => resolved,
        (false, false) => format!("{told}\n{resolved}"),
    }
}

#[test]
fn every_file_gives_what_is_expected() {
    let cases = cases();
    assert!(cases.len() >= 60, "only {} files", cases.len());
    // The first run compiles the plugins for the others.
    run(&cases[0]);
    let update = std::env::var_os("UPDATE_EXPECTED").is_some();
    let (left, wrong) = (Mutex::new(cases), Mutex::new(Vec::new()));
    let work = || {
        while let Some(name) = { left.lock().unwrap().pop() } {
            let path = directory().join(format!("{name}.out"));
            let found = run(&name);
            if update {
                fs::write(&path, &found).unwrap();
            }
            let expected = fs::read_to_string(&path).unwrap_or_default();
            if found != expected {
                let both = format!("==== {name}.yml, expected\n{expected}\n==== found\n{found}");
                wrong.lock().unwrap().push(both);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(work);
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(
        wrong.is_empty(),
        "{}\n{} of the files differ; UPDATE_EXPECTED=1 writes what came out",
        wrong.join("\n"),
        wrong.len()
    );
}

#[test]
fn nothing_is_expected_of_files_that_are_gone() {
    let cases = cases();
    for file in fs::read_dir(directory()).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        if let Some(name) = name.strip_suffix(".out") {
            assert!(cases.contains(&name.to_owned()), "{name}.out has no {name}.yml");
        }
    }
}
