//! Where components come from: this binary, or a file.

use std::borrow::Cow;
use std::fs;
use std::path::PathBuf;

use super::cache::sha256;
use super::error::Fault;

/// A component that was built with this binary.
pub(super) struct Bundled {
    pub(super) name: &'static str,
    pub(super) digest: &'static str,
    pub(super) bytes: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/bundled.rs"));

/// The names of the bundled plugins, in the order of the default list.
pub fn bundled() -> impl Iterator<Item = &'static str> {
    BUNDLED.iter().map(|plugin| plugin.name)
}

/// Which component to load.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Source {
    /// One of [`bundled`]. It holds every capability that it describes.
    Bundled(String),
    /// A `.wasm` file, under the name that deploy.yml gives it. It holds no capability until
    /// [`super::Plugin::granted`].
    File { name: String, path: PathBuf },
}

impl Source {
    /// The name that the component must give itself.
    pub fn name(&self) -> &str {
        match self {
            Self::Bundled(name) | Self::File { name, .. } => name,
        }
    }

    /// Whether the component is part of this binary.
    pub fn is_bundled(&self) -> bool {
        matches!(self, Self::Bundled(_))
    }

    /// The bytes and their SHA-256 digest.
    pub(super) fn read(&self, limit: usize) -> Result<(Cow<'static, [u8]>, String), Fault> {
        match self {
            Self::Bundled(name) => {
                let found = BUNDLED.iter().find(|plugin| plugin.name == name);
                let found = found.ok_or_else(|| {
                    let names: Vec<_> = bundled().collect();
                    Fault::Source(format!("bundled are only {}", names.join(", ")))
                })?;
                Ok((Cow::Borrowed(found.bytes), found.digest.to_owned()))
            }
            Self::File { path, .. } => {
                let unreadable =
                    |error: std::io::Error| Fault::Source(format!("{}: {error}", path.display()));
                let size = fs::metadata(path).map_err(unreadable)?.len();
                if size > limit as u64 {
                    let limit = limit >> 20;
                    let reason = format!("{} is larger than {limit} MiB", path.display());
                    return Err(Fault::Source(reason));
                }
                let bytes = fs::read(path).map_err(unreadable)?;
                let digest = sha256(&bytes);
                Ok((Cow::Owned(bytes), digest))
            }
        }
    }
}
