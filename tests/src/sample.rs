//! How much of a long sweep is done: all of it by `cargo xtask soak`; by `cargo xtask test` a
//! part, another one for every commit.

use anyhow::{Context, Result};

use crate::paths;
use crate::process::Cmd;

/// What tells the tests, the kernel's too: `all`, or a number that picks the part.
pub const VARIABLE: &str = "WINDLASS_SAMPLE";

/// Of the variable: the whole sweep.
pub const ALL: &str = "all";

/// The number of the commit that is checked out; 0 outside a repository.
pub fn of_commit() -> Result<String> {
    let head = Cmd::new("git").args(["rev-parse", "HEAD"]).dir(paths::workspace()).output()?;
    match head.stdout.get(..8) {
        Some(digits) if head.success() => {
            let number = u32::from_str_radix(digits, 16).context("git names no commit")?;
            Ok(number.to_string())
        }
        _ => Ok("0".into()),
    }
}

/// True if sweeps are done in full.
pub fn is_whole() -> bool {
    std::env::var(VARIABLE).is_ok_and(|value| value == ALL)
}

/// Those of `all` that are tried now, if a sweep is cut into `parts`.
pub fn of<T>(all: &[T], parts: usize) -> impl Iterator<Item = &T> {
    let number: usize =
        std::env::var(VARIABLE).ok().and_then(|value| value.parse().ok()).unwrap_or(0);
    let is_whole = is_whole();
    let part = number % parts;
    all.iter().enumerate().filter(move |(at, _)| is_whole || at % parts == part).map(|(_, t)| t)
}
