//! Plugins as a team writes them in a repository of its own: their sources are copied out of this
//! one, and know nothing of it but the path of the SDK.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};

use crate::process::Cmd;
use crate::{images, paths};

/// A proxy, a registry with a local credential helper, and a step: their names, and where their
/// sources stand in this repository.
const PLUGINS: &[(&str, &str)] = &[
    ("caddy", "tests/plugins/caddy"),
    ("migrate", "tests/outside/migrate"),
    ("token", "tests/outside/token"),
];

/// What documentation says of a plugin's manifest, for several.
const WORKSPACE: &str = r#"[workspace]
resolver = "3"
members = ["caddy", "migrate", "token"]

[profile.release]
opt-level = "s"
lto = true
panic = "abort"
"#;

/// The manifest of one.
const PACKAGE: &str = r#"[package]
name = "{name}"
version = "0.1.0"
edition = "2024"

[lib]
crate-type = ["cdylib", "rlib"]

[dependencies]
serde = { version = "1", features = ["derive"] }
serde_json = "1"
sha2 = "0.10"
windlass-sdk = { path = "{sdk}" }
"#;

/// The workspace of the team. While it lives, nobody else changes or builds it.
struct Outside {
    directory: PathBuf,
    _turn: File,
}

impl Outside {
    /// Copies what has changed to always the same place outside the repository, so that cargo
    /// builds what has changed.
    fn copy() -> Result<Self> {
        let repository = paths::workspace();
        let digest = images::digest(&[&repository.to_string_lossy()]);
        let directory = std::env::temp_dir().join(format!("windlass-outside-{digest}"));
        fs::create_dir_all(&directory)
            .with_context(|| format!("cannot create {}", directory.display()))?;
        let turn = File::create(directory.join("turn")).context("cannot create a lock file")?;
        turn.lock().context("cannot lock a file")?;
        let sdk = repository.join("plugins/sdk");
        for (name, source) in PLUGINS {
            let manifest = PACKAGE.replace("{name}", name);
            let manifest = manifest.replace("{sdk}", &sdk.to_string_lossy());
            write(&directory.join(name).join("Cargo.toml"), manifest.as_bytes())?;
            for part in ["src", "templates"] {
                copy(&repository.join(source).join(part), &directory.join(name).join(part))?;
            }
        }
        write(&directory.join("Cargo.toml"), WORKSPACE.as_bytes())?;
        // The versions that this repository is built with: they are on this machine.
        copy(&repository.join("Cargo.lock"), &directory.join("Cargo.lock"))?;
        Ok(Self { directory, _turn: turn })
    }
}

/// Cargo's target directory of the team.
fn target() -> PathBuf {
    paths::cargo_target().join("outside")
}

/// Builds one of the plugins; the path of its component. Its authors would run `cargo build
/// --release --target wasm32-unknown-unknown` and `wasm-tools component new`; this does the same
/// on a machine without `wasm-tools`, or without rustup's target, too.
pub fn component(name: &str) -> Result<PathBuf> {
    let failed = |why: String| anyhow!("the plugin {name} cannot be built: {why}");
    let outside = Outside::copy()?;
    let packages = [name.to_string()];
    let modules = windlass_guests::build_elsewhere(&outside.directory, &target(), &packages);
    let modules = modules.map_err(failed)?;
    let module = modules.first().context("cargo built no module")?;
    let component = windlass_guests::component(module).map_err(failed)?;
    let path = outside.directory.join(format!("{name}.component.wasm"));
    write(&path, &component)?;
    Ok(path)
}

/// Runs the authors' own tests; what cargo said.
pub fn test() -> Result<String> {
    let outside = Outside::copy()?;
    // Of the same profile as the modules, so that what builds the SDK is built once.
    Cmd::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["test", "--offline", "--release", "--lib", "--target-dir"])
        .arg(target())
        .dir(&outside.directory)
        .limit(Duration::from_secs(900))
        .ok()
        .context("the plugins' own tests fail outside the repository")
}

/// Copies a file, or a directory with what is in it, if there is any; leaves alone what is the
/// same, for which cargo looks at times.
fn copy(from: &Path, to: &Path) -> Result<()> {
    if !from.is_dir() {
        return match fs::read(from) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            bytes => write(to, &bytes.with_context(|| format!("cannot read {}", from.display()))?),
        };
    }
    let entries = fs::read_dir(from).with_context(|| format!("cannot list {}", from.display()))?;
    for entry in entries {
        let entry = entry?;
        copy(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}

/// Writes a file and makes its directory, unless the same is there.
fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    if fs::read(path).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    let written = path.parent().map_or(Ok(()), fs::create_dir_all);
    written
        .and_then(|()| fs::write(path, bytes))
        .with_context(|| format!("cannot write {}", path.display()))
}
