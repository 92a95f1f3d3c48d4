//! Which versions hosts have: observed by the kernel, told by the role plugin.

use crate::lock::Details;
use crate::model::event::Event;
use crate::model::project::Project;
use crate::model::wit::Context;
use crate::plugin::InService;

use super::compose::in_words;
use super::history::Record;
use super::hosts::{Acquire, Hosts};
use super::snapshot::Asked;
use super::snapshot::Snapshot;
use super::{Run, RunError, operation};

/// A role's version on a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub host: String,
    pub role: String,
    /// Empty: nothing is in service.
    pub version: String,
}

/// What runs where, the lock, and the last deploys.
#[derive(Debug, Clone, PartialEq)]
pub struct Status {
    pub standing: Vec<Standing>,
    /// Who holds the deploy lock, if anybody does.
    pub lock: Option<Details>,
    /// The hosts in play with their records, newest first.
    pub history: Vec<(String, Vec<Record>)>,
}

impl<H: Hosts> Run<H> {
    /// Looks at all hosts at once.
    ///
    /// # Errors
    /// A host cannot be asked, or the role plugin cannot answer.
    pub async fn status(&self) -> Result<Status, RunError> {
        let (context, seen) = self.look_at_roles().await?;
        let standing = self.standing_of(&context, &seen)?;
        let primary = seen.facts(&self.request.project.primary_host);
        let lock = primary.and_then(|facts| facts.lock.as_deref()).map(Details::decode);
        let history = self.request.hosts.iter().map(|host| {
            let lines = seen.facts(host).map(|facts| facts.history.as_slice()).unwrap_or_default();
            (host.clone(), lines.iter().rev().map(|line| Record::read(line)).collect())
        });
        Ok(Status { standing, lock, history: history.collect() })
    }

    /// Looks once more and tells the sink each role's version on each host. A host that
    /// cannot be asked any more is reported as such; nothing depends on it.
    pub(super) async fn standing(&self) {
        match self.versions().await {
            Ok(all) => {
                for Standing { host, role, version } in all {
                    let expected = version == self.request.version;
                    (self.sink)(Event::Standing { host, role, version, expected });
                }
            }
            Err(error) => {
                let message = format!("could not look at all hosts again: {error}");
                (self.sink)(Event::Note { message });
            }
        }
    }

    /// What is in service: one entry per host and role in play.
    ///
    /// # Errors
    /// A host cannot be asked, or the role plugin cannot answer.
    pub async fn versions(&self) -> Result<Vec<Standing>, RunError> {
        let (context, seen) = self.look_at_roles().await?;
        self.standing_of(&context, &seen)
    }

    fn standing_of(&self, context: &Context, seen: &Snapshot) -> Result<Vec<Standing>, RunError> {
        let role = self.crew.role();
        let all = role.standing(context, seen.observations(role.name())).map_err(in_words)?;
        let known = |InService { host, role, version }| Standing {
            host,
            role,
            version: version.unwrap_or_default(),
        };
        Ok(all.into_iter().map(known).collect())
    }

    /// The version in service on the primary host, or else on the first host in play that has
    /// one; of the primary role, if it is there.
    ///
    /// # Errors
    /// A host cannot be asked, or the role plugin cannot answer.
    pub async fn version_in_service(&self) -> Result<Option<String>, RunError> {
        let all = self.versions().await?;
        let Project { primary_host, primary_role, .. } = &self.request.project;
        let place = |s: &&Standing| (s.host != *primary_host, s.role != *primary_role);
        let serving = all.iter().filter(|s| !s.version.is_empty());
        Ok(serving.min_by_key(place).map(|s| s.version.clone()))
    }

    /// Observes what the role plugin wants to know to tell which versions there are.
    pub(super) async fn look_at_roles(&self) -> Result<(Context, Snapshot), RunError> {
        let role = self.crew.role();
        let mut request = self.request.clone();
        request.operation = operation::own("status", false);
        let context = request.context(role, &|_| String::new());
        let questions = role.observe(&context).map_err(in_words)?;
        let asked: Vec<Asked> = questions
            .into_iter()
            .map(|q| Asked { plugin: role.name().into(), host: q.host, id: q.id, query: q.query })
            .collect();
        let looks = self.look_all(&asked, &|_| Acquire::default()).await?;
        Ok((context, Snapshot::new(&asked, &looks)))
    }
}
