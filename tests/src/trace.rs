//! Every program that is started, with its arguments: `strace` on the client, and
//! attached to sshd and the engine of each host (their processes are visible from
//! this machine), for the test that looks for secrets in argv.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::engine::docker;
use crate::host::Host;
use crate::process::Running;
use crate::{paths, setup, wait};

/// Arguments in full, with escapes only for what is not printable.
const OPTIONS: &[&str] = &[
    "strace",
    "--follow-forks",
    "--trace=execve,execveat",
    "--string-limit=1000000",
    "--quiet=all",
];

/// The words that, put before a command, write all its execs to `file`.
pub fn wrapper(file: &Path) -> Vec<String> {
    let mut words: Vec<String> = OPTIONS.iter().map(ToString::to_string).collect();
    words.push("--output".into());
    words.push(file.display().to_string());
    words
}

/// A recording on one host.
pub struct ExecTrace {
    /// None once it was stopped.
    strace: Option<Running>,
    file: PathBuf,
}

impl ExecTrace {
    /// Attaches to everything that runs on the host now, and to all its children.
    pub fn start(host: &Host) -> Result<Self> {
        let file = paths::state_dir("traces")?.join(&host.name);
        // A former recording must not be taken for this one.
        let remove = std::fs::remove_file(&file);
        if remove.is_err() && file.exists() {
            bail!("cannot remove {}", file.display());
        }
        let pids = pids(host)?;
        let words = wrapper(&file);
        let mut cmd = setup::as_root(&words[0]).args(&words[1..]);
        for pid in &pids {
            cmd = cmd.args(["--attach", pid]);
        }
        let strace = cmd.start()?;
        let probe = format!("/bin/true windlass-trace-{}", strace.pid());
        wait::for_true("strace to see the host's programs", Duration::from_secs(15), || {
            if !strace.is_alive() {
                bail!("strace ended: {}", strace.so_far());
            }
            host.sh(&probe)?;
            Ok(std::fs::read_to_string(&file).is_ok_and(|text| text.contains("windlass-trace-")))
        })?;
        Ok(Self { strace: Some(strace), file })
    }

    /// Ends the recording and returns one line per exec, as strace prints it.
    pub fn stop(mut self) -> Result<Vec<String>> {
        self.end()?;
        read(&self.file)
    }

    /// Interrupted, strace detaches; killed, it could leave stopped processes.
    fn end(&mut self) -> Result<()> {
        let Some(strace) = self.strace.take() else { return Ok(()) };
        strace.signal_group("INT")?;
        strace.finish(Duration::from_secs(60)).map(drop)
    }
}

impl Drop for ExecTrace {
    /// A test that fails must not leave a recording that keeps the next one from attaching.
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            eprintln!("a recording did not end: {error:#}");
        }
    }
}

/// The exec lines of a recording.
pub fn read(file: &Path) -> Result<Vec<String>> {
    let text = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let text = String::from_utf8_lossy(&text).into_owned();
    Ok(text.lines().filter(|line| line.contains("exec")).map(str::to_string).collect())
}

fn pids(host: &Host) -> Result<Vec<String>> {
    let table = docker(["top", &host.container(), "-eo", "pid,comm"]).ok()?;
    let daemons = ["sshd", "dockerd", "containerd", "containerd-shim"];
    let pids: Vec<String> = table
        .lines()
        .filter_map(|line| line.split_whitespace().collect::<Vec<_>>().try_into().ok())
        .filter(|[_, name]: &[&str; 2]| daemons.iter().any(|daemon| name.starts_with(daemon)))
        .map(|[pid, _]| pid.to_string())
        .collect();
    if pids.is_empty() {
        bail!("found neither sshd nor dockerd on {}:\n{table}", host.name);
    }
    Ok(pids)
}
