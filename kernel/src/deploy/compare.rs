//! What differs between two plans of the same run, and which facts are behind it.

use std::collections::BTreeMap;

use crate::model::plan::{Plan, PlannedStep};
use crate::model::wit::{
    ContainerFact as F, ContainerState, Fact, HealthStatus, Observation, Phase,
};

use super::snapshot::Snapshot;

/// Steps and facts that differ, in words. Both empty: the plans are the same.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Difference {
    pub steps: Vec<String>,
    pub facts: Vec<String>,
}

impl Difference {
    /// True if the second plan does the same as the first.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }
}

/// Compares plans; facts are looked at only if steps differ, since a fact that changes no
/// step matters to nobody.
pub fn compare(before: (&Plan, &Snapshot), after: (&Plan, &Snapshot)) -> Difference {
    let mut difference = Difference { steps: steps(before.0, after.0), facts: Vec::new() };
    if !difference.steps.is_empty() {
        difference.facts = facts(before.1, after.1);
    }
    difference
}

fn steps(before: &Plan, after: &Plan) -> Vec<String> {
    fn by_id(plan: &Plan) -> BTreeMap<(&str, &str), &PlannedStep> {
        plan.steps.iter().map(|s| ((s.spec.host.as_str(), s.id.as_str()), s)).collect()
    }
    let (old, new) = (by_id(before), by_id(after));
    let mut found = Vec::new();
    for (key, step) in &old {
        match new.get(key) {
            // It has been done since, and need not be done again.
            None if step.spec.phase == Phase::Stage => {}
            None => found.push(format!("{}: no longer: {}", key.0, step.spec.title)),
            Some(other) if other != step => {
                found.push(format!(
                    "{}: changed: {} → {}",
                    key.0, step.spec.title, other.spec.title
                ));
            }
            Some(_) => {}
        }
    }
    for (key, step) in &new {
        if !old.contains_key(key) {
            found.push(format!("{}: new: {}", key.0, step.spec.title));
        }
    }
    found
}

fn facts(before: &Snapshot, after: &Snapshot) -> Vec<String> {
    let mut found = Vec::new();
    for (host, facts) in before.hosts() {
        if after.facts(host).is_some_and(|now| now.home != facts.home) {
            found.push(format!("{host}: the home directory changed"));
        }
    }
    let mut plugins: Vec<&str> = before.plugins().chain(after.plugins()).collect();
    plugins.sort_unstable();
    plugins.dedup();
    for plugin in plugins {
        for old in before.observations(plugin) {
            let same = |o: &&Observation| o.host == old.host && o.id == old.id;
            match after.observations(plugin).iter().find(same) {
                Some(new) if new.answer != old.answer => found.extend(words(old, new)),
                Some(_) => {}
                None => found.push(format!("{}: `{}` was not answered", old.host, old.id)),
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

/// One changed answer, container by container where it is about containers.
fn words(old: &Observation, new: &Observation) -> Vec<String> {
    let (Ok(Fact::Container(F::Containers(was))), Ok(Fact::Container(F::Containers(is)))) =
        (&old.answer, &new.answer)
    else {
        return vec![format!("{}: the answer to `{}` changed", old.host, old.id)];
    };
    let mut found = Vec::new();
    // The generated names are `ContainerStatus::Running` and `HealthStatus::Healthy`.
    let word = |name: String| name.rsplit(':').next().unwrap_or_default().to_lowercase();
    let state = |c: &ContainerState| match c.health {
        HealthStatus::None => word(format!("{:?}", c.status)),
        health => format!("{}, {}", word(format!("{:?}", c.status)), word(format!("{health:?}"))),
    };
    for container in was {
        match is.iter().find(|c| c.id == container.id) {
            None => found.push(format!("{}: the container {} is gone", old.host, container.name)),
            Some(now) if now.name != container.name => found.push(format!(
                "{}: the container {} is now named {}",
                old.host, container.name, now.name
            )),
            Some(now) if now != container => found.push(format!(
                "{}: the container {} changed: {} → {}",
                old.host,
                container.name,
                state(container),
                state(now)
            )),
            Some(_) => {}
        }
    }
    for container in is {
        if !was.iter().any(|c| c.id == container.id) {
            found.push(format!(
                "{}: there is a new container {} ({})",
                old.host,
                container.name,
                state(container)
            ));
        }
    }
    found
}
