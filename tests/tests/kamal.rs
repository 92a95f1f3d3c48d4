//! Beside Kamal 1.9.3 on the same hosts: each tool goes on with what the other left, without
//! downtime, and respects the other's lock.

use std::time::Duration;

use anyhow::{Result, ensure};
use windlass_tests::host::Host;
use windlass_tests::kamal::{Kamal, Role, WEB, WORKERS};
use windlass_tests::load::{Load, LoadPlan};
use windlass_tests::story::Story;
use windlass_tests::wait;

/// As Kamal writes it, for a lock that its clients took an hour ago.
const DETAILS: &str = "Locked by: Jo Doe at 2026-01-02T03:04:05Z\nVersion: abc\nMessage: ours";

fn roles(host: &Host) -> &'static [Role] {
    if host.name.starts_with("web") { &[WEB] } else { &[WORKERS] }
}

fn has(said: &str, clue: &str) -> Result<()> {
    ensure!(said.contains(clue), "{clue:?} is missing in:\n{said}");
    Ok(())
}

fn has_not(said: &str, clue: &str) -> Result<()> {
    ensure!(!said.contains(clue), "{clue:?} should not be in:\n{said}");
    Ok(())
}

/// Both roles on `web-1`, and nothing elsewhere.
fn on_one_host(service: &str) -> Result<(Story, Kamal)> {
    let story = Story::prepare(service)?;
    story.project.edit_config(|text| {
        text.replace("      - web-2\n", "").replace("      - worker-1\n", "      - web-1\n")
    })?;
    let kamal = Kamal::of(&story.fleet, &story.project);
    Ok((story, kamal))
}

#[test]
#[ignore = "needs the fleet: cargo xtask test"]
fn a_fleet_of_kamal_is_taken_over_without_downtime() -> Result<()> {
    let story = Story::prepare("inherited")?;
    let (windlass, web) = (&story.windlass, story.web()?);
    let one = story.project.head()?;
    let mut kamal = Kamal::of(&story.fleet, &story.project);
    kamal.settle = Duration::ZERO;
    kamal.push(&story.project, "older")?;
    kamal.push(&story.project, &one)?;
    story.fleet.on_all_hosts(|host| {
        kamal.set_up(host, roles(host))?;
        if host.name == web.name {
            kamal.deploy(host, roles(host), "older")?;
            kamal.run(host, &format!("rm -r {}", kamal.cord(host, WEB, "older")?))?;
            kamal.stop(host, WEB, "older")?;
        }
        kamal.deploy(host, roles(host), &one)
    })?;
    // A deploy of Kamal's was interrupted before it stopped a container whose cord it had cut.
    let (stale, current) = (kamal.name(WEB, "older"), kamal.name(WEB, &one[..12]));
    web.docker(&["start", &stale])?;
    let leaked = format!("/root/.kamal/cords/{}-{}", kamal.prefix(WEB), "0f".repeat(16));
    web.inside_cmd(&format!("mkdir {leaked}; touch {leaked}/cord")).ok()?;
    let traefik = web.docker(&["inspect", "--format", "{{.Id}}", "traefik"])?;
    // The secrets are on the hosts; no deploy needs them here.
    story.forget_secrets()?;

    // What only looks works at once, and changes nothing.
    windlass.ok(&["config"])?;
    has(&windlass.ok(&["status"])?.stdout, &format!("web: {one}"))?;
    has(&windlass.ok(&["audit"])?.stdout, "[workers] Booted app version")?;
    let two = story.project.commit_version("2")?;
    let targets = story.fleet.web_hosts().into_iter().map(|host| host.authority(80));
    let plan = LoadPlan::new(targets).versions(&["1", "2"]).pause(Duration::from_millis(20));
    let load = Load::start(&plan);
    load.wait_for("1", 100, Duration::from_secs(10))?;
    has(&windlass.ok(&["plan"])?.all(), &format!("Cut the cord of {current}"))?;
    ensure!(web.state(&stale)? == "running", "the plan has changed something");

    // Traefik cannot be asked, which is said, with the way out.
    has(&windlass.ok(&["deploy"])?.all(), "windlass traefik reboot")?;
    load.wait_for("2", 100, Duration::from_secs(10))?;
    story.expect_serving("2")?;
    story.expect_running(&two)?;
    for host in &story.fleet.hosts {
        let kept = kamal.name(roles(host)[0], &one);
        ensure!(host.state(&kept)? == "exited", "{kept} on {} is not kept", host.name);
    }
    ensure!(web.state(&stale)? == "exited", "the stale container still runs");
    ensure!(!web.inside(&format!("ls {leaked}"))?.success(), "a cord that nothing mounts stays");
    let secret = web.get("/env/APP_SECRET")?.text();
    ensure!(secret == "only-the-app-knows", "Kamal's env file was not used: {secret}");

    // The last version of Kamal's is what there is to go back to.
    has(&windlass.ok(&["rollback"])?.all(), &format!("Rolling back to {}", &one[..12]))?;
    let report = load.stop();
    println!("taken over from Kamal, and back: {report}");
    report.expect(2_000, &["1", "2"], 500)?;
    story.expect_settled("1", &one)?;
    let same = web.docker(&["inspect", "--format", "{{.Id}}", "traefik"])?;
    ensure!(same == traefik, "Traefik was replaced by a deploy");

    windlass.ok(&["traefik", "reboot", "--rolling", "-y"])?;
    story.expect_serving_soon("1")?;
    has_not(&windlass.ok(&["plan"])?.all(), "windlass traefik reboot")
}

#[test]
#[ignore = "needs the fleet: cargo xtask test"]
fn what_windlass_leaves_is_read_back_by_kamals_conventions() -> Result<()> {
    let (story, kamal) = on_one_host("readable")?;
    let (windlass, web, one) = (&story.windlass, story.web()?, &story.one);
    windlass.ok(&["setup"])?;

    // While a deploy goes on, Kamal finds the lock and reads whose it is.
    let two = story.project.commit_version("2")?;
    let deploy = windlass.start(&["deploy"])?;
    let locked = "test -s /root/.kamal/locks/readable/details";
    story.wait_on_host(web, "the deploy to take the lock", locked, &deploy)?;
    let (refused, shown) = (kamal.lock(web, DETAILS)?, kamal.lock_status(web)?);
    ensure!(!refused.success(), "Kamal took a lock that is held");
    has(&refused.stderr, "cannot create directory")?;
    let lines: Vec<&str> = shown.stdout.lines().collect();
    ensure!(lines.len() == 3, "the lock's details are not three lines: {}", shown.all());
    has(lines[0], "Locked by: Fleet at 20")?;
    ensure!(lines[1] == format!("Version: {two}"), "{}", lines[1]);
    ensure!(lines[2] == "Message: Automatic deploy lock", "{}", lines[2]);
    let deploy = deploy.finish(Duration::from_secs(120))?;
    ensure!(deploy.success(), "the deploy failed:\n{}", deploy.all());
    ensure!(!kamal.lock_status(web)?.success(), "the lock is still there");

    for role in [WEB, WORKERS] {
        let current = kamal.current(web, role)?;
        ensure!(!current.is_empty() && current == kamal.id(web, role, &two)?, "{current}");
        ensure!(kamal.version(web, role)? == two, "{}", kamal.version(web, role)?);
        ensure!(kamal.versions(web, role)? == [two.clone()], "{:?}", kamal.versions(web, role)?);
        ensure!(!kamal.id(web, role, one)?.is_empty(), "Kamal cannot roll {} back", role.name);
        let file = format!(".kamal/env/roles/{}.env", kamal.prefix(role));
        let secrets = kamal.run(web, &format!("cat {file}"))?;
        ensure!(secrets == "APP_SECRET=only-the-app-knows", "{file}: {secrets}");
        let image = kamal.image("latest");
        let exec = kamal.run(web, &format!("docker run --rm --env-file {file} {image} env"))?;
        has(&exec, "APP_SECRET=only-the-app-knows")?;
        has(&kamal.audits(web)?, &format!("[{}] Booted app version {two}", role.name))?;
    }
    ensure!(kamal.run(web, "cat .kamal/env/traefik/traefik.env")?.is_empty());
    let cord = kamal.cord(web, WEB, &two)?;
    kamal.run(web, &format!("stat {cord}/cord"))?;
    let first = kamal.audits(web)?.lines().next().unwrap_or_default().to_string();
    ensure!(first.starts_with("[20") && first.contains("Z] [fleet@example.com] "), "{first}");
    kamal.run(web, "docker container start traefik")?;

    // Whatever else runs of a role is stale to Kamal.
    web.docker(&["start", &kamal.name(WEB, one)])?;
    ensure!(kamal.stale(web, WEB)? == [one.clone()], "{:?}", kamal.stale(web, WEB)?);
    kamal.stop(web, WEB, one)?;
    ensure!(kamal.stale(web, WEB)?.is_empty(), "{:?}", kamal.stale(web, WEB)?);

    // Kamal deploys over it, and Windlass reads what that leaves.
    let three = story.project.commit_version("3")?;
    kamal.push(&story.project, &three)?;
    let load = Load::start(&LoadPlan::new([web.authority(80)]).versions(&["2", "3"]));
    load.wait_for("2", 100, Duration::from_secs(10))?;
    kamal.deploy(web, &[WEB, WORKERS], &three)?;
    load.wait_for("3", 100, Duration::from_secs(10))?;
    let report = load.stop();
    println!("back to Kamal: {report}");
    report.expect(500, &["2", "3"], 100)?;
    let status = windlass.ok(&["status"])?.stdout;
    has(&status, &format!("web: {three}"))?;
    has(&status, &format!("workers: {three}"))?;
    for role in [WEB, WORKERS] {
        ensure!(web.state(&kamal.name(role, &two))? == "exited", "{} still runs", role.name);
    }
    Ok(())
}

#[test]
#[ignore = "needs the fleet: cargo xtask test"]
fn a_lock_of_kamal_is_respected() -> Result<()> {
    let (story, kamal) = on_one_host("locked")?;
    let (windlass, web) = (&story.windlass, story.web()?);
    let files = || web.inside("ls /root/.kamal/env /root/.kamal/windlass 2>/dev/null");

    // It has no lease, so that no age of it is a reason to take it over.
    ensure!(kamal.lock(web, DETAILS)?.success());
    let lock = "/root/.kamal/locks/locked";
    web.inside_cmd(&format!("touch -d '1 hour ago' {lock}/details {lock}")).ok()?;
    let shown = windlass.ok(&["lock", "status"])?.stdout;
    for clue in DETAILS.lines().chain(["stays until it is released"]) {
        has(&shown, clue)?;
    }
    let refused = windlass.fails(&["env", "push", "--lock-wait", "0"])?.all();
    for clue in ["Jo Doe", "2026-01-02T03:04:05Z", "ours", "windlass lock release "] {
        has(&refused, clue)?;
    }
    ensure!(!files()?.stdout.contains("roles"), "env files were written: {}", files()?.stdout);
    windlass.ok(&["app", "containers"])?;

    // Who waits goes on when Kamal gives it back.
    let waiting = windlass.start(&["env", "push", "--lock-wait", "60"])?;
    wait::for_true("windlass to wait", Duration::from_secs(30), || {
        Ok(waiting.so_far().contains("waiting for the deploy lock on web-1: held by Jo Doe"))
    })?;
    ensure!(kamal.unlock(web)?.success());
    let waited = waiting.finish(Duration::from_secs(60))?;
    ensure!(waited.success(), "it did not go on:\n{}", waited.all());
    ensure!(files()?.stdout.contains("roles"), "no env files were written");

    // A lock that a dead client of Kamal's has left is released by its id.
    ensure!(kamal.lock(web, DETAILS)?.success());
    let shown = windlass.ok(&["lock", "status"])?.stdout;
    let id = shown.lines().find_map(|line| line.strip_prefix("Lock id: ")).unwrap_or_default();
    windlass.fails(&["lock", "release", "00000000"])?;
    windlass.ok(&["lock", "release", id])?;
    story.expect_lock_free()?;

    // The same the other way round.
    windlass.ok(&["lock", "acquire", "-m", "maintenance"])?;
    has(&kamal.lock(web, DETAILS)?.stderr, "cannot create directory")?;
    has(&kamal.lock_status(web)?.stdout, "\nMessage: maintenance")?;
    ensure!(kamal.unlock(web)?.success());
    has(&windlass.ok(&["lock", "status"])?.stdout, "no deploy lock")
}
