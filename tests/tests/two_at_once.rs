//! Two deploys at once: the second says whose lock it meets, waits or gives up, and
//! changes nothing.

use anyhow::{Result, ensure};
use std::time::Duration;
use windlass_tests::story::Story;

#[test]
#[ignore = "needs the fleet: cargo xtask test"]
fn the_second_deploy_gives_up_without_a_write() -> Result<()> {
    let story = Story::begin("twice")?;
    story.project.behave("APP_START_DELAY_MS=2500\n")?;
    let slow = story.project.commit_version("2")?;
    let first = story.windlass.start(&["deploy"])?;
    let host = story.fleet.host("web-1")?;
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

    let first = first.finish(Duration::from_secs(120))?;
    ensure!(first.success(), "the first deploy failed:\n{}", first.all());
    story.expect_serving("2")?;
    story.expect_running(&slow)?;
    story.expect_lock_free()
}
