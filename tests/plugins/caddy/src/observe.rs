//! What the plugin must know about hosts, and how it reads the answers.

use windlass_sdk::containers::told;
use windlass_sdk::steps::{answer, error_on, question};
use windlass_sdk::types::{
    Area, ContainerQuery, ContainerState, Context, Fact, FileState, HostInfo, Intent, Observation,
    Problem, Query, Question,
};

use crate::describe::NAME;
use crate::files::{self, Site};
use crate::settings::{self, Settings};

/// Caddy's own container, and the files that it is configured by.
pub fn questions(context: &Context) -> Result<Vec<Question>, Vec<Problem>> {
    let concerns = context.verb(NAME).is_some()
        || context.aims(Intent::Replace, Area::Roles)
        || context.aims(Intent::Prepare, Area::Proxies)
        || context.aims(Intent::Remove, Area::Proxies);
    if !concerns {
        return Ok(Vec::new());
    }
    let settings = Settings::of(context).map_err(|problem| vec![problem])?;
    let Some(role) = settings::role(context) else { return Ok(Vec::new()) };
    let site = Site::new(context, &settings, &role.name);
    let mut questions = Vec::new();
    for host in settings::hosts(context) {
        let mut ask = |id, query| questions.push(question(&host.name, id, query));
        ask(NAME, Query::Container(ContainerQuery::Container(NAME.to_string())));
        ask("caddyfile", Query::File(files::caddyfile(context).path));
        for (id, file) in site.configuration() {
            ask(id, Query::File(file.path));
        }
    }
    Ok(questions)
}

/// What one host told.
#[derive(Clone, Copy)]
pub struct Facts<'a> {
    pub host: &'a HostInfo,
    observations: &'a [Observation],
}

impl<'a> Facts<'a> {
    /// The answers of one host.
    pub fn of(observations: &'a [Observation], host: &'a HostInfo) -> Self {
        Self { host, observations }
    }

    /// Caddy's container, in whatever state.
    pub fn caddy(&self) -> Result<Option<&'a ContainerState>, Problem> {
        Ok(told(self.observations, &self.host.name, NAME)?.first())
    }

    /// What is at the path that was asked for under this id.
    pub fn file(&self, id: &str) -> Result<Option<&'a FileState>, Problem> {
        match answer(self.observations, &self.host.name, id) {
            Some(Fact::File(found)) => Ok(found.as_ref()),
            _ => Err(error_on(
                &self.host.name,
                "it is not known which files of Caddy the host has",
                "check that the user may read the run directory",
            )),
        }
    }
}
