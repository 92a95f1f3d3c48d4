//! A proxy plugin by a third party, in place of the bundled one: Caddy, which serves what
//! files say, without labels and cords. The kernel and the contract know nothing of it.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use windlass_tests::story::Story;
use windlass_tests::{images, outside, paths, registry, wait};

const GRANTS: &[&str] = &["compose", "containers", "files:caddy", "http", "networks"];

/// An empty fleet and a project whose proxy is Caddy.
fn prepare(service: &str, grants: &[&str]) -> Result<Story> {
    let component = outside::component("caddy")?;
    let mut story = Story::prepare(service)?;
    let image = images::caddy()?;
    registry::push(&image, &story.fleet.credentials, &paths::state_dir("docker-config")?)?;
    let traefik = format!("traefik:\n  image: {}\n", story.fleet.traefik_image);
    let caddy = format!(
        "caddy:\n  image: {image}\n\nx-windlass:\n  plugins:\n    caddy:\n      component: {}\n      \
         grants: [{}]\n",
        component.display(),
        grants.join(", ")
    );
    story.project.edit_config(|text| {
        assert!(text.contains(&traefik), "the template has another section for Traefik");
        text.replace(&traefik, &caddy)
    })?;
    // Uncommitted changes would show in the version.
    story.one = story.project.commit("Caddy in place of Traefik")?;
    Ok(story)
}

/// The same with all that the plugin asks for, deployed and serving.
fn begin(service: &str) -> Result<Story> {
    let story = prepare(service, GRANTS)?;
    story.windlass.ok(&["setup"])?;
    story.expect_serving("1")?;
    Ok(story)
}

/// Only Caddy and the app are there, and the app has no trace of Traefik's mechanism.
fn expect_no_traefik(story: &Story, commit: &str) -> Result<()> {
    for host in story.fleet.web_hosts() {
        let names: Vec<_> = host.containers()?.into_iter().map(|found| found.name).collect();
        ensure!(!names.contains(&"traefik".to_string()), "{} has {names:?}", host.name);
        let format = "{{json .Config.Labels}} {{json .Mounts}} {{json .Config.Healthcheck.Test}}";
        let name = format!("{}-web-{commit}", story.project.service);
        let app = host.docker(&["inspect", "--format", format, &name])?;
        ensure!(!app.contains("traefik") && !app.contains("cord"), "{name}: {app}");
    }
    Ok(())
}

#[test]
#[ignore = "needs the fleet: cargo xtask test"]
fn a_proxy_by_files_loses_no_request() -> Result<()> {
    let story = begin("by-files")?;
    expect_no_traefik(&story, &story.one)?;

    let new = story.project.commit_version("2")?;
    let load = story.load(&["1", "2"]);
    load.wait_for("1", 1000, Duration::from_secs(30))?;
    let marks: Result<Vec<_>> = story.fleet.hosts.iter().map(|host| host.mark()).collect();
    story.windlass.ok(&["deploy"])?;
    for (host, mark) in story.fleet.hosts.iter().zip(marks?) {
        println!("{}: {:?}", host.name, host.ssh_use_since(&mark)?);
    }
    load.wait_for("2", 1000, Duration::from_secs(30))?;
    let deployed = load.so_far();
    println!("deploy: {deployed}");
    deployed.expect(2000, &["1", "2"], 100)?;
    story.expect_running(&new)?;
    expect_no_traefik(&story, &new)?;

    // The same version again: the container that serves is renamed, and nobody notices.
    story.windlass.ok(&["redeploy", "--skip-push"])?;
    story.expect_running(&new)?;
    story.windlass.ok(&["rollback", &story.one])?;
    let report = load.stop();
    println!("deploy, redeploy and rollback: {report}");
    report.expect(2000, &["1", "2"], 100)?;
    story.expect_settled("1", &story.one)?;

    // Names outlive a reboot, after which containers have other addresses.
    let host = story.web()?;
    host.crash_and_boot()?;
    wait::for_true("web-1 to serve again", Duration::from_secs(40), || {
        Ok(host.get("/version")?.text() == "version 1\n")
    })?;

    // The plugin's commands are there in place of the bundled one's.
    let shown = story.windlass.ok(&["caddy", "details"])?.all();
    ensure!(shown.contains(&images::caddy()?), "the image is not shown:\n{shown}");
    story.windlass.ok(&["caddy", "logs"])?;
    story.windlass.fails(&["traefik", "details"])?;
    story.windlass.ok(&["caddy", "remove"])?;
    let left = host.containers()?.into_iter().filter(|found| found.name == "caddy").count();
    ensure!(left == 0, "Caddy is still there");
    Ok(())
}

#[test]
#[ignore = "needs the fleet: cargo xtask test"]
fn a_deploy_cut_off_after_the_switch_is_made_good_by_the_next() -> Result<()> {
    let story = begin("cut-off")?;
    let host = story.web()?;
    let route = "cat /root/.kamal/caddy/routes/cut-off-web";
    let before = host.inside(route)?.stdout;

    let new = story.project.commit_version("2")?;
    let load = story.load(&["1", "2"]);
    let run = story.windlass.start(&["deploy"])?;
    let switched = format!("[ \"$({route})\" != \"{}\" ]", before.trim());
    story.wait_on_host(host, "the switch", &switched, &run)?;
    run.signal_one("KILL")?;
    run.finish(Duration::from_secs(60))?;
    story.windlass.ok(&["deploy"])?;
    let report = load.stop();
    println!("killed after the switch: {report}");
    report.expect(500, &["1", "2"], 1)?;
    story.expect_settled("2", &new)
}

#[test]
#[ignore = "needs the fleet: cargo xtask test"]
fn a_container_that_caddy_cannot_reach_gets_no_user() -> Result<()> {
    let story = begin("unreached")?;
    let load = story.load(&["1"]);
    // Healthy by its own check, but on another port than Caddy is told.
    story.project.behave("APP_MODE=other-port\n")?;
    story
        .project
        .edit_config(|text| text.replace("  path: /up\n", "  cmd: \"true\"\n  path: /up\n"))?;
    story.project.commit_version("2")?;
    let said = story.windlass.fails(&["deploy"])?.all();
    ensure!(said.contains("reaches"), "the message does not name the step:\n{said}");
    let report = load.stop();
    println!("a container on another port: {report}");
    let routes = story.web()?.inside("ls /root/.kamal/caddy/routes")?.stdout;
    ensure!(routes == "unreached-web\n", "not all was taken back: {routes}");
    report.expect(500, &["1"], 100)?;
    story.expect_settled("1", &story.one)
}

/// The list that a refusal tells the user to write.
fn advised(said: &str) -> Option<Vec<String>> {
    let list = said.split("grants: [").nth(1)?.split(']').next()?;
    Some(list.split(", ").map(str::to_string).collect())
}

#[test]
#[ignore = "needs the fleet: cargo xtask test"]
fn what_is_not_granted_is_refused_with_the_line_to_add() -> Result<()> {
    let story = prepare("ungranted", &[])?;
    let marks: Result<Vec<_>> = story.fleet.hosts.iter().map(|host| host.mark()).collect();
    let said = story.windlass.fails(&["deploy"])?.all();
    for clue in
        ["`caddy`", "`files:caddy`", "x-windlass: plugins: caddy:", "`grants: [files:caddy]`"]
    {
        ensure!(said.contains(clue), "the message lacks {clue}:\n{said}");
    }
    for (host, mark) in story.fleet.hosts.iter().zip(marks?) {
        let used = host.ssh_use_since(&mark)?;
        // The connections are made before plugins are asked anything.
        ensure!(used.channels == 0, "{} was asked: {used:?}", host.name);
    }

    // The plan needs the app's secrets on the hosts, with any proxy.
    story.windlass.ok(&["env", "push"])?;
    // Whoever does as he is told arrives at what the plugin's description asks for.
    let mut granted = String::new();
    for _ in 0..=GRANTS.len() {
        let output = story.windlass.run(&["plan"])?;
        if output.success() {
            break;
        }
        let list = advised(&output.all()).with_context(|| output.all())?.join(", ");
        println!("told to write: grants: [{list}]");
        story.project.edit_config(|text| {
            text.replace(&format!("grants: [{granted}]"), &format!("grants: [{list}]"))
        })?;
        granted = list;
    }
    let mut all: Vec<&str> = granted.split(", ").collect();
    all.sort_unstable();
    ensure!(all == GRANTS, "the advice ended at [{granted}]");
    for host in &story.fleet.hosts {
        let containers = host.containers()?;
        ensure!(containers.is_empty(), "{} has {containers:#?}", host.name);
    }
    Ok(())
}

#[test]
#[ignore = "needs the fleet: cargo xtask test"]
fn a_command_that_runs_out_of_time_leaves_no_container() -> Result<()> {
    let story = prepare("timed-out", GRANTS)?;
    story.windlass.ok(&["server", "bootstrap"])?;
    story.windlass.ok(&["registry", "login"])?;
    let host = story.web()?;
    // What a cut-off try must not be told by is that the image was still on its way.
    host.docker(&["pull", "--quiet", &images::caddy()?])?;
    // As the first process of a container it does not end when it is asked to.
    let output = story.windlass.fails(&["caddy", "try", "--hosts", "web-1", "sleep", "300"])?;
    output.expect(&["`Try `sleep 300`` ran out of time"])?;
    let left = host.docker(&["ps", "--all", "--quiet", "--filter", "name=caddy-try"])?;
    ensure!(left.trim().is_empty(), "the container is still there");
    Ok(())
}
