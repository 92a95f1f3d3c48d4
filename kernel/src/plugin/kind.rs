//! What a component is, read from its outer type before a line of it is compiled: the
//! version of the contract it was built against, its kind, and what it imports.

use std::fmt;

use serde::{Deserialize, Serialize};
use wasmparser::{Encoding, Parser, Payload};

use super::error::Fault;

/// The version of the package `windlass:plugin` that this kernel speaks.
pub const CONTRACT: &str = "0.1.0";

const PACKAGE: &str = "windlass:plugin/";

/// What a plugin may import: the logger, and interfaces of types alone.
const IMPORTS: [&str; 5] = ["composition", "description", "log", "lowering", "types"];

/// What a plugin is for: the one interface that it exports beside `lifecycle`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    Engine,
    Role,
    Proxy,
    Env,
    Registry,
    /// Only `lifecycle`: builders, custom steps.
    Step,
}

impl Kind {
    /// The kind as the contract writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Engine => "engine",
            Self::Role => "role",
            Self::Proxy => "proxy",
            Self::Env => "env",
            Self::Registry => "registry",
            Self::Step => "step",
        }
    }

    fn of_interface(name: &str) -> Option<Self> {
        [Self::Engine, Self::Role, Self::Proxy, Self::Env, Self::Registry]
            .into_iter()
            .find(|kind| kind.name() == name)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The outer type of a component, as far as the host cares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) kind: Kind,
    /// It has `wasi:` imports, which are linked as traps.
    pub(super) wasi: bool,
}

impl Shape {
    /// Reads the shape of a component.
    ///
    /// # Errors
    /// [`Fault::NotAComponent`], [`Fault::Contract`] if it was built against a version that
    /// this kernel does not speak, [`Fault::Import`] if it wants what no plugin is given.
    pub(super) fn read(component: &[u8]) -> Result<Self, Fault> {
        let (imports, exports) = names(component)?;
        for name in imports.iter().chain(&exports) {
            contract(name)?;
        }
        let given = |name| interface(name).is_some_and(|interface| IMPORTS.contains(&interface));
        let foreign = imports.iter().find(|name| !name.starts_with("wasi:") && !given(name));
        if let Some(name) = foreign {
            return Err(Fault::Import(name.clone()));
        }
        let exported: Vec<&str> = exports.iter().filter_map(|name| interface(name)).collect();
        if !exported.contains(&"lifecycle") {
            let reason = format!("it does not export `{PACKAGE}lifecycle@{CONTRACT}`");
            return Err(Fault::NotAComponent(reason));
        }
        let kinds: Vec<Kind> =
            exported.iter().filter_map(|name| Kind::of_interface(name)).collect();
        let kind = match kinds[..] {
            [] => Kind::Step,
            [kind] => kind,
            [first, second, ..] => {
                let reason = format!("it is {first} and {second} at once; a plugin has one kind");
                return Err(Fault::NotAComponent(reason));
            }
        };
        Ok(Self { kind, wasi: imports.iter().any(|name| name.starts_with("wasi:")) })
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

/// `log` of `windlass:plugin/log@0.1.0`.
fn interface(name: &str) -> Option<&str> {
    let name = name.strip_prefix(PACKAGE)?;
    Some(name.split_once('@').map_or(name, |(interface, _)| interface))
}

/// Refuses a name of our package whose version this kernel does not speak: another major
/// or minor version, or a patch that may have functions we lack.
fn contract(name: &str) -> Result<(), Fault> {
    if interface(name).is_none() {
        return Ok(());
    }
    let found = name.split_once('@').map_or("without number", |(_, version)| version);
    let parse = |text: &str| -> Option<[u64; 3]> {
        let numbers: Vec<u64> =
            text.split('.').map(|part| part.parse().ok()).collect::<Option<_>>()?;
        numbers.try_into().ok()
    };
    let known = match (parse(found), parse(CONTRACT)) {
        (Some([major, minor, patch]), Some([our_major, our_minor, our_patch])) => {
            (major, minor) == (our_major, our_minor) && patch <= our_patch
        }
        _ => false,
    };
    if known {
        return Ok(());
    }
    Err(Fault::Contract { found: found.to_owned(), supported: CONTRACT.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speaks_the_version_of_the_package() {
        let package = include_str!("../../../wit/plugin.wit").lines().next();
        assert_eq!(package, Some(format!("package windlass:plugin@{CONTRACT};").as_str()));
    }

    #[test]
    fn refuses_other_versions() {
        assert_eq!(contract("windlass:plugin/log@0.1.0"), Ok(()));
        assert_eq!(contract("wasi:cli/environment@0.2.3"), Ok(()));
        for name in
            ["windlass:plugin/log@0.1.1", "windlass:plugin/log@0.2.0", "windlass:plugin/log"]
        {
            assert!(matches!(contract(name), Err(Fault::Contract { .. })), "{name}");
        }
    }

    #[test]
    fn says_what_is_no_component() {
        let reason = |bytes: &[u8]| match Shape::read(bytes) {
            Err(Fault::NotAComponent(reason)) => reason,
            other => panic!("{other:?}"),
        };
        assert!(reason(b"#!/bin/sh").contains("magic"), "{}", reason(b"#!/bin/sh"));
        assert!(reason(b"\0asm\x01\0\0\0").contains("core module"));
        assert!(reason(b"\0asm\x0d\0\x01\0").contains("does not export"));
    }
}
