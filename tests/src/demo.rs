//! `cargo xtask demo`: from nothing to version 2 serving, under load.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::fleet::Fleet;
use crate::load::{Load, LoadPlan};
use crate::process::Cmd;
use crate::project::Project;
use crate::windlass::Windlass;
use crate::{paths, setup};

const SERVICE: &str = "demo";

pub fn run() -> Result<()> {
    let started = Instant::now();
    let say = |text: &str| println!("\n[{:>5.1} s] {text}", started.elapsed().as_secs_f32());

    say("building windlass");
    setup::for_building()?;
    build()?;
    say("bringing the fleet up");
    let fleet = Fleet::exclusive()?;

    let dir = paths::state().join(SERVICE);
    let project = Project::create_in(&dir, &fleet, SERVICE, "1")?;
    let windlass = Windlass::new(&fleet, &project)?.limit(Duration::from_secs(300));
    windlass.write_launcher()?;
    say("windlass setup (version 1)");
    windlass.cmd(&["setup"]).show()?;
    expect_version(&fleet, "1")?;

    say("load on all web hosts: 8 connections each; then windlass deploy (version 2)");
    let targets = fleet.web_hosts().into_iter().map(|host| host.authority(80));
    let load = Load::start(&LoadPlan::new(targets).versions(&["1", "2"]));
    // Enough of version 1 before anything changes, and of version 2 after it.
    let limit = Duration::from_secs(30);
    load.wait_for("1", 1000, limit)?;
    project.commit_version("2")?;
    let deploy = Instant::now();
    let deployed = windlass.cmd(&["deploy"]).show();
    let took = deploy.elapsed();
    let enough = deployed.and_then(|()| load.wait_for("2", 1000, limit));
    let report = load.stop();
    say("requests during the update");
    println!("{report}");
    enough?;
    report.expect(2000, &["1", "2"], 100)?;
    expect_version(&fleet, "2")?;

    say(&format!("version 2 serves on all web hosts, none failed (deploy: {took:.1?})"));
    println!(
        "\nLook around:\n  cd {}\n  ./windlass app details\n  ./windlass app logs\n  \
         ./windlass audit\n  ./windlass rollback\n  curl http://{}/version\n  \
         ssh -F {} web-1\n  cargo xtask fleet down   # when done",
        dir.display(),
        fleet.hosts[0].address,
        fleet.ssh.config().display()
    );
    Ok(())
}

/// Builds the product, unless `WINDLASS_BIN` names one that is built already.
pub fn build() -> Result<()> {
    if std::env::var_os("WINDLASS_BIN").is_some() {
        return Ok(());
    }
    Cmd::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        // With the features that the tests' builds have, so that they share what is built.
        .args(["build", "--quiet", "--workspace", "--bin", "windlass"])
        .dir(paths::workspace())
        .limit(Duration::from_secs(1800))
        .show()
        .context("windlass does not build")
}

fn expect_version(fleet: &Fleet, version: &str) -> Result<()> {
    for host in fleet.web_hosts() {
        let answer = host.get("/version")?;
        if answer.status != 200 || answer.text() != format!("version {version}\n") {
            bail!(
                "{} should serve version {version} but answers {}: {}",
                host.name,
                answer.status,
                answer.text().trim()
            );
        }
    }
    Ok(())
}
