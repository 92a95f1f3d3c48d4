//! `cargo xtask test`: every check there is, with one closing line. A failing check
//! does not stop the others, so that one run shows everything.
//!
//! The fleet's tests mostly wait for hosts; whatever computes does so beside them, and gives
//! way to them.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::fleet::Fleet;
use crate::process::{Cmd, Output, tail};
use crate::{demo, fuzz, house_rules, paths, sample, setup};

/// Of a command that builds or tests.
const LIMIT: Duration = Duration::from_secs(2400);

/// Counts of checks and single tests.
#[derive(Default)]
struct Tally {
    passed: u64,
    failed: u64,
    reasons: Vec<String>,
}

/// The same, for several threads.
#[derive(Default)]
struct Tallies(Mutex<Tally>);

/// What is checked.
pub struct Extent {
    /// Of the fleet's tests, only those with matching names.
    pub filter: Option<String>,
    pub skip_fleet: bool,
    /// How long each fuzz target runs, 0 for not at all.
    pub fuzz_seconds: u64,
    /// How much of long sweeps: the value of [`sample::VARIABLE`].
    pub sample: String,
}

/// Runs all checks.
pub fn run(extent: &Extent) -> Result<()> {
    setup::for_building()?;
    setup::for_testing()?;
    let tallies = Tallies::default();
    tallies.check("house rules", || {
        let found = house_rules::violations(&paths::workspace())?;
        if !found.is_empty() {
            bail!("{}", found.join("\n"));
        }
        Ok(())
    });
    tallies.check("formatting", || cargo(&["fmt", "--all", "--check"]).ok().map(drop));
    if extent.fuzz_seconds > 0 {
        tallies.check("the lock file of the fuzz targets", fuzz::is_locked);
    }
    thread::scope(|scope| {
        if extent.skip_fleet {
            return computing(&tallies, extent);
        }
        let fleet = scope.spawn(|| {
            // While cargo compiles, images are built and fetched.
            tallies.check("bringing the fleet up", || Fleet::up().map(drop))
        });
        let mut programs = None;
        tallies.check("building windlass and the fleet's tests", || {
            programs = Some(Programs::build()?);
            Ok(())
        });
        scope.spawn(|| computing(&tallies, extent));
        let is_up = fleet.join().unwrap_or(false);
        if let (Some(programs), true) = (programs, is_up) {
            programs.run(&tallies, extent);
        }
    });
    tallies.close()
}

/// What needs nothing but this machine's cores.
fn computing(tallies: &Tallies, extent: &Extent) {
    // Of this thread, and so of what it starts.
    let _ = rustix::process::nice(19);
    let unit = cargo(&["test", "--workspace", "--no-fail-fast"]);
    let unit = unit.env(sample::VARIABLE, &extent.sample);
    tallies.tests("tests without the fleet", &unit);
    tallies.check("clippy", || {
        let args = ["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"];
        cargo(&args).ok().map(drop)
    });
    tallies.check("documentation", || {
        cargo(&["doc", "--quiet", "--workspace", "--no-deps"])
            .env("RUSTDOCFLAGS", "-D warnings")
            .ok()
            .map(drop)
    });
    if extent.fuzz_seconds > 0 {
        tallies.check("fuzzing", || fuzz::run(extent.fuzz_seconds));
    }
}

/// What runs on the fleet. It is not started through cargo, which is busy with the checks beside.
struct Programs {
    /// A copy: the checks beside this build their own.
    windlass: PathBuf,
    /// By name.
    tests: Vec<(String, PathBuf)>,
}

impl Programs {
    fn build() -> Result<Self> {
        demo::build()?;
        let windlass = match std::env::var_os("WINDLASS_BIN") {
            Some(given) => given.into(),
            None => {
                let copy = paths::state_dir("under-test")?.join("windlass");
                let built = paths::cargo_target().join("debug/windlass");
                std::fs::copy(&built, &copy)
                    .with_context(|| format!("cannot copy {}", built.display()))?;
                copy
            }
        };
        // All packages are named, so that dependencies have the features that they have in the
        // checks beside this, and are built once.
        let mut build = cargo(&["test", "--quiet", "--workspace", "--no-run"])
            .arg("--message-format=json-render-diagnostics");
        for name in names()? {
            build = build.args(["--test", &name]);
        }
        let manifest = paths::workspace().join("tests/Cargo.toml");
        let mut tests = Vec::new();
        for line in build.ok()?.lines().filter(|line| line.starts_with('{')) {
            let made: Value = serde_json::from_str(line).context("cargo's messages are no JSON")?;
            let (name, program) = (made["target"]["name"].as_str(), made["executable"].as_str());
            if let (Some(name), Some(program)) = (name, program)
                && made["target"]["kind"][0] == "test"
                && made["manifest_path"].as_str().map(Path::new) == Some(&manifest)
            {
                tests.push((name.to_string(), PathBuf::from(program)));
            }
        }
        if tests.is_empty() {
            bail!("cargo names no test program of windlass-tests");
        }
        tests.sort();
        Ok(Self { windlass, tests })
    }

    fn run(&self, tallies: &Tallies, extent: &Extent) {
        for (name, program) in &self.tests {
            let test = Cmd::new(program)
                .args(["--ignored", "--test-threads=1", "--nocapture"])
                .args(&extent.filter)
                .env(sample::VARIABLE, &extent.sample)
                .env("WINDLASS_BIN", &self.windlass)
                .env("RUST_LIB_BACKTRACE", "0")
                .dir(paths::workspace().join("tests"))
                .limit(LIMIT);
            tallies.tests(&format!("{name} on the fleet"), &test);
        }
    }
}

/// The names of the fleet's test programs.
fn names() -> Result<Vec<String>> {
    let directory = paths::workspace().join("tests/tests");
    let entries =
        fs::read_dir(&directory).with_context(|| format!("cannot list {}", directory.display()))?;
    let mut names = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if let (Some(name), Some("rs")) =
            (path.file_stem(), path.extension().and_then(OsStr::to_str))
        {
            names.push(name.to_string_lossy().into_owned());
        }
    }
    Ok(names)
}

fn cargo(args: &[&str]) -> Cmd {
    Cmd::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(args)
        // The chain of reasons tells more than where an error object was made.
        .env("RUST_LIB_BACKTRACE", "0")
        .dir(paths::workspace())
        .limit(LIMIT)
}

impl Tallies {
    /// True if it went well.
    fn check(&self, name: &str, act: impl FnOnce() -> Result<()>) -> bool {
        let started = Instant::now();
        println!("   {name} …");
        let outcome = act();
        let seconds = started.elapsed().as_secs_f32();
        let is_good = outcome.is_ok();
        match outcome {
            Ok(()) => self.add(1, 0, None, &format!("== {name}: ok ({seconds:.1} s)")),
            Err(error) => {
                let said = format!("== {name}: FAILED ({seconds:.1} s)\n{error:#}");
                self.add(0, 1, Some(name.into()), &said);
            }
        }
        is_good
    }

    /// Runs a test program, or several through cargo, and adds the single tests to the counts.
    fn tests(&self, name: &str, cmd: &Cmd) {
        let started = Instant::now();
        println!("   {name} …");
        let output = match cmd.output() {
            Ok(output) => output,
            Err(error) => {
                return self.add(0, 1, Some(name.into()), &format!("== {name}: FAILED\n{error:#}"));
            }
        };
        let counts = Counts::of(&output);
        // Code that does not compile, or a crash, fails without naming a test.
        let failed = counts.failed.max(u64::from(!output.success()));
        let reason = (failed > 0).then(|| format!("{name}: {}", counts.failures.join(", ")));
        let (passed, seconds) = (counts.passed, started.elapsed().as_secs_f32());
        let said = counts.shown(&output);
        let said = format!("== {name}: {passed} passed, {failed} failed ({seconds:.1} s)\n{said}");
        self.add(passed, failed, reason, said.trim_end());
    }

    /// Counts, and prints in one piece what was found.
    fn add(&self, passed: u64, failed: u64, reason: Option<String>, said: &str) {
        let mut tally = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tally.passed += passed;
        tally.failed += failed;
        tally.reasons.extend(reason);
        println!("{said}");
    }

    fn close(self) -> Result<()> {
        let tally = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        for reason in &tally.reasons {
            println!("failed: {reason}");
        }
        println!("{} passed, {} failed", tally.passed, tally.failed);
        if tally.failed > 0 {
            bail!("not everything passed");
        }
        Ok(())
    }
}

/// What `cargo test` reported.
struct Counts {
    passed: u64,
    failed: u64,
    failures: Vec<String>,
}

impl Counts {
    fn of(output: &Output) -> Self {
        let mut counts = Self { passed: 0, failed: 0, failures: Vec::new() };
        for line in output.stdout.lines() {
            if let Some(rest) = line.strip_prefix("test result: ") {
                let number = |word: &str| {
                    let mut words = rest.split([' ', ';', '.']).filter(|word| !word.is_empty());
                    let mut last = 0;
                    words
                        .find_map(|this| {
                            let found = (this == word).then_some(last);
                            last = this.parse().unwrap_or(last);
                            found
                        })
                        .unwrap_or(0)
                };
                counts.passed += number("passed");
                counts.failed += number("failed");
            }
        }
        let mut is_list = false;
        for line in output.stdout.lines() {
            match line.strip_prefix("    ") {
                Some(name) if is_list => counts.failures.push(name.into()),
                _ => is_list = line == "failures:",
            }
        }
        counts.failures.sort();
        counts.failures.dedup();
        counts
    }

    /// Everything when something failed, else what the tests printed.
    fn shown(&self, output: &Output) -> String {
        if output.success() {
            let quiet = |line: &&str| {
                !line.is_empty()
                    && !line.starts_with("running ")
                    && !line.starts_with("test result: ")
                    && !line.ends_with("... ok")
                    && !line.contains(" ... ignored")
            };
            output.stdout.lines().filter(quiet).map(|line| format!("   {line}\n")).collect()
        } else {
            format!("{}\n{}", tail(&output.stderr, 60), output.stdout)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_summed_over_test_programs() {
        let stdout = "test result: ok. 12 passed; 0 failed; 3 ignored; 0 measured\n\
                      failures:\n\n---- a_test stdout ----\n    what it printed\n\n\
                      failures:\n    a_test\n    another\n\n\
                      test result: FAILED. 1 passed; 2 failed; 0 ignored\n";
        let output = Output {
            code: Some(101),
            stdout: stdout.into(),
            stderr: String::new(),
            took: Duration::ZERO,
        };
        let counts = Counts::of(&output);
        assert_eq!((counts.passed, counts.failed), (13, 2));
        assert_eq!(counts.failures, ["a_test", "another"]);
    }
}
