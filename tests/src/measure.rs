//! `cargo xtask measure`: how quick the program is, and how little a deploy adds to the time
//! that Docker and the app themselves take. Numbers for people; no test depends on them.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::process::Cmd;
use crate::story::Story;
use crate::{paths, setup};

/// Builds the optimised program and measures it, alone and on the fleet.
pub fn run() -> Result<()> {
    setup::for_building()?;
    setup::for_measuring()?;
    println!("building windlass, optimised");
    Cmd::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["build", "--quiet", "--release", "--bin", "windlass"])
        .dir(paths::workspace())
        .limit(Duration::from_secs(3600))
        .show()?;
    let program = paths::cargo_target().join("release/windlass");
    let mut story = Story::prepare("measured")?;
    story.windlass = story.windlass.binary(program);
    story.windlass.ok(&["setup"])?;
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    println!("{cores} cores");
    commands(&story)?;
    deploy(&story)
}

/// Commands that need no host, with everything cached that they cache.
fn commands(story: &Story) -> Result<()> {
    let options = ["--shell=none", "--warmup", "5", "--runs", "50", "--style", "basic"];
    story.windlass.timed(&options, &["--help", "config"]).show()
}

/// A deploy of an image that the registry already has: wall time, and the time on each host
/// that steps and the engine's answers took, which is Docker's and the app's.
fn deploy(story: &Story) -> Result<()> {
    for version in ["2", "3", "4"] {
        story.project.commit_version(version)?;
        story.windlass.ok(&["build", "push"])?;
        let marks: Result<Vec<_>> = story.fleet.hosts.iter().map(|host| host.mark()).collect();
        let output = story.windlass.ok(&["deploy", "--skip-push", "--json"])?;
        let mut by_host: BTreeMap<String, u64> = BTreeMap::new();
        for line in output.stdout.lines() {
            let event: Value = serde_json::from_str(line).with_context(|| line.to_string())?;
            if event["event"] == "end" || event["event"] == "looked" {
                let host = event["host"].as_str().unwrap_or_default().to_string();
                *by_host.entry(host).or_default() += event["ms"].as_u64().unwrap_or_default();
            }
        }
        let slowest = by_host.values().max().copied().unwrap_or_default();
        let wall = output.took.as_millis() as u64;
        println!(
            "deploy: {wall} ms, of which {slowest} ms in Docker and waits on the slowest host; {} ms are ours",
            wall.saturating_sub(slowest)
        );
        for (host, mark) in story.fleet.hosts.iter().zip(marks?) {
            let used = host.ssh_use_since(&mark)?;
            let steps = by_host.get(&host.name).copied().unwrap_or_default();
            println!("  {}: {steps} ms in Docker and waits, {used:?}", host.name);
        }
    }
    let asked =
        Cmd::new("ssh").arg("-F").arg(story.fleet.ssh.config()).args(["-v", "web-1", "true"]);
    let said = asked.output()?.stderr;
    for line in said.lines().filter(|line| line.contains("kex: algorithm")) {
        println!("{line}");
    }
    let traefik =
        story.fleet.host("web-1")?.docker(&["inspect", "traefik", "--format", "{{.Args}}"])?;
    println!("Traefik's arguments: {traefik}");
    Ok(())
}
