//! Finds a Rust compiler that can build for WebAssembly.
//!
//! Tried in this order: the toolchain at hand, if it has the target's standard library; the
//! same after `rustup target add`; Debian's own compiler, which comes with the source of its
//! standard library, so that it is built along.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

/// No operating system at all, so nothing that a guest could import of one.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// Where Debian puts them. Its `rustc-web` is the one that is recent enough.
const DEBIAN_COMPILER: &str = "/usr/bin/rustc";
const DEBIAN_LINKERS: [&str; 2] = ["/usr/bin/wasm-ld-19", "/usr/bin/wasm-ld"];

/// How long rustup may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a rustup that failed is not asked again, if there is another way.
const OFFLINE: Duration = Duration::from_secs(60 * 60);

/// A compiler, and how to run it.
pub struct Toolchain {
    compiler: OsString,
    /// Build the standard library, which the toolchain has only as source.
    from_source: bool,
    pub linker: Option<PathBuf>,
    pub sysroot: PathBuf,
}

impl Toolchain {
    /// Finds one. `target`: the guests' target directory.
    ///
    /// # Errors
    /// One line: what to install.
    pub fn find(target: &Path) -> Result<Self, String> {
        let compiler = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        if has_target(&compiler) {
            return Ok(Self::plain(compiler));
        }
        let debian = debian();
        let failed = target.join("rustup-failed");
        let skip = debian.is_some() && recent(&failed);
        if !skip {
            if rustup_adds_target() && has_target(&compiler) {
                return Ok(Self::plain(compiler));
            }
            // Only saves time; the next build may ask again.
            let _ = fs::create_dir_all(target).and_then(|()| fs::write(&failed, ""));
        }
        debian.ok_or_else(|| {
            format!(
                "building the plugins needs Rust's WebAssembly target: run `rustup target add \
                 {TARGET}`, or, on Debian, `apt-get install rustc-web rust-web-src lld-19`"
            )
        })
    }

    fn plain(compiler: OsString) -> Self {
        let sysroot = print(&compiler, &["sysroot"]).unwrap_or_default();
        Self { compiler, from_source: false, linker: None, sysroot }
    }

    /// Makes cargo use this toolchain.
    pub fn apply(&self, cargo: &mut Command) {
        cargo.env("RUSTC", &self.compiler);
        if self.from_source {
            // Allows `-Z` on a stable compiler. Guests abort on a panic and print nothing, so
            // the library's default features, which unwind and resolve symbols, are dead weight.
            cargo.env("RUSTC_BOOTSTRAP", "1");
            cargo.args(["-Zbuild-std=std,panic_abort", "-Zbuild-std-features="]);
        }
    }
}

/// Whether the compiler has the target's standard library.
fn has_target(compiler: &OsString) -> bool {
    let found = print(compiler, &["target-libdir", "--target", TARGET]);
    let files = found.and_then(|directory| fs::read_dir(directory).ok());
    files.into_iter().flatten().flatten().any(|entry| {
        let name = entry.file_name();
        name.to_string_lossy().starts_with("libstd-")
    })
}

fn print(compiler: &OsString, what: &[&str]) -> Option<PathBuf> {
    let output = Command::new(compiler).arg("--print").args(what).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| PathBuf::from(text.trim()))
}

/// Asks rustup for the target, for a limited time.
fn rustup_adds_target() -> bool {
    let mut rustup = Command::new("rustup");
    rustup.args(["target", "add", TARGET]);
    let quiet = rustup.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let Ok(mut child) = quiet.spawn() else { return false };
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        match child.try_wait() {
            Ok(Some(status)) => return status.success(),
            Ok(None) => thread::sleep(Duration::from_millis(50)),
            Err(_) => break,
        }
    }
    // It may have ended meanwhile.
    let _ = child.kill();
    let _ = child.wait();
    false
}

fn debian() -> Option<Toolchain> {
    let compiler = OsString::from(DEBIAN_COMPILER);
    let sysroot = print(&compiler, &["sysroot"])?;
    let source = sysroot.join("lib/rustlib/src/rust/library/std/Cargo.toml");
    let linker = DEBIAN_LINKERS.iter().map(PathBuf::from).find(|path| path.exists())?;
    source.exists().then_some(Toolchain {
        compiler,
        from_source: true,
        linker: Some(linker),
        sysroot,
    })
}

fn recent(file: &Path) -> bool {
    let modified = fs::metadata(file).and_then(|found| found.modified()).ok();
    let age = modified.and_then(|time| SystemTime::now().duration_since(time).ok());
    age.is_some_and(|age| age < OFFLINE)
}
