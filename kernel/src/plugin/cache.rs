//! What is known about components from earlier runs: their descriptions, so that `--help`
//! needs no engine, and their compiled code, so that a call needs no compiler.
//!
//! Files are named by the digest of the component. Compiled code is run as it stands, so it
//! is taken only from a directory that nobody else can write to, and only if its checksum
//! holds: the engine itself does not notice flipped bytes. Whoever can write here as the
//! user could also change the user's shell profile; there is nothing to defend against that.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::contract::Description;
use super::kind::Kind;

/// Changes when the layout of an entry does.
const FORMAT: u32 = 2;
/// Code that no run has written for this long is of a component nobody has any more.
const KEPT: Duration = Duration::from_secs(60 * 24 * 60 * 60);

/// What a component says about itself, with what its type says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Described {
    pub(super) kind: Kind,
    pub(super) wasi: bool,
    /// The version of the contract that it was built against.
    pub(super) contract: String,
    pub(super) description: Description,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    format: u32,
    digest: String,
    #[serde(flatten)]
    described: Described,
}

/// A private directory of entries.
#[derive(Debug)]
pub(super) struct Cache {
    directory: PathBuf,
}

impl Cache {
    /// Opens or makes the directory (mode 0700).
    ///
    /// # Errors
    /// It cannot be made, belongs to somebody else, or others can write to it.
    pub(super) fn open(directory: &Path) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        let found = fs::symlink_metadata(directory)?;
        let reason = if !found.is_dir() {
            "is not a directory"
        } else if found.uid() != rustix::process::geteuid().as_raw() {
            "belongs to another user"
        } else if found.mode() & 0o022 != 0 {
            "can be written to by other users"
        } else {
            return Ok(Self { directory: directory.to_owned() });
        };
        Err(io::Error::other(format!("{} {reason}", directory.display())))
    }

    /// The description of the component with this digest. A damaged entry is none.
    pub(super) fn description(&self, digest: &str) -> Option<Described> {
        let bytes = self.read(&format!("{digest}.json"))?;
        let entry: Entry = serde_json::from_slice(&bytes).ok()?;
        (entry.format == FORMAT && entry.digest == digest).then_some(entry.described)
    }

    /// Keeps a description.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(super) fn keep_description(&self, digest: &str, described: &Described) -> io::Result<()> {
        let (format, digest, described) = (FORMAT, digest.to_owned(), described.clone());
        let name = format!("{digest}.json");
        let bytes = serde_json::to_vec(&Entry { format, digest, described })?;
        self.write(&name, &[&bytes])
    }

    /// Compiled code of the component with this digest for the engine with this key. Code
    /// of another component or engine, or with a wrong checksum, is none.
    pub(super) fn code(&self, digest: &str, engine: &str) -> Option<Vec<u8>> {
        let mut bytes = self.read(&code_name(digest, engine))?;
        let end = bytes.iter().position(|byte| *byte == b'\n')? + 1;
        if bytes[..end] != *header(digest, engine, &bytes[end..]).as_bytes() {
            return None;
        }
        bytes.drain(..end);
        Some(bytes)
    }

    /// Keeps compiled code, and drops code that is long out of use.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(super) fn keep_code(&self, digest: &str, engine: &str, code: &[u8]) -> io::Result<()> {
        let header = header(digest, engine, code);
        self.write(&code_name(digest, engine), &[header.as_bytes(), code])?;
        self.sweep()
    }

    /// Reads a file of ours, never through a link.
    fn read(&self, name: &str) -> Option<Vec<u8>> {
        let no_follow = rustix::fs::OFlags::NOFOLLOW.bits();
        let mut file = OpenOptions::new()
            .read(true)
            .custom_flags(no_follow.cast_signed())
            .open(self.directory.join(name))
            .ok()?;
        let mut bytes = Vec::with_capacity(file.metadata().ok()?.len().try_into().ok()?);
        file.read_to_end(&mut bytes).ok()?;
        Some(bytes)
    }

    /// Writes a file (mode 0600) that is seen whole or not at all, also by another run.
    fn write(&self, name: &str, parts: &[&[u8]]) -> io::Result<()> {
        let path = self.directory.join(name);
        let temporary = self.directory.join(format!(".{name}.{}", unique()));
        let mut file =
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
        let written = parts.iter().try_for_each(|part| file.write_all(part));
        let kept = written.and_then(|()| fs::rename(&temporary, &path));
        if kept.is_err() {
            // What matters is why the entry could not be written.
            let _ = fs::remove_file(&temporary);
        }
        kept
    }

    fn sweep(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.directory)? {
            let entry = entry?;
            let age = SystemTime::now().duration_since(entry.metadata()?.modified()?);
            if age.is_ok_and(|age| age > KEPT) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }
}

fn code_name(digest: &str, engine: &str) -> String {
    format!("{digest}-{}.code", &engine[..16.min(engine.len())])
}

fn header(digest: &str, engine: &str, code: &[u8]) -> String {
    format!("windlass-code {FORMAT} {digest} {engine} {}\n", sha256(code))
}

/// Differs between all writers of this and other processes.
fn unique() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static COUNT: AtomicU64 = AtomicU64::new(0);
    format!("{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

/// The SHA-256 digest of bytes, in lower-case hexadecimal.
pub(super) fn sha256(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

/// Lower-case hexadecimal digits.
pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
