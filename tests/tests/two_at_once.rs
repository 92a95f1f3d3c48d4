//! Several deploys at once: who comes second says whose lock it meets, and gives up without
//! a write, or waits.

use anyhow::{Result, ensure};
use std::time::Duration;
use windlass_tests::story::Story;

#[test]
#[ignore = "needs the fleet: cargo xtask test"]
fn who_comes_second_gives_up_without_a_write_or_waits() -> Result<()> {
    let story = Story::begin("twice")?;
    story.project.behave("APP_START_DELAY_MS=12000\n")?;
    let slow = story.project.commit_version("2")?;
    let first = story.windlass.start(&["deploy"])?;
    let host = story.web()?;
    let started = format!(
        "[ \"$(docker inspect -f '{{{{.State.Running}}}}' twice-web-{slow} 2>/dev/null)\" = true ]"
    );
    story.wait_on_host(host, "the first deploy to wait for health", &started, &first)?;

    let watch = host.watch_events()?;
    let second = story.windlass.fails(&["deploy", "--skip-push", "--lock-wait", "0"])?;
    let events = watch.stop()?;
    ensure!(first.is_alive(), "the first deploy was over too soon for this test");
    let text = second.all();
    for clue in ["lock release", "Fleet"] {
        ensure!(text.contains(clue), "the message lacks {clue:?}:\n{text}");
    }
    // Pulling is allowed without the lock; it adds only what nothing uses yet.
    let writes: Vec<_> = events.iter().filter(|e| e.is_write() && e.kind != "image").collect();
    ensure!(writes.is_empty(), "the second deploy wrote: {writes:#?}");

    // With time to wait, a third says for whom, and goes on when the first is done.
    let third = story.windlass.start(&["deploy", "--skip-push", "--lock-wait", "100"])?;
    let first = first.finish(Duration::from_secs(120))?;
    ensure!(first.success(), "the first deploy failed:\n{}", first.all());
    story.expect_serving("2")?;
    let third = third.finish(Duration::from_secs(120))?;
    let text = third.all();
    ensure!(third.success(), "the third deploy failed:\n{text}");
    for clue in ["waiting for the deploy lock on web-1: held by Fleet since 20", "lock release "] {
        ensure!(text.contains(clue), "the third deploy does not say {clue:?}:\n{text}");
    }
    story.expect_running(&slow)?;
    story.expect_lock_free()
}
