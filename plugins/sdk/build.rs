//! Generates the bindings of `wit/`, once for all plugins, and what tells an encoder of
//! components which world a plugin implements.
//!
//! A plugin exports the interfaces of its kind alone. So the generated code is that of one world
//! with all of them, whose functions are generic over the plugin, and `export!` picks: it emits
//! the exports of some interfaces, and the description of the world that has just these.

use std::path::{Path, PathBuf};
use std::{env, fs};

use anyhow::{Context, Result};
use wit_bindgen_core::wit_parser::{PackageId, Resolve, WorldId};
use wit_bindgen_core::{Files, WorldGenerator};
use wit_bindgen_rust::Opts;
use wit_component::{StringEncoding, metadata};

/// Each has a world in `worlds.wit`; all but the first have an interface of the same name.
const KINDS: [&str; 6] = ["step", "role", "proxy", "env", "registry", "engine"];

fn main() -> Result<()> {
    let wit = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../../wit");
    println!("cargo:rerun-if-changed={}", wit.display());
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_path(&wit)?;
    for kind in KINDS {
        let world = resolve.select_world(&[package], Some(&format!("{kind}-plugin")))?;
        let described = metadata::encode(&resolve, world, StringEncoding::UTF8, None)?;
        fs::write(out.join(format!("{kind}.world")), described)?;
    }
    let is_guest = env::var("CARGO_CFG_TARGET_ARCH")? == "wasm32";
    let world = everything(&mut resolve, package, is_guest)?;
    fs::write(out.join("bindings.rs"), bindings(&mut resolve, world, is_guest)?)?;
    Ok(())
}

/// A world of all interfaces: exported by a guest; natively imported, for the sake of the types.
fn everything(resolve: &mut Resolve, package: PackageId, is_guest: bool) -> Result<WorldId> {
    let name = &resolve.packages[package].name;
    let version = name.version.as_ref().context("the contract has no version")?;
    let direction = if is_guest { "export" } else { "import" };
    let mut text = "package windlass:sdk;\nworld everything {\n".to_string();
    text += &format!("import {}:{}/log@{version};\n", name.namespace, name.name);
    for interface in ["lifecycle"].iter().chain(&KINDS[1..]) {
        text += &format!("{direction} {}:{}/{interface}@{version};\n", name.namespace, name.name);
    }
    let package = resolve.push_str("everything.wit", &(text + "}\n"))?;
    resolve.select_world(&[package], None)
}

/// The Rust text. Native builds need no functions: nobody calls a plugin through them.
fn bindings(resolve: &mut Resolve, world: WorldId, is_guest: bool) -> Result<Vec<u8>> {
    let functions = resolve.interfaces.iter().flat_map(|(_, found)| found.functions.keys());
    let skip = if is_guest { Vec::new() } else { functions.cloned().collect() };
    let derives = ["PartialEq", "serde::Serialize", "serde::Deserialize"];
    let options = Opts {
        format: true,
        generate_all: true,
        pub_export_macro: true,
        skip,
        additional_derive_attributes: derives.map(String::from).to_vec(),
        ..Opts::default()
    };
    let mut files = Files::default();
    options.build().generate(resolve, world, &mut files)?;
    let (_, text) = files.iter().next().context("no bindings were generated")?;
    Ok(text.to_vec())
}
