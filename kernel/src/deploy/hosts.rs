//! What the story needs of hosts: real ones over SSH, or hosts in memory for tests.

use std::collections::BTreeMap;
use std::future::Future;

use crate::execute::lanes::Runner;
use crate::execute::observe::HostFacts;
use crate::lock::{Answer, Details};
use crate::model::wit::{Fact, Observation, Query};

use super::compose::{Asked, observations};

/// What is done on a host before it is observed, in the same round trip.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    /// Take the deploy lock, waiting for at most so many seconds.
    pub lock: Option<(Details, u64)>,
    /// Raise the fence to this number; with a lock, to this or the next free one.
    pub fence: Option<u64>,
}

/// What one host answered.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Look {
    /// What lock and fence said, in order. After a refusal there are no facts.
    pub answers: Vec<Answer>,
    pub facts: Option<HostFacts>,
    /// In the order of the queries.
    pub replies: Vec<Result<Fact, String>>,
}

/// A host that could not be asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{host}: {why}{}", help.as_deref().map(|h| format!("\nhelp: {h}")).unwrap_or_default())]
pub struct HostError {
    pub host: String,
    pub why: String,
    pub help: Option<String>,
}

/// A lease that is being renewed; tells when it is lost.
pub trait Heartbeat: Send {
    /// Resolves when the lease is not ours any more, with the reason; never while it is.
    fn lost(&mut self) -> impl Future<Output = String> + Send;
}

/// The hosts of a run.
pub trait Hosts: Runner {
    type Heartbeat: Heartbeat;

    /// Enters a host and asks it, in one round trip.
    fn look(
        &self,
        host: &str,
        entry: Entry,
        queries: Vec<Query>,
    ) -> impl Future<Output = Result<Look, HostError>> + Send;

    /// Keeps the lease of the lock on `host` alive from now on.
    fn keep_lease(
        &self,
        host: &str,
    ) -> impl Future<Output = Result<Self::Heartbeat, HostError>> + Send;

    /// Gives the lock back.
    fn release(&self, host: &str) -> impl Future<Output = Result<Answer, HostError>> + Send;

    /// Round trips used so far on a host, the heartbeat aside.
    fn trips(&self, host: &str) -> u64;
}

/// Everything that was observed at one moment.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Seen {
    facts: BTreeMap<String, HostFacts>,
    /// By plugin.
    observations: BTreeMap<String, Vec<Observation>>,
}

impl Seen {
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
    pub fn facts(&self, host: &str) -> Option<&HostFacts> {
        self.facts.get(host)
    }

    /// All hosts' facts.
    pub fn hosts(&self) -> impl Iterator<Item = (&String, &HostFacts)> {
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
