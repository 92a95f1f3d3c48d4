//! Which version a rollback goes back to.

use super::compose::in_words;
use super::history::Record;
use super::hosts::Hosts;
use super::{Run, RunError};

impl<H: Hosts> Run<H> {
    /// The version to go back to. From the history, the last that was good for every host
    /// and role; if it knows none, the newest that every host and role still has and of which
    /// it knows nothing, such as the last one of Kamal. Never the one in service.
    ///
    /// # Errors
    /// A host cannot be asked, or the role plugin cannot answer.
    pub async fn version_before(&self) -> Result<Option<String>, RunError> {
        let current = self.versions().await?;
        let serving = |version: &str| current.iter().any(|s| s.version == version);
        let (context, seen) = self.look_at_roles().await?;
        let role = self.crew.role();
        let listed = role.versions(&context, seen.observations(role.name())).map_err(in_words)?;
        let Some(first) = listed.first() else { return Ok(None) };
        let present = |version: &String| listed.iter().all(|kept| kept.versions.contains(version));
        let good = |version: &String| {
            listed.iter().all(|s| {
                let history = seen.facts(&s.host).map(|f| f.history.as_slice()).unwrap_or_default();
                history.iter().map(|line| Record::read(line)).any(|record| {
                    record.is_good() && record.version == *version && record.role == s.role
                })
            })
        };
        let mut from_history: Vec<String> = Vec::new();
        if let Some(facts) = seen.facts(&self.request.project.primary_host) {
            for line in facts.history.iter().rev() {
                let version = Record::read(line).version;
                if !from_history.contains(&version) {
                    from_history.push(version);
                }
            }
        }
        let unrecorded = || {
            first.versions.iter().find(|v| !serving(v) && present(v) && !from_history.contains(v))
        };
        let before = from_history.iter().find(|v| !serving(v) && good(v)).or_else(unrecorded);
        Ok(before.cloned())
    }
}
