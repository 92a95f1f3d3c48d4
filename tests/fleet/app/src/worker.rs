//! The worker mode: a role without HTTP, as job runners are.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// Works until `stop` is set, and finishes its current job first.
pub fn run(version: &str, stop: &AtomicBool) {
    println!("worker of version {version}: started");
    let mut jobs = 0_u64;
    while !stop.load(Ordering::SeqCst) {
        thread::sleep(Duration::from_millis(50));
        jobs += 1;
    }
    println!("worker of version {version}: stopped after job {jobs}");
}
