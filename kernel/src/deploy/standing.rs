//! Which versions hosts have: observed by the kernel, told by the role plugin.

use crate::model::event::Event;
use crate::model::plan::LOCAL;
use crate::model::project::Project;
use crate::model::wit::Action;

use super::hosts::{Hosts, Seen};
use super::{Run, RunError};

/// The operation by which a role plugin is asked what is in service: it answers with one
/// `say` step per host and role, whose text is the version, or empty.
pub const STANDING: &str = "standing";
/// The operation by which a role plugin is asked which versions could serve: one `say` step
/// per host and role, whose text is a JSON list of versions, newest first.
pub const VERSIONS: &str = "versions";

/// A role's version on a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub host: String,
    pub role: String,
    pub version: String,
}

impl<H: Hosts> Run<H> {
    /// Looks once more and tells the sink each role's version on each host. A host that
    /// cannot be asked any more is reported as such; nothing depends on it.
    pub(super) async fn standing(&self) {
        match self.versions().await {
            Ok(all) => {
                for Standing { host, role, version } in all {
                    let expected = version == self.brief.version;
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
    pub async fn versions(&self) -> Result<Vec<Standing>, RunError> {
        Ok(self.told(STANDING).await?.0)
    }

    /// The version in service on the primary host, or else on the first host in play that has
    /// one; of the primary role, if it is there.
    pub async fn version_in_service(&self) -> Result<Option<String>, RunError> {
        let all = self.versions().await?;
        let Project { primary_host, primary_role, .. } = &self.brief.project;
        let place = |s: &&Standing| (s.host != *primary_host, s.role != *primary_role);
        let serving = all.iter().filter(|s| !s.version.is_empty());
        Ok(serving.min_by_key(place).map(|s| s.version.clone()))
    }

    /// The version to go back to. From the history, the last that was good for every host
    /// and role; if it knows none, the newest that every host and role still has and of which
    /// it knows nothing, such as the last one of Kamal. Never the one in service.
    pub async fn version_before(&self) -> Result<Option<String>, RunError> {
        let current = self.versions().await?;
        let serving = |version: &str| current.iter().any(|s| s.version == version);
        let (listed, seen) = self.told(VERSIONS).await?;
        let lists: Vec<Vec<String>> =
            listed.iter().map(|s| serde_json::from_str(&s.version).unwrap_or_default()).collect();
        let Some(first) = lists.first() else { return Ok(None) };
        let present = |version: &String| lists.iter().all(|list| list.contains(version));
        let good = |version: &String| {
            listed.iter().all(|s| {
                let history = seen.facts(&s.host).map(|f| f.history.as_slice()).unwrap_or_default();
                history.iter().any(|line| {
                    let fields: Vec<&str> = line.split('\t').collect();
                    matches!(fields[..], [v, role, _, _, "ok"] if v == version && role == s.role)
                })
            })
        };
        let mut from_history: Vec<String> = Vec::new();
        if let Some(facts) = seen.facts(&self.brief.project.primary_host) {
            for line in facts.history.iter().rev() {
                let version = line.split('\t').next().unwrap_or_default().to_string();
                if !from_history.contains(&version) {
                    from_history.push(version);
                }
            }
        }
        let unrecorded =
            || first.iter().find(|v| !serving(v) && present(v) && !from_history.contains(v));
        let before = from_history.iter().find(|v| !serving(v) && good(v)).or_else(unrecorded);
        Ok(before.cloned())
    }

    /// Asks the role plugin, on freshly observed hosts, what it says for an operation.
    async fn told(&self, operation: &str) -> Result<(Vec<Standing>, Seen), RunError> {
        let role = self.crew.role();
        let mut brief = self.brief.clone();
        brief.operation = operation.into();
        let context = brief.context(role, &|_| String::new());
        let questions = role.observe(&context).map_err(super::compose::PlanError::from)?;
        let asked: Vec<super::Asked> = questions
            .into_iter()
            .map(|q| super::Asked {
                plugin: role.name().into(),
                host: q.host,
                id: q.id,
                query: q.query,
            })
            .collect();
        let looks = self.look_all(&asked, &|_| super::Entry::default()).await?;
        let seen = Seen::new(&asked, &looks);
        let steps = role
            .plan(&context, seen.observations(role.name()))
            .map_err(super::compose::PlanError::from)?;
        let said = steps.into_iter().filter(|step| step.host != LOCAL).filter_map(|step| {
            let Action::Other((name, text)) = step.action else { return None };
            let version: String = serde_json::from_str(&text).unwrap_or(text);
            (name == "say").then(|| Standing {
                host: step.host,
                role: step.role.unwrap_or_default(),
                version,
            })
        });
        Ok((said.collect(), seen))
    }
}
