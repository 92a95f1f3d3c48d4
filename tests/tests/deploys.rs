//! Deploys that go well: many in a row under load, and how little they ask of SSH.

use std::time::Duration;

use anyhow::{Result, ensure};
use windlass_tests::load::{Load, LoadPlan};
use windlass_tests::sample;
use windlass_tests::story::Story;

/// Kamal's own default of `retain_containers`.
const RETAINED: usize = 5;

#[test]
#[ignore = "needs the fleet: cargo xtask test"]
fn deploys_in_a_row_lose_no_request() -> Result<()> {
    let deploys = if sample::is_whole() { 20 } else { 6 };
    let story = Story::begin("row")?;
    let two = story.project.commit_version("2")?;
    let load = story.load(&["1", "2"]);
    story.windlass.ok(&["deploy"])?;
    for round in 1..deploys {
        let commit = if round % 2 == 1 { &story.one } else { &two };
        story.project.checkout(commit)?;
        story.windlass.ok(&["deploy", "--skip-push"])?;
        story.expect_running(commit)?;
    }
    let report = load.stop();
    println!("{deploys} deploys: {report}");
    report.expect(1_000 * deploys, &["1", "2"], 5_000)?;
    story.expect_lock_free()?;
    for host in &story.fleet.hosts {
        let containers = host.containers()?;
        let apps = containers.iter().filter(|c| c.name.starts_with("row-")).count();
        ensure!(apps <= 1 + RETAINED, "{} has leftovers: {containers:#?}", host.name);
        let strangers: Vec<_> = containers
            .iter()
            .filter(|c| !c.name.starts_with("row-") && c.name != "traefik")
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

#[test]
#[ignore = "needs the fleet: cargo xtask test"]
fn a_changed_router_label_is_refused_in_the_plan_and_the_site_keeps_serving() -> Result<()> {
    let story = Story::begin_one("labels")?;
    let web = story.web()?;
    let before = web.containers()?;
    let rule = "traefik.http.routers.labels-web.rule";
    story.project.append(&format!("labels:\n  {rule}: PathPrefix(`/version`)\n"))?;
    story.project.commit_version("2")?;
    let load = Load::start(&LoadPlan::new([web.authority(80)]).versions(&["1"]));
    for args in [&["plan"][..], &["deploy"]] {
        let refused = story.windlass.fails(args)?;
        refused.expect(&[
            rule,
            "PathPrefix(`/`)",
            "PathPrefix(`/version`)",
            "windlass app stop",
        ])?;
    }
    load.wait_for("1", 500, Duration::from_secs(30))?;
    load.stop().expect(500, &["1"], 500)?;
    let same = web.containers()?.iter().map(|c| &c.name).eq(before.iter().map(|c| &c.name));
    ensure!(same, "a refused deploy changed something: {:#?}", web.containers()?);
    story.expect_lock_free()?;

    // The way out, with its gap.
    story.windlass.ok(&["app", "stop"])?;
    story.windlass.ok(&["deploy"])?;
    web.serves("2")?;
    // The other rule is in use: nothing but Traefik's own answer is left for other paths.
    ensure!(web.get("/up")?.status != 200, "the new rule is not in use");
    // An older version is started with today's labels, so there is nothing to refuse.
    story.windlass.ok(&["rollback"])?;
    web.serves("1")?;
    story.windlass.ok(&["redeploy", "--skip-push"])?;
    web.serves("2")
}
