//! Env files on the hosts: where the values of secrets wait for the containers that get them.

use crate::env::Env;
use crate::names::{enumerate, is_exportable};
use crate::steps::{error_on, question};
use crate::texts::{is_name, secret};
use crate::types::{
    Action, Area, Context, EnvFileWrite, EnvVar, Fact, Intent, Observation, Part, Problem, Query,
    Question,
};

/// One env file in Docker's format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvFile {
    /// Absolute, or below the login user's home.
    pub path: String,
    /// Whose it is, on hosts with several: names the questions.
    pub of: String,
}

/// What a host has of it.
#[derive(Debug, PartialEq)]
pub enum EnvFileState {
    /// Nobody asked.
    Unasked,
    Absent,
    Present {
        /// In the file.
        names: Vec<String>,
        /// In the directory beside it.
        exact: Vec<String>,
    },
}

impl EnvFile {
    /// Beside it, the values that the format cannot carry, one file each.
    pub fn directory(&self) -> String {
        format!("{}.d", self.path)
    }

    /// What to ask a host.
    pub fn questions(&self, host: &str) -> [Question; 2] {
        [
            question(host, self.file_id(), Query::EnvNames(self.path.clone())),
            question(host, self.directory_id(), Query::Directory(self.directory())),
        ]
    }

    /// What the host answered.
    pub fn seen(&self, observations: &[Observation], host: &str) -> Result<EnvFileState, Problem> {
        let names = match answer(observations, host, &self.file_id())? {
            Some(Fact::EnvNames(names)) => names.clone(),
            _ => return Ok(EnvFileState::Unasked),
        };
        let exact = match answer(observations, host, &self.directory_id())? {
            Some(Fact::Directory(names)) => names.clone().unwrap_or_default(),
            _ => Vec::new(),
        };
        Ok(names.map_or(EnvFileState::Absent, |names| EnvFileState::Present { names, exact }))
    }

    /// Writes the values of these secrets.
    pub fn write(&self, secrets: &[String]) -> Action {
        let var = |name: &String| EnvVar { name: name.clone(), value: secret(name.as_str()) };
        let vars = secrets.iter().map(var).collect();
        Action::WriteEnvFile(EnvFileWrite { path: self.path.clone(), vars })
    }

    /// Secrets that do not, or may not, fit into the file. A clear value of the same name
    /// wins, as it does over the file.
    ///
    /// Where the files are written in the same run, nobody knows yet which these are, but then
    /// all values are at hand.
    pub fn exact(&self, context: &Context, env: &Env, seen: &EnvFileState) -> Vec<EnvVar> {
        let directory = self.directory();
        let from_host = |name: &String| EnvVar {
            name: name.clone(),
            value: vec![Part::HostFile(format!("{directory}/{name}"))],
        };
        let at_hand = |name: &String| EnvVar { name: name.clone(), value: secret(name.as_str()) };
        let unless_clear = |name: &String| !env.has_clear(name);
        match seen {
            EnvFileState::Present { exact, .. } => {
                let fit = |name: &&String| is_name(name) && unless_clear(name);
                exact.iter().filter(fit).map(from_host).collect()
            }
            _ if context.aims(Intent::Prepare, Area::Env) => {
                let fit = |name: &&String| is_exportable(name) && unless_clear(name);
                env.secret.iter().filter(fit).map(at_hand).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Why no container may be started with this file, if the host lacks secrets that `env`
    /// names. A clear value of the same name wins, so its secret is not needed.
    pub fn lacking(
        &self,
        context: &Context,
        host: &str,
        env: &Env,
        seen: &EnvFileState,
    ) -> Option<Problem> {
        let none = Vec::new();
        let names = match seen {
            EnvFileState::Unasked => return None,
            EnvFileState::Absent => &none,
            EnvFileState::Present { names, .. } => names,
        };
        let mut missing: Vec<String> = Vec::new();
        for name in env.secret.iter().filter(|name| !names.contains(name) && !env.has_clear(name)) {
            let name = format!("`{name}`");
            if !missing.contains(&name) {
                missing.push(name);
            }
        }
        if missing.is_empty() {
            return None;
        }
        let (of, path) = (&self.of, &self.path);
        let message = match (seen, missing.as_slice()) {
            (EnvFileState::Absent, _) => {
                format!("the secrets of `{of}` are not on this host: there is no {path}")
            }
            (_, [name]) => {
                format!("the secret {name} of `{of}` is not on this host: {path} lacks it")
            }
            (_, names) => format!(
                "the secrets {} of `{of}` are not on this host: {path} lacks them",
                enumerate(&names.iter().map(String::as_str).collect::<Vec<_>>())
            ),
        };
        let destination = context.destination.iter().map(|name| format!(" -d {name}"));
        let command = format!("windlass env push{}", destination.collect::<String>());
        Some(error_on(host, message, format!("run `{command}`")))
    }

    fn file_id(&self) -> String {
        format!("env-file {}", self.of)
    }

    fn directory_id(&self) -> String {
        format!("env-directory {}", self.of)
    }
}

fn answer<'a>(
    observations: &'a [Observation],
    host: &str,
    id: &str,
) -> Result<Option<&'a Fact>, Problem> {
    match observations.iter().find(|o| o.host == host && o.id == id).map(|o| &o.answer) {
        None => Ok(None),
        Some(Ok(fact)) => Ok(Some(fact)),
        Some(Err(why)) => Err(error_on(
            host,
            format!("the env files of the host are not known: {}", why.trim()),
            "check that the user may read the run directory",
        )),
    }
}
