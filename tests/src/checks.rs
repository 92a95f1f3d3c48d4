//! `cargo xtask test`: every check there is, with one closing line. A failing check
//! does not stop the others, so that one run shows everything.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::fleet::Fleet;
use crate::process::{Cmd, Output, tail};
use crate::{demo, fuzz, house_rules, paths, setup};

/// Counts of checks and single tests.
#[derive(Default)]
struct Tally {
    passed: u64,
    failed: u64,
    reasons: Vec<String>,
}

/// Runs all checks; `filter` restricts the fleet's tests to matching names.
/// `fuzz_seconds` is how long each fuzz target runs, 0 for not at all.
pub fn run(filter: Option<&str>, skip_fleet: bool, fuzz_seconds: u64) -> Result<()> {
    setup::for_building()?;
    let mut tally = Tally::default();
    tally.check("house rules", || {
        let found = house_rules::violations(&paths::workspace())?;
        if !found.is_empty() {
            bail!("{}", found.join("\n"));
        }
        Ok(())
    });
    tally.check("formatting", || cargo(&["fmt", "--all", "--check"]).ok().map(drop));
    tally.check("clippy", || {
        let args = ["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"];
        cargo(&args).ok().map(drop)
    });
    tally.check("documentation", || {
        cargo(&["doc", "--quiet", "--workspace", "--no-deps"])
            .env("RUSTDOCFLAGS", "-D warnings")
            .ok()
            .map(drop)
    });
    tally.tests("tests without the fleet", &cargo(&["test", "--workspace", "--no-fail-fast"]));
    if fuzz_seconds > 0 {
        tally.check("fuzzing", || fuzz::run(fuzz_seconds));
    }
    if !skip_fleet {
        tally.check("building windlass", demo::build);
        tally.check("bringing the fleet up", || Fleet::up().map(drop));
        let mut args = vec!["test", "--package", "windlass-tests", "--test", "*"];
        args.extend(["--no-fail-fast", "--", "--ignored", "--test-threads=1", "--nocapture"]);
        args.extend(filter);
        tally.tests("tests on the fleet", &cargo(&args));
    }
    tally.close()
}

fn cargo(args: &[&str]) -> Cmd {
    Cmd::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(args)
        // The chain of reasons tells more than where an error object was made.
        .env("RUST_LIB_BACKTRACE", "0")
        .dir(paths::workspace())
        .limit(Duration::from_secs(2400))
}

impl Tally {
    fn check(&mut self, name: &str, act: impl FnOnce() -> Result<()>) {
        let started = Instant::now();
        println!("== {name}");
        match act() {
            Ok(()) => {
                self.passed += 1;
                println!("   ok ({:.1} s)", started.elapsed().as_secs_f32());
            }
            Err(error) => {
                println!("{error:#}\n   FAILED");
                self.failed += 1;
                self.reasons.push(name.into());
            }
        }
    }

    /// Runs `cargo test` and adds the single tests to the counts.
    fn tests(&mut self, name: &str, cmd: &Cmd) {
        let started = Instant::now();
        println!("== {name}");
        let output = match cmd.output() {
            Ok(output) => output,
            Err(error) => {
                println!("{error:#}\n   FAILED");
                self.failed += 1;
                self.reasons.push(name.into());
                return;
            }
        };
        let counts = Counts::of(&output);
        println!("{}", counts.shown(&output));
        self.passed += counts.passed;
        // Code that does not compile, or a crash, fails without naming a test.
        let failed = counts.failed.max(u64::from(!output.success()));
        self.failed += failed;
        if failed > 0 {
            self.reasons.push(format!("{name}: {}", counts.failures.join(", ")));
        }
        let seconds = started.elapsed().as_secs_f32();
        println!("   {} passed, {failed} failed ({seconds:.1} s)", counts.passed);
    }

    fn close(self) -> Result<()> {
        for reason in &self.reasons {
            println!("failed: {reason}");
        }
        println!("{} passed, {} failed", self.passed, self.failed);
        if self.failed > 0 {
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
            } else if let Some(name) = line.strip_prefix("---- ") {
                counts.failures.push(name.trim_end_matches(" stdout ----").into());
            }
        }
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
                      ---- a_test stdout ----\n\
                      test result: FAILED. 1 passed; 2 failed; 0 ignored\n";
        let output = Output {
            code: Some(101),
            stdout: stdout.into(),
            stderr: String::new(),
            took: Duration::ZERO,
        };
        let counts = Counts::of(&output);
        assert_eq!((counts.passed, counts.failed), (13, 2));
        assert_eq!(counts.failures, ["a_test"]);
    }
}
