//! `cargo xtask fuzz`: builds the targets of `tests/fuzz` with coverage and runs each for a while.
//!
//! libFuzzer itself comes with the crate `libfuzzer-sys`, and the compiler's coverage pass is
//! there in stable Rust: neither `cargo-fuzz` nor a nightly toolchain is needed, only a C++
//! compiler.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::process::{Cmd, tail};
use crate::{paths, setup};

/// A target, and the directories that it starts from beside what it found before.
struct Target {
    name: &'static str,
    seeds: &'static [&'static str],
}

const TARGETS: [Target; 4] = [
    Target { name: "config", seeds: &["kernel/tests/configs"] },
    Target { name: "erb", seeds: &["kernel/tests/configs"] },
    Target { name: "version", seeds: &[] },
    Target { name: "quote", seeds: &[] },
];

/// At once; CI has two cores.
const AT_ONCE: usize = 2;

/// Fuzzes every target for `seconds`.
pub fn run(seconds: u64) -> Result<()> {
    setup::for_fuzzing()?;
    let triple = build()?;
    let (left, failed) = (Mutex::new(TARGETS.iter()), Mutex::new(Vec::new()));
    let work = || {
        while let Some(target) = { left.lock().expect("no panic while held").next() } {
            match target.run(&triple, seconds) {
                Ok(line) => println!("   {}: {line}", target.name),
                Err(error) => {
                    println!("   {}: {error:#}", target.name);
                    failed.lock().expect("no panic while held").push(target.name);
                }
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(work);
        }
    });
    let failed = failed.into_inner().expect("no panic while held");
    if !failed.is_empty() {
        bail!("fuzzing found something in: {}", failed.join(", "));
    }
    Ok(())
}

/// An error if the lock file of the targets does not fit the crates that they use: they are a
/// workspace of their own, which no other check reads.
pub fn is_locked() -> Result<()> {
    Cmd::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["metadata", "--locked", "--format-version", "1"])
        .dir(paths::workspace().join("tests/fuzz"))
        .ok()
        .map(drop)
        .context("run `cargo metadata` in tests/fuzz to bring its lock file up to date")
}

/// Builds all targets; the machine's target triple.
fn build() -> Result<String> {
    let version = Cmd::new("rustc").arg("-vV").ok()?;
    let triple = version.lines().find_map(|line| line.strip_prefix("host: "));
    let triple = triple.context("rustc does not say for which machine it compiles")?.to_owned();
    let coverage = [
        "--cfg=fuzzing",
        "-Ccodegen-units=1",
        "-Cpasses=sancov-module",
        "-Cllvm-args=-sanitizer-coverage-level=4",
        "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
        "-Cllvm-args=-sanitizer-coverage-pc-table",
        "-Cllvm-args=-sanitizer-coverage-trace-compares",
    ];
    Cmd::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        // With a target named, build scripts and macros are built without coverage.
        .args(["build", "--locked", "--release", "--target", &triple, "--target-dir"])
        .arg(directory())
        .env("RUSTFLAGS", coverage.join(" "))
        .dir(paths::workspace().join("tests/fuzz"))
        .limit(Duration::from_secs(1200))
        .ok()
        .context("cannot build the fuzz targets")?;
    Ok(triple)
}

/// What is built, found and learnt; not kept in the repository.
fn directory() -> PathBuf {
    paths::workspace().join("target/fuzz")
}

impl Target {
    fn run(&self, triple: &str, seconds: u64) -> Result<String> {
        let made = |name: &str| -> Result<PathBuf> {
            let path = directory().join(name).join(self.name);
            fs::create_dir_all(&path)
                .with_context(|| format!("cannot create {}", path.display()))?;
            Ok(path)
        };
        let (corpus, found) = (made("corpus")?, made("found")?);
        let regressions = paths::workspace().join("tests/fuzz/regressions").join(self.name);
        let seeds = self.seeds.iter().map(|seed| paths::workspace().join(seed));
        let mut cmd = Cmd::new(directory().join(triple).join("release").join(self.name))
            .args([format!("-max_total_time={seconds}"), "-max_len=4096".to_owned()])
            .args(["-timeout=10", "-rss_limit_mb=1024", "-print_final_stats=1"])
            .arg(format!("-artifact_prefix={}/", found.display()))
            .arg(&corpus)
            .limit(Duration::from_secs(seconds + 120));
        for directory in seeds.chain([regressions]).filter(|path| path.is_dir()) {
            cmd = cmd.arg(directory);
        }
        let output = cmd.output()?;
        if !output.success() {
            bail!(
                "{}\n   the input is in {}; keep it in tests/fuzz/regressions/{}",
                tail(&output.stderr, 25),
                shown(&found),
                self.name
            );
        }
        let runs = output
            .stderr
            .lines()
            .find_map(|line| line.strip_prefix("stat::number_of_executed_units:").map(str::trim));
        let runs = runs.context("libFuzzer did not say how much it ran")?;
        Ok(format!("{runs} inputs in {seconds} s, nothing found"))
    }
}

fn shown(path: &Path) -> String {
    path.strip_prefix(paths::workspace()).unwrap_or(path).display().to_string()
}
