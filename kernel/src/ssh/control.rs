//! The private directory that holds the control sockets of one run.

use super::error::{ConnectError, ConnectFailure};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// Longest path of a socket in bytes. macOS takes 104, and ssh binds under the name plus 17 more
/// characters.
const LONGEST_SOCKET: usize = 104 - 1 - 17;

/// A new directory, 0700, removed with everything in it on drop.
#[derive(Debug)]
pub(super) struct ControlDirectory {
    path: PathBuf,
    next: AtomicU32,
}

/// The files of one attempt to connect; no name is used twice, since ssh does not become a master
/// on a socket that is there already.
#[derive(Debug, Clone)]
pub(super) struct Files {
    /// The control socket.
    pub socket: PathBuf,
    /// ssh's own log (`-E`); the master goes on writing here.
    pub log: PathBuf,
    /// stderr of ssh and of the jump or proxy command that it starts.
    pub stderr: PathBuf,
}

impl ControlDirectory {
    /// Makes the directory under the first of `candidates` that exists, can be written and is short
    /// enough.
    ///
    /// Errors name every candidate and why it was not taken.
    pub fn create(candidates: &[PathBuf]) -> Result<Self, ConnectError> {
        let mut refused = Vec::new();
        for base in candidates {
            match Self::create_in(base) {
                Ok(path) => return Ok(Self { path, next: AtomicU32::new(0) }),
                Err(reason) => refused.push(format!("{}: {reason}", base.display())),
            }
        }
        Err(ConnectError {
            host: String::new(),
            failure: ConnectFailure::ControlDirectory,
            detail: refused.join("\n"),
            help: "set XDG_RUNTIME_DIR or TMPDIR to a short directory that you can write to".into(),
        })
    }

    fn create_in(base: &Path) -> Result<PathBuf, String> {
        // ssh expands these in ControlPath; there is no way to quote `$`.
        if !base.is_absolute()
            || base.to_str().is_none_or(|text| text.contains(['%', '$', '~', '"']))
        {
            return Err("not an absolute path without % $ ~ \"".into());
        }
        for _ in 0..16 {
            let path = base.join(format!("wl-{:08x}", fastrand::u32(..)));
            if path.as_os_str().len() + "/9999.s".len() > LONGEST_SOCKET {
                return Err("too long for a control socket".into());
            }
            // mkdir is exclusive, so a directory that somebody else prepared is never used.
            match std::fs::DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => return Ok(path),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error.to_string()),
            }
        }
        Err("every name is taken".into())
    }

    /// A file that only its owner may read, as ssh demands of keys.
    pub fn key_file(&self, text: &str) -> Result<PathBuf, ConnectError> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let path = self.path.join(format!("{number}.k"));
        let written = std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .and_then(|mut file| writeln!(file, "{}", text.trim_end()));
        match written {
            Ok(()) => Ok(path),
            Err(error) => Err(ConnectError {
                host: String::new(),
                failure: ConnectFailure::ControlDirectory,
                detail: format!("{}: {error}", path.display()),
                help: "a key of ssh: key_data could not be kept for this run".into(),
            }),
        }
    }

    /// Names for the next attempt.
    pub fn next(&self) -> Files {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let file = |kind: char| self.path.join(format!("{number}.{kind}"));
        Files { socket: file('s'), log: file('l'), stderr: file('e') }
    }
}

impl Drop for ControlDirectory {
    fn drop(&mut self) {
        // What cannot be removed here is empty of secrets and lies in a directory that the system
        // cleans.
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_first_usable_candidate_is_taken_and_cleaned_up() {
        let temp = std::env::temp_dir();
        let long = temp.join("x".repeat(100));
        let made =
            ControlDirectory::create(&[temp.join("there-is-no-such"), long.clone(), temp.clone()])
                .unwrap();
        let path = made.path.clone();
        assert_eq!(path.parent(), Some(temp.as_path()));
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
        assert_ne!(made.next().socket, made.next().socket);
        drop(made);
        assert!(!path.exists());

        let error = ControlDirectory::create(&[long, "a/b".into()]).unwrap_err();
        assert!(error.detail.contains("too long") && error.detail.contains("absolute"), "{error}");
    }
}
