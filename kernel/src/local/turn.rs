//! One run at a time may build a project: a clone that one of them resets is the other's source.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::error::LocalError;

/// Between two tries.
const PAUSE: Duration = Duration::from_millis(200);

/// A file that is locked until this is dropped, or the process ends, however it ends.
#[derive(Debug)]
pub struct Turn {
    _locked: File,
}

impl Turn {
    /// Locks a file, which is made if it is missing. While somebody else has it: says so once,
    /// and waits that long.
    pub async fn take(
        path: &Path,
        wait: Duration,
        waiting: impl FnOnce(),
    ) -> Result<Self, LocalError> {
        let unusable = |error: std::io::Error| LocalError::Turn {
            path: path.into(),
            detail: error.to_string(),
        };
        path.parent().map_or(Ok(()), std::fs::create_dir_all).map_err(unusable)?;
        let file = File::options().create(true).append(true).open(path).map_err(unusable)?;
        let end = Instant::now() + wait;
        let mut waiting = Some(waiting);
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { _locked: file }),
                Err(TryLockError::Error(error)) => return Err(unusable(error)),
                Err(TryLockError::WouldBlock) if Instant::now() >= end => {
                    return Err(LocalError::Busy { wait });
                }
                Err(TryLockError::WouldBlock) => {
                    if let Some(waiting) = waiting.take() {
                        waiting();
                    }
                    sleep(PAUSE).await;
                }
            }
        }
    }
}
