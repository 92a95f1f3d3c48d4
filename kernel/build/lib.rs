//! Compiles guest crates to WebAssembly components. Used by the build script for the bundled
//! plugins, and by tests for theirs.

mod toolchain;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

use wit_component::{ComponentEncoder, DecodedWasm};
use wit_parser::WorldItem;

use toolchain::{TARGET, Toolchain};

/// The contract, and the only interface of it that a plugin may call.
const CONTRACT: (&str, &str) = ("windlass", "plugin");
const LOG: &str = "log";

/// The profile of guests in the workspace's Cargo.toml.
const PROFILE: &str = "guest";

/// `guests` in cargo's target directory, found from a directory in it. It outlives the
/// build script's own directory, so that a changed kernel compiles no guest.
pub fn target_directory(inside: &Path) -> Option<PathBuf> {
    // Cargo marks each target directory.
    let target = inside.ancestors().find(|path| path.join("CACHEDIR.TAG").is_file())?;
    Some(target.join("guests"))
}

/// Compiles packages of this workspace and returns the paths of their core modules, in the same
/// order.
///
/// # Errors
/// What to install if no toolchain can do it; else what the compiler said.
pub fn build(workspace: &Path, target: &Path, packages: &[String]) -> Result<Vec<PathBuf>, String> {
    compile(workspace, target, packages, PROFILE, "--locked")
}

/// The same with packages of another workspace, as its authors build them: for release. Nothing
/// is fetched.
///
/// # Errors
/// The same.
pub fn build_elsewhere(
    workspace: &Path,
    target: &Path,
    packages: &[String],
) -> Result<Vec<PathBuf>, String> {
    compile(workspace, target, packages, "release", "--offline")
}

fn compile(
    workspace: &Path,
    target: &Path,
    packages: &[String],
    profile: &str,
    restraint: &str,
) -> Result<Vec<PathBuf>, String> {
    let toolchain = Toolchain::find(target)?;
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    clean(&mut cargo);
    toolchain.apply(&mut cargo);
    let flags: Vec<String> = remap(workspace, &toolchain.sysroot)
        .map(|(from, to)| format!("--remap-path-prefix={from}={to}"))
        .chain(toolchain.linker.iter().map(|linker| format!("-Clinker={}", linker.display())))
        .collect();
    cargo.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));
    cargo.current_dir(workspace).args(["build", restraint, "--lib"]);
    cargo.args(["--profile", profile, "--target", TARGET, "--target-dir"]).arg(target);
    cargo.args(packages.iter().flat_map(|package| ["--package", package]));
    let output = cargo.stdin(Stdio::null()).output().map_err(|e| format!("cargo: {e}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let progress = |line: &&str| line.trim_start().starts_with("Compiling ");
        let said: Vec<&str> = said.lines().filter(|line| !progress(line)).collect();
        let said = said.join("\n");
        return Err(format!("the plugins do not compile to WebAssembly:\n{said}"));
    }
    let modules = target.join(TARGET).join(profile);
    let file = |package: &String| modules.join(package.replace('-', "_") + ".wasm");
    Ok(packages.iter().map(file).collect())
}

/// Encodes a core module as a component that imports nothing but our own interfaces.
///
/// # Errors
/// The module is not what `wit-bindgen` makes, or it imports something else.
pub fn component(module: &Path) -> Result<Vec<u8>, String> {
    let component = encode(module)?;
    match foreign_import(&component)? {
        Some(name) => Err(format!("{}: a plugin must not import `{name}`", module.display())),
        None => Ok(component),
    }
}

/// Encodes a core module as a component.
///
/// # Errors
/// The module is not what `wit-bindgen` makes.
pub fn encode(module: &Path) -> Result<Vec<u8>, String> {
    let broken = |error: &dyn std::fmt::Display| format!("{}: {error}", module.display());
    let bytes = fs::read(module).map_err(|error| broken(&error))?;
    ComponentEncoder::default()
        .validate(true)
        .module(&bytes)
        .and_then(|mut encoder| encoder.encode())
        .map_err(|error| broken(&format!("{error:#}")))
}

/// What a component imports although it is neither the logger nor an interface of types alone.
fn foreign_import(component: &[u8]) -> Result<Option<String>, String> {
    let decoded = wit_component::decode(component).map_err(|error| format!("{error:#}"))?;
    let DecodedWasm::Component(resolve, world) = decoded else {
        return Err("a WIT package, not a component".to_owned());
    };
    let is_ours = |item: &WorldItem| {
        let WorldItem::Interface { id, .. } = item else { return false };
        let interface = &resolve.interfaces[*id];
        let package = interface.package.map(|package| &resolve.packages[package].name);
        package.is_some_and(|name| (name.namespace.as_str(), name.name.as_str()) == CONTRACT)
            && (interface.functions.is_empty() || interface.name.as_deref() == Some(LOG))
    };
    let mut foreign = resolve.worlds[world].imports.iter().filter(|(_, item)| !is_ours(item));
    Ok(foreign.next().map(|(key, _)| resolve.name_world_key(key)))
}

/// A cargo in a cargo must not take over what the outer one set for this crate alone: flags,
/// features, wrappers, directories.
fn clean(command: &mut Command) {
    for (name, _) in env::vars_os() {
        let Some(text) = name.to_str() else { continue };
        let user = ["CARGO_HOME", "CARGO_NET_", "CARGO_HTTP_", "CARGO_REGISTR", "CARGO_MAKEFLAGS"];
        let own = ["CARGO", "DEP_", "RUST", "CLIPPY_"]
            .iter()
            .any(|prefix| text.starts_with(prefix))
            && !user.iter().any(|prefix| text.starts_with(prefix))
            && !text.starts_with("RUSTUP_")
            || ["TARGET", "HOST", "OUT_DIR", "PROFILE", "DEBUG", "OPT_LEVEL", "LD_LIBRARY_PATH"]
                .contains(&text);
        if own {
            command.env_remove(&name);
        }
    }
}

/// What paths of this machine become in the guests, which are to be the same everywhere.
fn remap(workspace: &Path, sysroot: &Path) -> impl Iterator<Item = (String, &'static str)> {
    let home = |name: &str, below: &str| {
        let fallback = || Some(Path::new(&env::var_os("HOME")?).join(below).into_os_string());
        env::var_os(name).or_else(fallback).unwrap_or_default()
    };
    let all = [
        (sysroot.join("lib/rustlib/src/rust").into_os_string(), "/rust"),
        (sysroot.as_os_str().to_owned(), "/rust"),
        (home("CARGO_HOME", ".cargo"), "/cargo"),
        (workspace.as_os_str().to_owned(), "/windlass"),
    ];
    all.into_iter()
        .filter(|(from, _)| !from.is_empty())
        .map(|(from, to)| (from.to_string_lossy().into_owned(), to))
}
