//! What was asked of hosts, and what was seen. Plain data.

use std::collections::BTreeMap;

use crate::execute::observe::KernelFacts;
use crate::lock::LockAnswer;
use crate::model::wit::{Fact, Observation, Query};

/// A question with the plugin that asked it.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    pub plugin: String,
    pub host: String,
    pub id: String,
    pub query: Query,
}

/// What one host answered.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Look {
    /// What lock and fence said, in order. After a refusal there are no facts.
    pub answers: Vec<LockAnswer>,
    pub facts: Option<KernelFacts>,
    /// In the order of the queries.
    pub replies: Vec<Result<Fact, String>>,
}

/// Everything that was observed at one moment.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Snapshot {
    facts: BTreeMap<String, KernelFacts>,
    /// By plugin.
    observations: BTreeMap<String, Vec<Observation>>,
}

impl Snapshot {
    /// Sorts the hosts' looks by plugin. `asked` is grouped by host as `looks` was asked.
    pub fn new(asked: &[Asked], looks: &BTreeMap<String, Look>) -> Self {
        let mut seen = Self::default();
        for (host, look) in looks {
            if let Some(facts) = &look.facts {
                seen.facts.insert(host.clone(), facts.clone());
            }
            let here: Vec<Asked> = asked.iter().filter(|a| a.host == *host).cloned().collect();
            let mut plugins: Vec<&str> = here.iter().map(|a| a.plugin.as_str()).collect();
            plugins.sort_unstable();
            plugins.dedup();
            for plugin in plugins {
                let own = observations(&here, plugin, &look.replies);
                seen.observations.entry(plugin.to_string()).or_default().extend(own);
            }
        }
        seen
    }

    /// The kernel's own facts of a host.
    pub fn facts(&self, host: &str) -> Option<&KernelFacts> {
        self.facts.get(host)
    }

    /// All hosts' facts.
    pub fn hosts(&self) -> impl Iterator<Item = (&String, &KernelFacts)> {
        self.facts.iter()
    }

    /// The answers to one plugin's questions.
    pub fn observations(&self, plugin: &str) -> &[Observation] {
        self.observations.get(plugin).map_or(&[], Vec::as_slice)
    }

    /// The plugins that asked.
    pub fn plugins(&self) -> impl Iterator<Item = &str> {
        self.observations.keys().map(String::as_str)
    }

    /// The largest fence number of any host.
    pub fn largest_fence(&self) -> u64 {
        self.facts.values().map(|facts| facts.fence).max().unwrap_or(0)
    }
}

/// Answers as one plugin gets them.
fn observations(
    asked: &[Asked],
    plugin: &str,
    answers: &[Result<Fact, String>],
) -> Vec<Observation> {
    asked
        .iter()
        .zip(answers)
        .filter(|(asked, _)| asked.plugin == plugin)
        .map(|(asked, answer)| Observation {
            host: asked.host.clone(),
            id: asked.id.clone(),
            answer: answer.clone(),
        })
        .collect()
}
