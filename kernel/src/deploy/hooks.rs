//! The user's hooks: executables on this machine, with Kamal's names and variables.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use crate::local::{self, Command, Exit};

use super::RunError;
use super::crew::Request;

/// How long a hook may take: a check of CI waits for a whole build.
const LIMIT: Duration = Duration::from_secs(60 * 60);

/// What hooks are told, the same for all of a run.
#[derive(Debug, Clone, Default)]
pub struct Hooks {
    /// False: none is run.
    is_on: bool,
    /// The run deploys, so that pre-deploy and post-deploy are run.
    deploys: bool,
    directory: std::path::PathBuf,
    variables: BTreeMap<String, String>,
    /// Names that a hook does not get: the secrets that deploy.yml declares.
    withheld: Vec<String>,
}

impl Hooks {
    /// The hooks of a run. `env`: the process environment with `.env` files over it; `command`:
    /// what was typed, noun and verb.
    pub fn new(
        request: &Request,
        env: &BTreeMap<String, String>,
        performer: &str,
        now: &str,
        command: &str,
    ) -> Self {
        let project = &request.project;
        let mut words = command.split(' ');
        // What `.env` sets and nobody calls a secret, as Kamal's hooks have it.
        let declared = |name: &String| project.secrets_declared.contains(name);
        let plain = env.iter().filter(|(name, _)| !declared(name));
        let mut variables: BTreeMap<_, _> =
            plain.map(|(name, value)| (name.clone(), value.clone())).collect();
        variables.extend([
            ("KAMAL_RECORDED_AT".to_string(), now.to_string()),
            ("KAMAL_PERFORMER".into(), performer.to_string()),
            ("KAMAL_SERVICE".into(), project.service.clone()),
            ("KAMAL_HOSTS".into(), request.hosts.join(",")),
            ("KAMAL_COMMAND".into(), words.next().unwrap_or_default().to_string()),
        ]);
        if let Some(verb) = words.next() {
            variables.insert("KAMAL_SUBCOMMAND".into(), verb.to_string());
        }
        if let Some(destination) = &project.destination {
            variables.insert("KAMAL_DESTINATION".into(), destination.clone());
        }
        let (directory, withheld) = (project.hooks_path.clone(), project.secrets_declared.clone());
        let (is_on, deploys) = (true, false);
        let mut hooks = Self { is_on, deploys, directory, variables, withheld };
        hooks.act_on(&request.version);
        hooks
    }

    /// Those of a directory, told of nothing.
    #[cfg(test)]
    pub fn below(directory: std::path::PathBuf) -> Self {
        Self { is_on: true, directory, ..Self::default() }
    }

    /// The same, of a run that deploys.
    pub fn of_a_deploy(self) -> Self {
        Self { deploys: true, ..self }
    }

    /// From here on they are told of this version.
    pub fn act_on(&mut self, version: &str) {
        // Kamal cuts a revision to 7 characters, and shows one with uncommitted work whole.
        let short =
            if version.contains('_') { version } else { version.get(..7).unwrap_or(version) };
        let service = self.variables.get("KAMAL_SERVICE").cloned().unwrap_or_default();
        self.variables.extend([
            ("KAMAL_VERSION".to_string(), version.to_string()),
            ("KAMAL_SERVICE_VERSION".to_string(), format!("{service}@{short}")),
        ]);
    }

    /// The same, told of these hosts alone.
    pub fn about(&self, hosts: &[String]) -> Self {
        let mut hooks = self.clone();
        hooks.variables.insert("KAMAL_HOSTS".into(), hosts.join(","));
        hooks
    }

    /// Runs the hook that goes before a deploy; tells whether it ran.
    ///
    /// # Errors
    /// See [`Hooks::run`].
    pub async fn before_deploy(&self) -> Result<bool, RunError> {
        if self.deploys { self.run("pre-deploy").await } else { Ok(false) }
    }

    /// Runs the hook that goes after a deploy, which took so many seconds.
    ///
    /// # Errors
    /// See [`Hooks::run`].
    pub async fn after_deploy(&self, runtime_s: u64) -> Result<(), RunError> {
        if !self.deploys {
            return Ok(());
        }
        let mut hooks = self.clone();
        hooks.variables.insert("KAMAL_RUNTIME".into(), runtime_s.to_string());
        hooks.run("post-deploy").await.map(drop)
    }

    /// Runs a hook if there is one; tells whether it ran. Dropping the future ends it.
    ///
    /// # Errors
    /// [`RunError::Hook`]: it cannot be started, does not end in an hour, or fails.
    pub async fn run(&self, name: &str) -> Result<bool, RunError> {
        let path = self.directory.join(name);
        if !self.is_on || !path.is_file() {
            return Ok(false);
        }
        let failed = |why, help| RunError::Hook { name: name.to_string(), why, help };
        let program = if path.is_absolute() { path } else { Path::new(".").join(path) };
        let mut command = Command::new([program.as_os_str()]);
        for (variable, value) in &self.variables {
            command.env.insert(variable.into(), value.into());
        }
        command.time_limit = Some(LIMIT);
        command.env_removed = self.withheld.iter().map(Into::into).collect();
        let mut said = Vec::new();
        let exit = local::run(command, |_, bytes| said.extend_from_slice(bytes)).await;
        let said = String::from_utf8_lossy(&said).trim_end().to_string();
        match exit.map_err(|e| failed(e.to_string(), e.help()))? {
            Exit::Code(0) => Ok(true),
            Exit::Code(code) => {
                let withheld = if self.withheld.is_empty() {
                    String::new()
                } else {
                    format!("\nit does not get the secrets {}", self.withheld.join(", "))
                };
                Err(failed(format!("exit code {code}\n{said}{withheld}"), None))
            }
            Exit::Signal(signal) => Err(failed(format!("ended by signal {signal}\n{said}"), None)),
        }
    }
}
