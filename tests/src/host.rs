//! One host of the fleet: a small server with its own sshd and Docker Engine.

use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::engine::{NETWORK, docker};
use crate::events::{self, DockerEvent};
use crate::process::{Cmd, Output};
use crate::ssh::SshFiles;
use crate::wait;

/// A host. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Host {
    /// As in deploy.yml and in the fleet's `ssh_config`.
    pub name: String,
    /// Fixed address on the fleet's network.
    pub address: String,
    pub(crate) ssh: SshFiles,
}

/// A moment on one host: later questions are about what happened since.
#[derive(Debug, Clone)]
pub struct Mark {
    /// The host's clock, as `docker events --since` takes it.
    pub time: String,
    log_lines: usize,
}

/// What sshd logged since a mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SshUse {
    /// Authenticated connections.
    pub handshakes: usize,
    /// Session channels that ran a command, a shell or a subsystem.
    pub channels: usize,
}

/// A container as `docker ps --all` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerState {
    pub name: String,
    pub image: String,
    /// `running`, `exited`, `restarting` …
    pub state: String,
    /// `Up 3 seconds (healthy)` …
    pub status: String,
}

impl Host {
    /// The name of its container on this machine's engine.
    pub fn container(&self) -> String {
        format!("windlass-fleet-{}", self.name)
    }

    /// `ADDRESS:PORT`, for HTTP.
    pub fn authority(&self, port: u16) -> String {
        format!("{}:{port}", self.address)
    }

    /// Runs a shell line over SSH. Exit code 255 may be ssh's own.
    pub fn sh(&self, line: &str) -> Result<Output> {
        self.ssh_cmd(line).output()
    }

    /// The same, not started yet: for stdin, limits, or running in the background.
    pub fn ssh_cmd(&self, line: &str) -> Cmd {
        let cmd = Cmd::new("ssh").arg("-F").arg(self.ssh.config());
        cmd.args(["-o", "BatchMode=yes", &self.name, line])
    }

    /// Runs a shell line beside sshd: not in its log, and possible while the host is
    /// cut off from the network.
    pub fn inside(&self, line: &str) -> Result<Output> {
        self.inside_cmd(line).output()
    }

    /// The same, not started yet.
    pub fn inside_cmd(&self, line: &str) -> Cmd {
        docker(["exec", "--interactive", "--workdir", "/root", "--env", "HOME=/root"]).args([
            &self.container(),
            "bash",
            "-c",
            line,
        ])
    }

    /// A `docker` command on the host's own engine; returns stdout.
    pub fn docker(&self, args: &[&str]) -> Result<String> {
        docker(["exec", "--workdir", "/root", &self.container(), "docker"])
            .args(args)
            .ok()
            .with_context(|| format!("on {}", self.name))
    }

    /// All containers, newest first.
    pub fn containers(&self) -> Result<Vec<ContainerState>> {
        let format = "{{.Names}}\t{{.Image}}\t{{.State}}\t{{.Status}}";
        let text = self.docker(&["ps", "--all", "--no-trunc", "--format", format])?;
        let row = |line: &str| {
            let mut cells = line.split('\t').map(str::to_string);
            let mut cell = || cells.next().unwrap_or_default();
            ContainerState { name: cell(), image: cell(), state: cell(), status: cell() }
        };
        Ok(text.lines().map(row).collect())
    }

    /// The state of the container of this name, or `absent`.
    pub fn state(&self, name: &str) -> Result<String> {
        let found = self.containers()?.into_iter().find(|container| container.name == name);
        Ok(found.map_or_else(|| "absent".to_string(), |container| container.state))
    }

    /// What `docker inspect` tells of a container in this format.
    pub fn inspect(&self, container: &str, format: &str) -> Result<String> {
        let told = self.docker(&["container", "inspect", "--format", format, container])?;
        Ok(told.trim().to_string())
    }

    /// Id, name, state and start of every container, and every cord: the same as before if
    /// nobody has touched any of them.
    pub fn standing(&self) -> Result<String> {
        let format = "{{.Id}} {{.Name}} {{.State.Status}} {{.State.StartedAt}}";
        let line = format!(
            "docker ps --all --quiet --no-trunc | sort | xargs -r docker inspect --format \
             '{format}'; find /root /tmp -path '*/cords/*' | sort"
        );
        self.inside_cmd(&line).ok()
    }

    /// Insists that the app of this version answers behind the proxy.
    pub fn serves(&self, version: &str) -> Result<()> {
        let answer = self.get("/version")?;
        let (status, body) = (answer.status, answer.text());
        ensure!(
            status == 200 && body == format!("version {version}\n"),
            "{} should serve version {version} but answers {status}: {body}",
            self.name
        );
        Ok(())
    }

    /// GET on the host's port 80, where the proxy listens.
    pub fn get(&self, path: &str) -> Result<crate::http::Response> {
        crate::http::get(&self.authority(80), path, Duration::from_secs(5))
    }

    /// Remembers this moment.
    pub fn mark(&self) -> Result<Mark> {
        let text = self.inside_cmd("date +%s.%N; cat /var/log/sshd.log | wc -l").ok()?;
        let mut lines = text.lines();
        Ok(Mark {
            time: lines.next().unwrap_or_default().into(),
            log_lines: lines.next().and_then(|count| count.trim().parse().ok()).unwrap_or(0),
        })
    }

    /// sshd's log since the mark.
    pub fn sshd_log_since(&self, mark: &Mark) -> Result<String> {
        self.inside_cmd(&format!("tail -n +{} /var/log/sshd.log", mark.log_lines + 1)).ok()
    }

    /// Handshakes and session channels since the mark; ours by [`Host::sh`] count too.
    pub fn ssh_use_since(&self, mark: &Mark) -> Result<SshUse> {
        let log = self.sshd_log_since(mark)?;
        let count = |start: &str| log.lines().filter(|line| line.starts_with(start)).count();
        Ok(SshUse {
            handshakes: count("Accepted publickey for "),
            channels: count("Starting session: "),
        })
    }

    /// The engine's events since the mark. It keeps only the last 256, of which each
    /// health check takes three: for more than a few seconds use [`Host::watch_events`].
    pub fn docker_events_since(&self, mark: &Mark) -> Result<Vec<DockerEvent>> {
        let line = format!(
            "docker events --since {} --until $(date +%s.%N) --format '{{{{json .}}}}'",
            mark.time
        );
        events::parse(&self.inside_cmd(&line).ok()?)
    }

    /// Records the engine's events from now on.
    pub fn watch_events(&self) -> Result<EventWatch> {
        let mark = self.mark()?;
        let file = format!("/var/log/events-{}", mark.time);
        let line = format!(
            "echo $$ >{file}.pid; exec docker events --since {} --format '{{{{json .}}}}' >{file}",
            mark.time
        );
        docker(["exec", "--detach", &self.container(), "bash", "-c", &line]).ok()?;
        Ok(EventWatch { host: self.clone(), file })
    }

    /// Cuts the network cable.
    pub fn disconnect(&self) -> Result<()> {
        docker(["network", "disconnect", NETWORK, &self.container()]).ok().map(drop)
    }

    /// Plugs it in again.
    pub fn reconnect(&self) -> Result<()> {
        docker(["network", "connect", "--ip", &self.address, NETWORK, &self.container()]).ok()?;
        self.wait_until_up()
    }

    /// Freezes every process of the host, as a stalled virtual machine would.
    pub fn pause(&self) -> Result<()> {
        docker(["pause", &self.container()]).ok().map(drop)
    }

    pub fn unpause(&self) -> Result<()> {
        docker(["unpause", &self.container()]).ok().map(drop)
    }

    /// Pulls the plug and boots again; containers with a restart policy come back.
    pub fn crash_and_boot(&self) -> Result<()> {
        docker(["kill", &self.container()]).ok()?;
        docker(["start", &self.container()]).ok()?;
        self.wait_until_up()
    }

    /// Waits for sshd and the engine.
    pub fn wait_until_up(&self) -> Result<()> {
        self.wait_until_up_for(Duration::from_secs(40))
    }

    pub(crate) fn wait_until_up_for(&self, limit: Duration) -> Result<()> {
        let what = format!("sshd and Docker Engine of {}", self.name);
        let up = wait::for_true(&what, limit, || {
            Ok(self.docker(&["version", "--format", "ok"]).is_ok()
                && self.sh("true").is_ok_and(|output| output.success()))
        });
        up.with_context(|| {
            let logs = docker(["logs", "--tail", "8", &self.container()]).output();
            format!("{} said:\n{}", self.name, logs.map(|logs| logs.all()).unwrap_or_default())
        })
    }

    /// Back to an empty server: no containers, no files of any deploy, no logins, no
    /// scripts left behind by killed clients. Images stay, so that tests are quick.
    pub fn wipe(&self) -> Result<()> {
        let line = "pkill -KILL -x sh; pkill -KILL -x flock; \
                    docker ps --all --quiet | xargs -r docker rm --force --volumes >/dev/null; \
                    docker volume ls --quiet | xargs -r docker volume rm >/dev/null; \
                    docker network prune --force >/dev/null; \
                    rm -rf /root/.kamal /root/.windlass /root/.docker /root/windlass \
                    /tmp/* /var/log/events-*; \
                    find /root -mindepth 1 -maxdepth 1 ! -name .ssh ! -name '.bash*' \
                    ! -name .profile -exec rm -rf {} +; \
                    test -z \"$(docker ps --all --quiet)\"";
        self.inside_cmd(line).ok().map(drop).with_context(|| format!("wiping {}", self.name))
    }
}

/// A recording of events; stop it to read them.
pub struct EventWatch {
    host: Host,
    file: String,
}

impl EventWatch {
    /// Ends the recording.
    pub fn stop(self) -> Result<Vec<DockerEvent>> {
        let file = &self.file;
        // Events arrive within milliseconds; without the pause the last may be lost.
        let line = format!("sleep 0.2; kill $(cat {file}.pid); cat {file}; rm {file} {file}.pid");
        events::parse(&self.host.inside_cmd(&line).ok()?)
    }
}
