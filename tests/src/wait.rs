//! Waiting for facts: always bounded, and saying what was waited for.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};

/// Asks `probe` again and again until it answers `Ok(Some(value))`. An `Err` counts
/// as "not yet"; the last one is the reason in the final error.
pub fn until<T>(
    what: &str,
    limit: Duration,
    mut probe: impl FnMut() -> Result<Option<T>>,
) -> Result<T> {
    let started = Instant::now();
    let mut pause = Duration::from_millis(20);
    loop {
        let last = match probe() {
            Ok(Some(value)) => return Ok(value),
            Ok(None) => anyhow!("it is not so yet"),
            Err(error) => error,
        };
        if started.elapsed() > limit {
            return Err(last)
                .with_context(|| format!("waited {} s for {what} in vain", limit.as_secs()));
        }
        thread::sleep(pause);
        pause = (pause * 3 / 2).min(Duration::from_millis(250));
    }
}

/// Like [`until`] for a plain yes or no.
pub fn for_true(
    what: &str,
    limit: Duration,
    mut probe: impl FnMut() -> Result<bool>,
) -> Result<()> {
    until(what, limit, || Ok(probe()?.then_some(())))
}
