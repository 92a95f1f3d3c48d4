//! `windlass envify` without hosts: the template, the file, and what is said if it is wrong.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

fn envify(directory: &Path, options: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_windlass"))
        .args(["envify", "--skip-push"])
        .args(options)
        .current_dir(directory)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", env!("CARGO_TARGET_TMPDIR"))
        .env("TOKEN", "sesame")
        .output()
        .unwrap()
}

#[test]
fn a_template_becomes_a_private_file() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(directory.path().join(name), text).unwrap();
    let read = |name: &str| fs::read_to_string(directory.path().join(name)).unwrap();

    let nothing = envify(directory.path(), &[]);
    assert!(nothing.status.success() && !directory.path().join(".env").exists());

    // An earlier file counts for nothing, and nobody else may read the new one.
    write(".env", "TOKEN=old\n");
    write(".env.erb", "TOKEN=<%= ENV.fetch(\"TOKEN\") %>\nMODE=<%= ENV[\"MODE\"] || \"live\" %>\n");
    assert!(envify(directory.path(), &[]).status.success());
    assert_eq!(read(".env"), "TOKEN=sesame\nMODE=live\n");
    let mode = fs::metadata(directory.path().join(".env")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    write(".env.staging.erb", "TOKEN=staging\n");
    assert!(envify(directory.path(), &["-d", "staging"]).status.success());
    assert_eq!(read(".env.staging"), "TOKEN=staging\n");
    assert_eq!(read(".env"), "TOKEN=sesame\nMODE=live\n");
}

#[test]
fn a_template_that_is_wrong_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join(".env"), "TOKEN=old\n").unwrap();
    fs::write(directory.path().join(".env.erb"), "A=1\nTOKEN=<%= `vault read token` %>\n").unwrap();
    let refused = envify(directory.path(), &[]);
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(said.contains(".env.erb:2:") && said.contains("--allow-commands"), "{said}");
    assert_eq!(fs::read_to_string(directory.path().join(".env")).unwrap(), "TOKEN=old\n");
}
