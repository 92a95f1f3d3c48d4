//! Releases that are broken in three ways: the old version keeps serving on all hosts, the
//! message says why, nothing of the new one is left, and the next good deploy needs no manual step.

use anyhow::{Result, ensure};
use windlass_tests::host::Host;
use windlass_tests::story::Story;

fn a_broken_image(service: &str, mode: &str, clues: &[&str]) -> Result<()> {
    let story = Story::begin(service)?;
    let load = story.load(&["1", "3"]);

    story.project.behave(&format!("APP_MODE={mode}\n"))?;
    let broken = story.project.commit_version("2")?;
    let hosts = &story.fleet.hosts;
    let before: Vec<String> = hosts.iter().map(Host::standing).collect::<Result<_>>()?;
    let watches: Vec<_> = hosts.iter().map(Host::watch_events).collect::<Result<_>>()?;
    let output = story.windlass.fails(&["deploy"])?;
    // At once: whatever still had to be cleaned up would be seen.
    let after: Vec<String> = hosts.iter().map(Host::standing).collect::<Result<_>>()?;
    ensure!(before == after, "something was left or touched:\n{before:#?}\n{after:#?}");
    output.expect(clues)?;
    for (host, watch) in hosts.iter().zip(watches) {
        let role = if host.name == "worker-1" { "workers" } else { "web" };
        let events = watch.stop()?;
        let created = events.iter().filter(|e| e.kind == "container" && e.action == "create");
        let created: Vec<_> = created.map(|event| event.name.as_str()).collect();
        // Not even one for a health check of its own.
        ensure!(created == [format!("{service}-{role}-{broken}")], "{}: {created:?}", host.name);
    }
    story.expect_settled("1", &story.one)?;

    story.project.behave("")?;
    let fixed = story.project.commit_version("3")?;
    story.windlass.ok(&["deploy"])?;
    story.expect_serving("3")?;
    story.expect_running(&fixed)?;
    let report = load.stop();
    println!("{mode}: {report}");
    report.expect(2000, &["1", "3"], 100)
}

#[test]
#[ignore = "needs the fleet: cargo xtask test"]
fn a_broken_image_on_three_hosts_leaves_nothing_behind_exiting_at_once() -> Result<()> {
    a_broken_image("exits", "exit", &["cannot start: migration 20240229 is missing"])
}

/// Why the workers stop their new container again, which is good: there is no way through the gate.
const GATE: &str = "worker-1: taken back, the previous version keeps running: no container of the \
                    primary role became good";

#[test]
#[ignore = "needs the fleet: cargo xtask test"]
fn a_broken_image_on_three_hosts_leaves_nothing_behind_never_healthy() -> Result<()> {
    a_broken_image("sick", "unhealthy", &["unhealthy", "curl -f", "503", "unreachable", GATE])
}

#[test]
#[ignore = "needs the fleet: cargo xtask test"]
fn a_broken_image_on_three_hosts_leaves_nothing_behind_listening_elsewhere() -> Result<()> {
    a_broken_image("port", "other-port", &["3000", "listens on port 4000", GATE])
}
