//! Temporary directories, and the `.env` files in them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::config::secrets;

/// A directory that goes away with the test.
pub(super) struct Directory(PathBuf);

impl Directory {
    pub(super) fn new(files: &[(&str, &str)]) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "windlass-config-{}-{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        let directory = Self(std::env::temp_dir().join(name));
        fs::create_dir_all(&directory.0).unwrap();
        for (path, text) in files {
            let path = directory.path(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        directory
    }

    pub(super) fn path(&self, path: &str) -> PathBuf {
        self.0.join(path)
    }

    pub(super) fn root(&self) -> &Path {
        &self.0
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn files_win_over_the_environment_and_the_destination_over_both() {
    let directory = Directory::new(&[
        (".env", "A=base\nB=base\nC=base\n"),
        (".env.prod", "B=prod\nC=\"$A prod\"\n"),
    ]);
    let env = BTreeMap::from([
        ("A".to_owned(), "shell".to_owned()),
        ("D".to_owned(), "shell".to_owned()),
    ]);
    let found = secrets::read(directory.root(), Some("prod"), &env).unwrap();
    assert_eq!(
        found.values.values().cloned().collect::<Vec<_>>(),
        ["base", "prod", "base prod", "shell"]
    );

    let store = secrets::store(&["A".to_owned(), "NOPE".to_owned()], &found.values);
    assert_eq!(store.get("A").unwrap().expose(), "base");
    assert_eq!(store.missing(["A", "NOPE"]).len(), 1);
}

#[test]
fn all_bad_lines_at_once() {
    let directory = Directory::new(&[(".env", "A=1\nbad\nB=$(x)\n")]);
    let problems = secrets::read(directory.root(), Some("none"), &BTreeMap::new()).unwrap_err();
    assert_eq!(
        problems.iter().map(|problem| problem.place.as_ref().unwrap().line).collect::<Vec<_>>(),
        [2, 3]
    );
}
