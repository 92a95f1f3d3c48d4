//! From a fleet of Kamal 2 back to Traefik: `downgrade`.

use std::time::Duration;

use anyhow::{Result, ensure};
use windlass_tests::host::Host;
use windlass_tests::kamal::{Kamal, Role, WEB, WORKERS};
use windlass_tests::load::{Load, LoadPlan};
use windlass_tests::story::Story;

/// Has the label by which Kamal 2 knows its proxy.
const PROXY: &str = "basecamp/kamal-proxy:v0.8.4";

fn role(host: &Host) -> Role {
    if host.name.starts_with("web") { WEB } else { WORKERS }
}

/// What Kamal 2 leaves on a host: a network of its own, containers that Traefik cannot know, and
/// its proxy at the port. What answers there is the app itself, in the place of the proxy.
fn leave(host: &Host, kamal: &Kamal, version: &str) -> Result<()> {
    let (role, image) = (role(host), kamal.image(version));
    kamal.set_up(host, &[])?;
    kamal.run(host, "docker network create kamal")?;
    kamal.run(host, &format!("docker pull --quiet {image}"))?;
    kamal.run(host, &format!("docker tag {image} {}", kamal.image("latest")))?;
    let labels = format!("--label role={} --label destination", role.name);
    let run = "docker run --detach --restart unless-stopped --network kamal";
    let (name, cmd) = (kamal.name(role, version), role.cmd);
    kamal
        .run(host, &format!("{run} --name {name} --label service=later {labels} {image} {cmd}"))?;
    if role.public {
        let lines = format!("FROM {image}\\nLABEL org.opencontainers.image.title=kamal-proxy\\n");
        host.sh(&format!("printf '{lines}' | docker build --quiet --tag {PROXY} -"))?;
        kamal.run(host, &format!("{run} --name kamal-proxy --publish 80:3000 {PROXY}"))?;
    } else {
        let labels = "--label service=later-db";
        kamal.run(host, &format!("{run} --name later-db {labels} {image}"))?;
    }
    Ok(())
}

#[test]
#[ignore = "needs the fleet: cargo xtask test"]
fn a_fleet_of_kamal_2_goes_back_to_traefik() -> Result<()> {
    let story = Story::prepare("later")?;
    let (windlass, project) = (&story.windlass, &story.project);
    let (web, worker) = (story.web()?, story.fleet.host("worker-1")?);
    let one = project.head()?;
    let kamal = Kamal::of(&story.fleet, project);
    kamal.push(project, &one)?;
    story.fleet.on_all_hosts(|host| leave(host, &kamal, &one))?;
    let database = kamal.image(&one);
    project.append(&format!("accessories:\n  db: {{image: {database}, host: worker-1}}\n"))?;
    for hook in ["pre-traefik-reboot", "post-traefik-reboot"] {
        project.hook(hook, &format!("echo {hook} $KAMAL_VERSION $KAMAL_HOSTS >>hooks.log"))?;
    }
    // What comes back is what serves, not what was committed since.
    project.commit_version("2")?;
    let asked = windlass.fails(&["downgrade"])?;
    asked.expect(&["pass -y"])?;
    windlass.fails(&["downgrade", "-y"])?.expect(&["windlass env push"])?;
    windlass.ok(&["env", "push"])?;

    // A Traefik that does not start: Kamal's proxy has its port again, and all is as it was.
    let standing = || web.docker(&["ps", "--all", "--format", "{{.ID}} {{.Names}} {{.State}}"]);
    let before = standing()?;
    let good = project.read("config/deploy.yml")?;
    project
        .edit_config(|text| text.replace("\ntraefik:\n", "\ntraefik:\n  args: {no.such: 1}\n"))?;
    ensure!(project.read("config/deploy.yml")? != good, "deploy.yml has no section for Traefik");
    windlass
        .fails(&["downgrade", "-y"])?
        .expect(&["field not found", "the previous version keeps running"])?;
    let after = standing()?;
    ensure!(before == after, "something was left or touched:\n{before}\n{after}");
    web.serves("1")?;
    project.write("config/deploy.yml", &good)?;
    std::fs::remove_file(project.dir.join("hooks.log"))?;

    let databases = worker.inspect("later-db", "{{.Id}}")?;
    let targets = story.fleet.web_hosts().into_iter().map(|host| host.authority(80));
    let load = Load::start(&LoadPlan::new(targets).versions(&["1"]));
    load.wait_for("1", 100, Duration::from_secs(10))?;
    windlass.ok(&["downgrade", "--rolling", "-y"])?;
    load.wait_for("1", 500, Duration::from_secs(10))?;
    let report = load.stop();
    let (good, failed) = (report.versions["1"], report.failed);
    println!("from Kamal 2 back to Traefik: {good} answers, {failed} while the port changed hands");
    story.expect_serving("1")?;
    story.expect_running(&one)?;
    for host in story.fleet.web_hosts() {
        ensure!(host.state("traefik")? == "running", "{}: no Traefik", host.name);
        ensure!(host.state("kamal-proxy")? == "absent", "{}: kamal-proxy is there", host.name);
        let images = host.docker(&["images", "--quiet", PROXY])?;
        ensure!(images.trim().is_empty(), "{}: its image is there", host.name);
    }
    for host in &story.fleet.hosts {
        let name = kamal.name(role(host), &one);
        let network = host.inspect(&name, "{{.HostConfig.NetworkMode}}")?;
        ensure!(network.trim() != "kamal", "{} is still in Kamal 2's network", name);
    }
    ensure!(worker.inspect("later-db", "{{.Id}}")? != databases, "the accessory is the old one");
    ensure!(worker.state("later-db")? == "running", "the accessory does not run");
    let hooks = project.read("hooks.log")?;
    let expected: String = ["web-1", "web-2", "worker-1"]
        .map(|host| format!("pre-traefik-reboot {one} {host}\npost-traefik-reboot {one} {host}\n"))
        .concat();
    ensure!(hooks == expected, "the hooks ran otherwise:\n{hooks}");
    story.expect_lock_free()?;

    // From here on everything is as ever.
    let two = project.head()?;
    windlass.ok(&["deploy"])?;
    story.expect_serving("2")?;
    story.expect_running(&two)
}
