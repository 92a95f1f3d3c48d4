//! Deploys that go well: many in a row under load, and how little they ask of SSH.

use anyhow::{Result, ensure};
use windlass_tests::story::Story;

/// Kamal's own default of `retain_containers`.
const RETAINED: usize = 5;

#[test]
#[ignore = "needs the fleet: cargo xtask test"]
fn twenty_deploys_in_a_row_lose_no_request() -> Result<()> {
    let story = Story::begin("twenty")?;
    let one = story.project.head()?;
    let two = story.project.commit_version("2")?;
    let load = story.load(&["1", "2"]);
    story.windlass.ok(&["deploy"])?;
    for round in 1..20 {
        let commit = if round % 2 == 1 { &one } else { &two };
        story.project.checkout(commit)?;
        story.windlass.ok(&["deploy", "--skip-push"])?;
        story.expect_running(commit)?;
    }
    let report = load.stop();
    println!("20 deploys: {report}");
    report.expect(20_000, &["1", "2"], 5_000)?;
    story.expect_lock_free()?;
    for host in &story.fleet.hosts {
        let containers = host.containers()?;
        let apps = containers.iter().filter(|c| c.name.starts_with("twenty-")).count();
        ensure!(apps <= 1 + RETAINED, "{} has leftovers: {containers:#?}", host.name);
        let strangers: Vec<_> = containers
            .iter()
            .filter(|c| !c.name.starts_with("twenty-") && c.name != "traefik")
            .collect();
        ensure!(strangers.is_empty(), "{} has leftovers: {strangers:#?}", host.name);
    }
    Ok(())
}

#[test]
#[ignore = "needs the fleet: cargo xtask test"]
fn a_deploy_takes_one_handshake_and_eight_round_trips() -> Result<()> {
    let story = Story::prepare("trips")?;
    // A host with both roles has the most to do.
    story.project.edit_config(|text| text.replace("- worker-1", "- web-1"))?;
    story.project.commit("both roles on web-1")?;
    story.windlass.ok(&["setup"])?;
    let marks: Result<Vec<_>> = story.fleet.web_hosts().iter().map(|host| host.mark()).collect();
    story.windlass.ok(&["redeploy", "--skip-push"])?;
    for (host, mark) in story.fleet.web_hosts().into_iter().zip(marks?) {
        let used = host.ssh_use_since(&mark)?;
        println!("{}: {used:?}", host.name);
        // The lock's heartbeat has a channel of its own on the primary host.
        let allowed = if host.name == "web-1" { 9 } else { 8 };
        ensure!(used.handshakes == 1, "{} handshakes on {}", used.handshakes, host.name);
        ensure!(used.channels <= allowed, "{} channels on {}", used.channels, host.name);
    }
    Ok(())
}
