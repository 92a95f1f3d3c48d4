//! The site does not hang on the engine's daemon: it may stall, be upgraded or crash.

use std::thread;
use std::time::Duration;

use anyhow::Result;
use windlass_tests::story::Story;

/// Longer than a request of the load may take.
const STALL: Duration = Duration::from_secs(12);

#[test]
#[ignore = "needs the fleet: cargo xtask test"]
fn a_daemon_that_stalls_stalls_no_request() -> Result<()> {
    let story = Story::begin("stalled")?;
    let host = story.web()?;
    let load = story.load(&["1"]);
    load.wait_for("1", 1000, Duration::from_secs(30))?;
    host.inside_cmd("kill -STOP $(pidof dockerd)").ok()?;
    thread::sleep(STALL);
    host.inside_cmd("kill -CONT $(pidof dockerd)").ok()?;
    let report = load.stop();
    println!("dockerd stalled for {STALL:?}: {report}");
    report.expect(5000, &["1"], 5000)
}
