//! Builds the bundled plugins from `plugins/` and embeds them.
//!
//! What is read is what runs: no binary stands in the repository. The guests are compiled
//! by a cargo inside this cargo, with a target directory of its own, since the outer cargo
//! holds the lock of its own; encoded as components; and checked to import nothing but our
//! own interfaces.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use windlass_guests as guests;

/// In the order of the default list.
const BUNDLED: [&str; 8] =
    ["docker", "app", "traefik", "env", "registry", "builder", "accessory", "server"];

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    for input in ["wit", "plugins", "Cargo.toml", "Cargo.lock"] {
        println!("cargo:rerun-if-changed=../{input}");
    }
    match embed() {
        Ok(()) => {}
        // Cargo shows it as one error, without the transcript of this script.
        Err(message) if !message.contains('\n') => println!("cargo::error={message}"),
        Err(message) => {
            eprintln!("{message}");
            std::process::exit(1);
        }
    }
}

/// Writes `bundled.rs`: the table of the plugins.
fn embed() -> Result<(), String> {
    let workspace = fs::canonicalize("..").map_err(|error| format!("no workspace: {error}"))?;
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets no OUT_DIR")?);
    let target = guests::target_directory(&out).ok_or("OUT_DIR is not in a target directory")?;
    let packages = BUNDLED.map(|name| format!("windlass-{name}"));
    let modules = guests::build(&workspace, &target, &packages)?;
    let mut table = String::from("const BUNDLED: &[Bundled] = &[\n");
    for (name, module) in BUNDLED.iter().zip(&modules) {
        let component = guests::component(module)?;
        let digest: String =
            Sha256::digest(&component).iter().map(|b| format!("{b:02x}")).collect();
        let file = out.join(format!("{name}.wasm"));
        write(&file, &component)?;
        table += &format!(
            "    Bundled {{ name: {name:?}, digest: {digest:?}, bytes: include_bytes!({file:?}) }},\n"
        );
    }
    table += "];\n";
    write(&out.join("bundled.rs"), table.as_bytes())
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    fs::write(path, bytes).map_err(|error| format!("{}: {error}", path.display()))
}
