//! The Docker Engine of this machine: the one that runs already, else our own.

use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::process::{Cmd, tail};
use crate::{paths, setup, wait};

/// The network of the fleet's containers.
pub const NETWORK: &str = "windlass-fleet";

/// A `docker` command on this machine.
pub fn docker<'a>(args: impl IntoIterator<Item = &'a str>) -> Cmd {
    Cmd::new("docker").args(args).limit(Duration::from_secs(120))
}

/// Makes sure that an engine answers.
pub fn ensure() -> Result<()> {
    let Err(reason) = ask() else { return Ok(()) };
    if format!("{reason:#}").contains("permission denied") {
        bail!(
            "Docker Engine runs, but you may not talk to it: {reason:#}\n\
             add yourself to the group with `sudo usermod -aG docker $USER` and log in again"
        );
    }
    setup::docker_engine()?;
    // Installing it may have started it, where a service manager runs.
    if ask().is_ok() {
        return Ok(());
    }
    start()
}

fn ask() -> Result<()> {
    docker(["info", "--format", "{{.ServerVersion}}"]).limit(Duration::from_secs(20)).ok()?;
    Ok(())
}

/// Starts `dockerd` in the background; it stays up when this program ends.
fn start() -> Result<()> {
    let log_path = paths::state_dir("")?.join("dockerd.log");
    println!("no Docker Engine answers: starting dockerd (log: {})", log_path.display());
    let log = std::fs::File::create(&log_path)
        .with_context(|| format!("cannot write {}", log_path.display()))?;
    let root = Cmd::new("id").arg("-u").ok()?.trim() == "0";
    let mut command = Command::new(if root { "setsid" } else { "sudo" });
    if !root {
        command.args(["-n", "setsid"]);
    }
    command
        .args(["--fork", "dockerd"])
        .env("PATH", with_sbin())
        .stdin(Stdio::null())
        .stdout(log.try_clone().context("cannot share the engine's log file")?)
        .stderr(log);
    let status = command.status().context("cannot start dockerd in the background")?;
    if !status.success() {
        bail!("dockerd could not be started as root ({status}); start it yourself: sudo dockerd");
    }
    wait::until("Docker Engine to answer", Duration::from_secs(40), || ask().map(Some))
        .with_context(|| {
            let said = std::fs::read_to_string(&log_path).unwrap_or_default();
            format!("dockerd does not come up; end of {}:\n{}", log_path.display(), tail(&said, 8))
        })
}

fn with_sbin() -> String {
    let path = std::env::var("PATH").unwrap_or_default();
    format!("{path}:/usr/local/sbin:/usr/sbin:/sbin")
}
