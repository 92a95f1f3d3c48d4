//! The tests' own plugins, from `tests/plugins`: compiled like the bundled ones, also on a
//! machine without rustup's WebAssembly target.
//!
//! The compiling is the build script's, which is no part of the product; a third party would
//! run `cargo build --target wasm32-unknown-unknown` and `wasm-tools component new`.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, anyhow};

use crate::paths;

#[path = "../../kernel/build/guests.rs"]
#[allow(dead_code, reason = "the kernel uses the rest")]
mod build;
#[path = "../../kernel/build/toolchain.rs"]
mod toolchain;

/// Builds `windlass-NAME` and returns the path of its component.
pub fn component(name: &str) -> Result<PathBuf> {
    let failed = |why: String| anyhow!("the plugin {name} cannot be built: {why}");
    let target = paths::cargo_target().join("guests");
    let packages = [format!("windlass-{name}")];
    let modules = build::build(&paths::workspace(), &target, &packages).map_err(failed)?;
    let module = modules.first().context("cargo built no module")?;
    let component = build::component(module).map_err(failed)?;
    let path = paths::state_dir("plugins")?.join(format!("{name}.wasm"));
    fs::write(&path, component).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}
