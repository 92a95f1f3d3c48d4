//! What a plugin was handed in a call, and may therefore name or touch without a grant for it.

use std::collections::BTreeSet;

use super::walk;
use crate::model::action::container;
use crate::model::capability::resolve;
use crate::model::wit::{
    ContainerFact, ContainerState, Fact, Incoming, Move, Observation, Part, Workload,
};

/// Nothing, unless made from the arguments of the call.
#[derive(Debug, Default)]
pub(super) struct Handed<'a> {
    /// Secrets (true) and files that stood in containers to be run.
    parts: BTreeSet<(bool, &'a str)>,
    /// Host and path of what containers that are there have mounted.
    mounts: BTreeSet<(&'a str, &'a str)>,
}

impl<'a> Handed<'a> {
    /// Containers to be run.
    pub(super) fn workloads(workloads: &'a [Workload]) -> Self {
        let parts = workloads
            .iter()
            .flat_map(|workload| walk::parts(&container(&workload.container)).collect::<Vec<_>>());
        Self { parts: parts.filter_map(key).collect(), mounts: BTreeSet::new() }
    }

    /// Containers that go, and those that are started again.
    pub(super) fn moves(moves: &'a [Move]) -> Self {
        let mut found = BTreeSet::new();
        for moved in moves {
            found.extend(mounts(&moved.host, &moved.outgoing));
            if let Incoming::Started(container) = &moved.incoming {
                found.extend(mounts(&moved.host, std::slice::from_ref(container)));
            }
        }
        Self { parts: BTreeSet::new(), mounts: found }
    }

    /// Containers that hosts told of.
    pub(super) fn observations(observations: &'a [Observation]) -> Self {
        let told = observations.iter().flat_map(|observation| match &observation.answer {
            Ok(Fact::Container(ContainerFact::Containers(containers))) => {
                mounts(&observation.host, containers)
            }
            _ => Vec::new(),
        });
        Self { parts: BTreeSet::new(), mounts: told.collect() }
    }

    pub(super) fn has_part(&self, part: &Part) -> bool {
        key(part).is_some_and(|key| self.parts.contains(&key))
    }

    /// True for a path at or below what a container of the host has mounted.
    pub(super) fn has_mounted(&self, host: &str, path: &str) -> bool {
        let Some(path) = resolve(path, "") else { return false };
        self.mounts.iter().any(|(of, source)| {
            *of == host && resolve(source, "").is_some_and(|source| path.starts_with(&source))
        })
    }
}

/// Absolute ones only: a relative path would contain all others.
fn mounts<'a>(host: &'a str, containers: &'a [ContainerState]) -> Vec<(&'a str, &'a str)> {
    let sources = containers.iter().flat_map(|c| &c.mounts).map(|mount| mount.source.as_str());
    sources.filter(|source| source.starts_with('/')).map(|source| (host, source)).collect()
}

fn key(part: &Part) -> Option<(bool, &str)> {
    match part {
        Part::Secret(name) => Some((true, name)),
        Part::HostFile(path) => Some((false, path)),
        Part::Literal(_) | Part::HostEnv(_) | Part::OutputOf(_) | Part::Other(_) => None,
    }
}
