//! What a second run finds of the first.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use super::*;

/// Loads and calls the plugin in a host of its own; returns how often that compiled.
fn run(bench: &Bench) -> usize {
    let loader = bench.loader();
    let plugin = loader.load(bench.source("hostile", &HOSTILE)).unwrap();
    assert_eq!(plugin.plan(&context(&json!({})), &[]), Ok(Vec::new()));
    loader.compilations()
}

/// The files of the cache whose names end so.
fn files(bench: &Bench, end: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(&bench.cache).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.to_string_lossy().ends_with(end)).collect()
}

#[test]
fn the_second_run_compiles_nothing() {
    let bench = Bench::uncached();
    assert_eq!(run(&bench), 1);
    assert_eq!(run(&bench), 0);
    let written: Vec<PathBuf> =
        files(&bench, ".code").into_iter().chain(files(&bench, ".json")).collect();
    assert_eq!(written.len(), 2);
    assert_eq!(files(&bench, "").len(), 2, "nothing temporary is left");
    for file in written {
        assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert_eq!(fs::metadata(&bench.cache).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn a_description_needs_no_engine() {
    let bench = Bench::uncached();
    let first = bench.loader().load(bench.source("hostile", &HOSTILE)).unwrap();
    for file in files(&bench, ".code") {
        fs::remove_file(file).unwrap();
    }
    let loader = bench.loader();
    let second = loader.load(bench.source("hostile", &HOSTILE)).unwrap();
    assert_eq!(second.description(), first.description());
    assert_eq!((second.kind(), second.digest()), (first.kind(), first.digest()));
    assert_eq!(loader.compilations(), 0);
    assert!(files(&bench, ".code").is_empty());
}

/// A cache that knows one component, and its file with this ending.
fn filled(ending: &str) -> (Bench, PathBuf) {
    let bench = Bench::uncached();
    run(&bench);
    let file = files(&bench, ending).remove(0);
    (bench, file)
}

#[test]
fn damaged_code_is_compiled_again() {
    let (bench, file) = filled(".code");
    let whole = fs::read(&file).unwrap();
    let mut flipped = whole.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    for damaged in [&flipped[..], &whole[..whole.len() - 1], b"", b"no header"] {
        fs::write(&file, damaged).unwrap();
        assert_eq!(run(&bench), 1);
        assert_eq!(fs::read(&file).unwrap().len(), whole.len());
    }
    assert_eq!(run(&bench), 0);
}

#[test]
fn code_of_another_component_is_not_taken() {
    let (bench, code) = filled(".code");
    let name = code.file_name().unwrap().to_string_lossy().into_owned();
    // The same program to the engine, another to us: one byte of a message differs.
    let other = renamed("out of ideas", "out of pizza");
    let loader = bench.loader();
    let plugin = loader.load(bench.source("hostile", &other)).unwrap();
    assert_eq!(loader.compilations(), 1);
    let own = name.replace(&name[..64], plugin.digest());
    fs::copy(&code, bench.cache.join(own)).unwrap();
    let loader = bench.loader();
    let plugin = loader.load(bench.source("hostile", &other)).unwrap();
    assert!(plugin.plan(&context(&json!({ "do": "panic" })), &[]).is_err());
    assert_eq!(loader.compilations(), 1);
    assert!(bench.logged().iter().any(|text| text.contains("pizza")), "{:?}", bench.logged());
}

#[test]
fn damaged_descriptions_are_asked_for_again() {
    let (bench, file) = filled(".json");
    let whole = fs::read(&file).unwrap();
    for damaged in [&whole[..whole.len() / 2], b"{}", b""] {
        fs::write(&file, damaged).unwrap();
        assert_eq!(run(&bench), 0);
        assert_eq!(fs::read(&file).unwrap(), whole);
    }
}

#[test]
fn a_directory_open_to_others_is_not_used() {
    let bench = Bench::uncached();
    fs::create_dir(&bench.cache).unwrap();
    fs::set_permissions(&bench.cache, fs::Permissions::from_mode(0o777)).unwrap();
    assert_eq!(run(&bench), 1);
    assert!(files(&bench, "").is_empty());
    assert!(bench.logged()[0].contains("can be written to by other users"));
}

#[test]
fn a_link_in_the_cache_is_not_followed() {
    let (bench, file) = filled(".code");
    let elsewhere = bench.directory.path().join("elsewhere");
    fs::rename(&file, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &file).unwrap();
    assert_eq!(run(&bench), 1);
}
