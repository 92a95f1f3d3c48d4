//! Env files on the hosts: where the values of secrets wait for the containers that get them.

use crate::env::Env;
use crate::names::is_exportable;
use crate::steps::{error_on, question};
use crate::texts::{is_name, secret};
use crate::types::{
    Action, Context, EnvFileWrite, EnvVar, Fact, Observation, Part, Problem, Query, Question,
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
pub enum Seen {
    /// Nobody asked.
    Unasked,
    Absent,
    /// The file, and the names in the directory beside it.
    Present(Vec<String>),
}

impl EnvFile {
    /// Beside it, the values that the format cannot carry, one file each.
    pub fn directory(&self) -> String {
        format!("{}.d", self.path)
    }

    /// What to ask a host.
    pub fn questions(&self, host: &str) -> [Question; 2] {
        [
            question(host, self.file_id(), Query::File(self.path.clone())),
            question(host, self.directory_id(), Query::Directory(self.directory())),
        ]
    }

    /// What the host answered.
    pub fn seen(&self, observations: &[Observation], host: &str) -> Result<Seen, Problem> {
        let file = match answer(observations, host, &self.file_id())? {
            Some(Fact::File(file)) => file,
            _ => return Ok(Seen::Unasked),
        };
        let names = match answer(observations, host, &self.directory_id())? {
            Some(Fact::Directory(names)) => names.clone().unwrap_or_default(),
            _ => Vec::new(),
        };
        Ok(file.as_ref().map_or(Seen::Absent, |_| Seen::Present(names)))
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
    /// In `setup` nobody knows yet which these are, for the files are written in the same run,
    /// but then all values are at hand.
    pub fn exact(&self, context: &Context, env: &Env, seen: &Seen) -> Vec<EnvVar> {
        let directory = self.directory();
        let from_host = |name: &String| EnvVar {
            name: name.clone(),
            value: vec![Part::HostFile(format!("{directory}/{name}"))],
        };
        let at_hand = |name: &String| EnvVar { name: name.clone(), value: secret(name.as_str()) };
        let unless_clear = |name: &String| !env.has_clear(name);
        match seen {
            Seen::Present(names) => {
                let fit = |name: &&String| is_name(name) && unless_clear(name);
                names.iter().filter(fit).map(from_host).collect()
            }
            _ if context.operation == "setup" => {
                let fit = |name: &&String| is_exportable(name) && unless_clear(name);
                env.secret.iter().filter(fit).map(at_hand).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The host lacks the file although it should hold secrets.
    pub fn missing(&self, context: &Context, host: &str) -> Problem {
        let command = match &context.destination {
            Some(destination) => format!("windlass env push -d {destination}"),
            None => "windlass env push".to_string(),
        };
        error_on(
            host,
            format!("the secrets of `{}` are not on this host: there is no {}", self.of, self.path),
            format!("run `{command}`"),
        )
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
            "see that the user may read the run directory",
        )),
    }
}
