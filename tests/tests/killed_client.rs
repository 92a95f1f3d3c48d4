//! The client killed, or interrupted, in the middle of a deploy: the site answers
//! throughout, and the next deploy succeeds with nothing typed in between.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use windlass_tests::sample;
use windlass_tests::story::Story;

/// A moment of a deploy, as a shell condition on `web-1`. `$old` and `$new` are the
/// names of the containers, `$image` is the new image.
struct Point {
    name: &'static str,
    condition: &'static str,
}

const POINTS: &[Point] = &[
    Point {
        name: "lock held, nothing done",
        condition: "[ -d /root/.kamal/locks/killed ] && ! docker inspect $new >/dev/null 2>&1",
    },
    Point { name: "image pulled", condition: "docker image inspect $image >/dev/null 2>&1" },
    Point {
        name: "new started",
        condition: "[ \"$(docker inspect -f '{{.State.Running}}' $new 2>/dev/null)\" = true ]",
    },
    Point {
        name: "cord cut and not yet unhealthy",
        condition: "[ -n \"$cord\" ] && [ ! -e $cord/cord ]",
    },
    Point {
        name: "unhealthy and not yet stopped",
        condition: "[ \"$(docker inspect -f '{{.State.Health.Status}}' $old)\" = unhealthy ]",
    },
    Point {
        name: "stopped and not yet tagged",
        condition: "[ \"$(docker inspect -f '{{.State.Running}}' $old)\" = false ]",
    },
];

/// Starts a deploy, sends `signal` at the point, and deploys again.
fn stopped_at(story: &Story, point: &Point, signal: &str, version: u32) -> Result<()> {
    let old = story.project.head()?;
    let (before, after) = ((version - 1).to_string(), version.to_string());
    let new = story.project.commit_version(&after)?;
    let load = story.load(&[&before, &after]);
    let run = story.windlass.start(&["deploy"])?;
    let host = story.fleet.host("web-1")?;
    let condition = format!(
        "old=killed-web-{old}; new=killed-web-{new}; image={}; \
         cord=$(docker inspect -f '{{{{range .Mounts}}}}{{{{println .Source .Destination}}}}\
         {{{{end}}}}' $old 2>/dev/null | awk '$2 == \"/tmp/kamal-cord\" {{print $1}}'); {}",
        story.project.image(&new),
        point.condition
    );
    story.wait_on_host(host, point.name, &condition, &run)?;
    run.signal_one(signal)?;
    let ended = run.finish(Duration::from_secs(60))?;
    ensure!(!ended.success() || signal == "INT", "it ended well in spite of SIG{signal}");
    if signal == "INT" {
        story.expect_lock_free().context("after Ctrl-C")?;
    }

    let started = Instant::now();
    story.windlass.ok(&["deploy"])?;
    let took = started.elapsed();
    let report = load.stop();
    println!("SIG{signal} at {}: next deploy {took:.1?}; {report}", point.name);
    story.expect_serving(&after)?;
    story.expect_running(&new)?;
    story.expect_lock_free()?;
    report.expect(500, &[&after], 1)
}

/// At all six points, or at one of them, the others at other commits.
fn at_points(signal: &str) -> Result<()> {
    let story = Story::begin("killed")?;
    for (number, point) in (2..).zip(sample::of(POINTS, 6)) {
        stopped_at(&story, point, signal, number)
            .with_context(|| format!("SIG{signal} at: {}", point.name))?;
    }
    Ok(())
}

#[test]
#[ignore = "needs the fleet: cargo xtask test"]
fn killed_at_any_point() -> Result<()> {
    at_points("KILL")
}

#[test]
#[ignore = "needs the fleet: cargo xtask test"]
fn interrupted_at_any_point() -> Result<()> {
    at_points("INT")
}

#[test]
#[ignore = "needs the fleet: cargo xtask test"]
fn a_client_that_sleeps_past_its_lease_is_refused() -> Result<()> {
    let story = Story::begin("killed")?;
    story.project.commit_version("2")?;
    let load = story.load(&["1", "2", "3"]);
    let sleeper = story.windlass.start(&["deploy"])?;
    let host = story.fleet.host("web-1")?;
    story.wait_on_host(host, "the lock", "[ -d /root/.kamal/locks/killed ]", &sleeper)?;
    sleeper.signal_one("STOP")?;
    let third = story.project.commit_version("3")?;
    story.windlass.ok(&["deploy"])?;
    sleeper.signal_one("CONT")?;
    let woken = sleeper.finish(Duration::from_secs(120))?;
    let report = load.stop();
    ensure!(!woken.success(), "the woken client was not refused:\n{}", woken.all());
    story.expect_serving("3")?;
    story.expect_running(&third)?;
    report.expect(500, &["3"], 100)
}
