//! Where things are.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The root of the workspace.
pub fn workspace() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests).to_path_buf()
}

/// The fleet's own directory: keys, logs, downloads, projects. There is one fleet
/// per machine, so the place does not follow `CARGO_TARGET_DIR`.
pub fn state() -> PathBuf {
    std::env::var_os("WINDLASS_FLEET_DIR")
        .map_or_else(|| workspace().join("target/fleet"), PathBuf::from)
}

/// A directory below the fleet's, created if it is missing.
pub fn state_dir(name: &str) -> Result<PathBuf> {
    let dir = state().join(name);
    std::fs::create_dir_all(&dir).with_context(|| format!("cannot create {}", dir.display()))?;
    Ok(dir)
}

/// Every file at or below a directory, in order, without what is in directories of these names.
pub fn files(dir: &Path, skipped: &[&str]) -> Result<Vec<PathBuf>> {
    let (mut files, mut dirs) = (Vec::new(), vec![dir.to_path_buf()]);
    while let Some(dir) = dirs.pop() {
        let entries =
            std::fs::read_dir(&dir).with_context(|| format!("cannot list {}", dir.display()))?;
        for entry in entries {
            let entry = entry?;
            if !entry.file_type()?.is_dir() {
                files.push(entry.path());
            } else if !skipped.iter().any(|name| entry.file_name() == *name) {
                dirs.push(entry.path());
            }
        }
    }
    files.sort();
    Ok(files)
}

/// Where cargo puts what it builds.
pub fn cargo_target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| workspace().join("target"), |dir| workspace().join(dir))
}
