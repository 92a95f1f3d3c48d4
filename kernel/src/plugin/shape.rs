//! What a component is, read from its outer type before a line of it is compiled: the
//! version of the contract it was built against, its kind, and what it imports.

use wasmparser::{Encoding, Parser, Payload};

use super::contract::{self, Contract};
use super::error::Fault;
use super::kind::Kind;

/// The outer type of a component, as far as the host cares.
pub(super) struct Shape {
    pub(super) kind: Kind,
    /// It has `wasi:` imports, which are linked as traps.
    pub(super) wasi: bool,
    /// The package of the contract that it was built against.
    pub(super) package: &'static dyn Contract,
}

impl Shape {
    /// Reads the shape of a component.
    ///
    /// # Errors
    /// [`Fault::NotAComponent`], [`Fault::Contract`] if it was built against a version that
    /// this kernel does not speak, [`Fault::Import`] if it wants what no plugin is given.
    pub(super) fn read(component: &[u8]) -> Result<Self, Fault> {
        let (imports, exports) = names(component)?;
        let mut packages = Vec::new();
        for name in imports.iter().chain(&exports) {
            packages.extend(package(name)?);
        }
        let package = packages.first().map_or_else(contract::newest, |(package, _)| *package);
        if let Some((other, name)) =
            packages.iter().find(|(other, _)| other.version() != package.version())
        {
            let (one, other) = (package.version(), other.version());
            return Err(Fault::NotAComponent(format!(
                "it is built against two versions of the contract, {one} and {other} (`{name}`)"
            )));
        }
        let given = |name: &str| {
            contract::interface(name).is_some_and(|(_, name)| package.imports().contains(&name))
        };
        let foreign = imports.iter().find(|name| !name.starts_with("wasi:") && !given(name));
        if let Some(name) = foreign {
            return Err(Fault::Import(name.clone()));
        }
        let exported: Vec<&str> =
            exports.iter().filter_map(|name| Some(contract::interface(name)?.1)).collect();
        if !exported.contains(&"lifecycle") {
            let wanted = format!("{}lifecycle@{}", contract::PACKAGE, package.version());
            return Err(Fault::NotAComponent(format!("it does not export `{wanted}`")));
        }
        let kinds: Vec<Kind> = package
            .kinds()
            .iter()
            .filter(|(name, _)| exported.contains(name))
            .map(|(_, kind)| *kind)
            .collect();
        let kind = match kinds[..] {
            [] => Kind::Step,
            [kind] => kind,
            [first, second, ..] => {
                let reason = format!("it is {first} and {second} at once; a plugin has one kind");
                return Err(Fault::NotAComponent(reason));
            }
        };
        let wasi = imports.iter().any(|name| name.starts_with("wasi:"));
        Ok(Self { kind, wasi, package })
    }
}

/// The package of a name that is ours; none for a name of another.
///
/// # Errors
/// [`Fault::Contract`]: no adapter serves that version.
fn package(name: &str) -> Result<Option<(&'static dyn Contract, &str)>, Fault> {
    let Some(rest) = name.strip_prefix(contract::PACKAGE) else { return Ok(None) };
    let version = rest.split_once('@').map_or("without number", |(_, version)| version);
    match contract::of(version) {
        Some(package) => Ok(Some((package, name))),
        None => {
            let supported = contract::newest().version().to_owned();
            Err(Fault::Contract { found: version.to_owned(), supported })
        }
    }
}

/// The names that the outermost component imports and exports.
fn names(component: &[u8]) -> Result<(Vec<String>, Vec<String>), Fault> {
    let broken = |error: wasmparser::BinaryReaderError| Fault::NotAComponent(error.to_string());
    let (mut imports, mut exports) = (Vec::new(), Vec::new());
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(component) {
        match payload.map_err(broken)? {
            Payload::Version { encoding: Encoding::Module, .. } if depth == 0 => {
                let reason = "it is a core module; encode it with `wasm-tools component new`";
                return Err(Fault::NotAComponent(reason.to_owned()));
            }
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    imports.push(import.map_err(broken)?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section {
                    exports.push(export.map_err(broken)?.name.name.to_owned());
                }
            }
            _ => {}
        }
    }
    Ok((imports, exports))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speaks_the_version_of_the_package() {
        let text = include_str!("../../../wit/values.wit");
        let ours = format!("package windlass:plugin@{};", contract::newest().version());
        assert!(text.lines().any(|line| line == ours), "{ours}");
    }

    #[test]
    fn refuses_other_versions() {
        assert!(matches!(package("windlass:plugin/log@0.2.0"), Ok(Some(_))));
        assert!(matches!(package("wasi:cli/environment@0.2.3"), Ok(None)));
        for name in
            ["windlass:plugin/log@0.1.0", "windlass:plugin/log@0.2.1", "windlass:plugin/log"]
        {
            assert!(matches!(package(name), Err(Fault::Contract { .. })), "{name}");
        }
    }

    #[test]
    fn says_what_is_no_component() {
        let reason = |bytes: &[u8]| match Shape::read(bytes) {
            Err(Fault::NotAComponent(reason)) => reason,
            Err(other) => panic!("{other:?}"),
            Ok(_) => panic!("it was read"),
        };
        assert!(reason(b"#!/bin/sh").contains("magic"), "{}", reason(b"#!/bin/sh"));
        assert!(reason(b"\0asm\x01\0\0\0").contains("core module"));
        assert!(reason(b"\0asm\x0d\0\x01\0").contains("does not export"));
    }
}
