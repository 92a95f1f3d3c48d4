//! From a project to connected hosts.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::path::PathBuf;

use crate::deploy::remote::Remote;
use crate::model::event::{Event, Sink};
use crate::model::paths::Paths;
use crate::model::project::Project;
use crate::ssh::{Options, Pool, Target};

use super::failure::Failure;
use super::workspace::{Workspace, run_id};

/// Connected hosts, and the pool that keeps the connections open.
pub struct Connected {
    pub remote: Remote,
    pool: Pool,
}

impl Connected {
    /// Splits it: the hosts for the run, the pool for the end.
    pub fn split(self) -> (Remote, Pool) {
        (self.remote, self.pool)
    }
}

/// Connects to `hosts`, all at once. Every host must be reachable.
pub async fn connect(
    workspace: &Workspace,
    hosts: &[String],
    sink: Sink,
) -> Result<Connected, Failure> {
    let project = &workspace.request.project;
    let mut control_dirs: Vec<PathBuf> = Vec::new();
    for name in ["XDG_RUNTIME_DIR", "TMPDIR"] {
        control_dirs
            .extend(workspace.env.get(name).filter(|d| d.starts_with('/')).map(PathBuf::from));
    }
    control_dirs.push("/tmp".into());
    let interactive = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    let debug = project.ssh.log_level.as_deref() == Some("debug");
    let mut options = Options { control_dirs, interactive, debug, ..Options::default() };
    if let Some(starts) = project.ssh.max_concurrent_starts {
        options.connects = starts as usize;
    }
    let mut pool = Pool::new(options)?;
    let mut keys: Vec<PathBuf> = project.ssh.keys.iter().map(PathBuf::from).collect();
    for text in &project.ssh.key_data.0 {
        keys.push(pool.key_file(text)?);
    }
    let targets = hosts.iter().map(|host| target(project, &keys, host)).collect();
    match hosts.len() {
        0 => {}
        1 => sink(Event::Phase { title: "Connect to 1 host".to_string() }),
        n => sink(Event::Phase { title: format!("Connect to {n} hosts") }),
    }
    let mut sessions = BTreeMap::new();
    let mut failures = Vec::new();
    for (host, result) in pool.connect(targets).await {
        match result {
            Ok(session) => drop(sessions.insert(host, session)),
            Err(error) => failures.push(error.into()),
        }
    }
    if !failures.is_empty() {
        pool.close().await;
        return Err(Failure::Errors(failures));
    }
    let paths =
        Paths::new(&project.run_directory, &project.service, project.destination.as_deref());
    let remote = Remote::new(
        sessions,
        workspace.crew.engine().clone(),
        paths,
        workspace.request.run_id.clone(),
        workspace.secrets.clone(),
        sink,
        run_id,
    );
    Ok(Connected { remote, pool })
}

fn target(project: &Project, keys: &[PathBuf], host: &str) -> Target {
    let ssh = &project.ssh;
    Target {
        host: host.to_string(),
        user: ssh.user.clone(),
        port: ssh.port,
        proxy: ssh.proxy.clone(),
        proxy_command: ssh.proxy_command.clone(),
        keys: keys.to_vec(),
        keys_only: ssh.keys_only,
        config_file: None,
    }
}
