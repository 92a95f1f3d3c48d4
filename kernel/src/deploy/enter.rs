//! Taking the lock, raising the fences, looking at all hosts; and giving the lock back.

use std::collections::BTreeMap;

use tokio::task::{JoinHandle, JoinSet};

use crate::execute::Fence;
use crate::lock::{Details, LockAnswer};
use crate::model::event::Event;
use crate::model::problem::Problem;
use crate::model::wit::Query;

use super::hosts::{Acquire, Heartbeat, HostError, Hosts};
use super::snapshot::Asked;
use super::snapshot::{Look, Snapshot};
use super::{Run, RunError};

/// The lock is ours, every host's fence stands at our number, and the lease is being renewed.
pub(super) struct Locked<H: Hosts> {
    pub fences: BTreeMap<String, Fence>,
    watch: JoinHandle<()>,
    hosts: std::marker::PhantomData<H>,
}

impl<H: Hosts> Drop for Locked<H> {
    fn drop(&mut self) {
        self.watch.abort();
    }
}

impl<H: Hosts> Run<H> {
    /// Locks on the primary host first, then fences all others; what they show is observed in
    /// the same round trips.
    pub(super) async fn enter(
        &self,
        seen: &Snapshot,
    ) -> Result<(Locked<H>, BTreeMap<String, Look>), RunError> {
        let asked = self.asked()?;
        let primary = &self.request.project.primary_host;
        let at_least = seen.largest_fence() + 1;
        let acquire = Acquire {
            lock: Some((self.details(), self.settings.lock_wait_s)),
            fence: Some(at_least),
        };
        let mut stop = self.stop.subscribe();
        let interrupted = async { stop.wait_for(|stop| *stop).await.map(|_| ()).unwrap_or(()) };
        let first = tokio::select! {
            first = self.look_at(primary, &asked, acquire) => first?,
            () = interrupted => {
                // The host may have given it to us meanwhile.
                let _ = self.hosts.release(primary).await;
                return Err(RunError::Interrupted);
            }
        };
        // From here on the lock may be ours and must be given back; one that is not stays.
        let entered = match self.entered(primary, &first) {
            Ok(number) => self.fence_others(primary, number, &asked, first).await,
            Err(error) => Err(error),
        };
        match entered {
            Err(error @ RunError::Locked { .. }) => Err(error),
            Err(error) => {
                let _ = self.hosts.release(primary).await;
                Err(error)
            }
            entered => entered,
        }
    }

    /// For callers who do not want to wait: fails before anything is built or pulled if somebody
    /// alive holds the lock.
    pub(super) fn refuse_if_locked(&self, seen: &Snapshot) -> Result<(), RunError> {
        let host = &self.request.project.primary_host;
        let Some(facts) = seen.facts(host) else { return Ok(()) };
        match (&facts.lock, facts.lease) {
            (Some(lock), lease) if !lock.is_empty() && lease.is_none_or(|left| left > 0) => {
                let (host, by) = (host.clone(), Details::decode(lock));
                Err(RunError::Locked { host, by, lease_s: lease })
            }
            _ => Ok(()),
        }
    }

    async fn fence_others(
        &self,
        primary: &str,
        number: u64,
        asked: &[Asked],
        first: Look,
    ) -> Result<(Locked<H>, BTreeMap<String, Look>), RunError> {
        let mut heartbeat = self.hosts.keep_lease(primary).await?;
        let (stop, sink) = (self.stop.clone(), self.sink.clone());
        let host = primary.to_string();
        let watch = tokio::spawn(async move {
            let why = heartbeat.lost().await;
            let problem = Problem::error(format!("the lock on {host} is lost: {why}"))
                .help("what runs now is taken back or finished; then run `windlass status`");
            sink(Event::Problem { problem });
            stop.send_replace(true);
        });
        let mut locked = Locked { fences: BTreeMap::new(), watch, hosts: std::marker::PhantomData };
        let others: Vec<String> =
            self.request.hosts.iter().filter(|host| *host != primary).cloned().collect();
        let raise = |_: &str| Acquire { lock: None, fence: Some(number) };
        let mut looks = self.look_each(&others, asked, &raise).await?;
        for (host, look) in &looks {
            self.entered(host, look)?;
        }
        looks.insert(primary.to_string(), first);
        for host in looks.keys() {
            let paths = self.paths();
            let fence = Fence { guard: paths.guard(), group: paths.group(), number };
            locked.fences.insert(host.clone(), fence);
        }
        Ok((locked, looks))
    }

    /// The number that the host's fence stands at, or why we are not in.
    fn entered(&self, host: &str, look: &Look) -> Result<u64, RunError> {
        let mut number = None;
        for answer in &look.answers {
            match answer {
                LockAnswer::Acquired { taken_over_from: Some(before) } => {
                    let message = format!(
                        "took over the lock of {} (since {}): its lease had ended",
                        before.owner(),
                        before.since()
                    );
                    (self.sink)(Event::Note { message });
                }
                LockAnswer::Held { by, lease_s } => {
                    return Err(RunError::Locked {
                        host: host.into(),
                        by: by.clone(),
                        lease_s: *lease_s,
                    });
                }
                LockAnswer::Raised { number: raised } => number = Some(*raised),
                LockAnswer::Larger { number } => {
                    return Err(RunError::FenceLarger { host: host.into(), number: *number });
                }
                LockAnswer::Busy => return Err(RunError::FenceBusy { host: host.into() }),
                _ => {}
            }
        }
        number.ok_or_else(|| {
            let why = "the host did not say that its fence was raised".to_string();
            HostError::new(host, why).into()
        })
    }

    /// Gives the lock back. A lock that is not ours any more was reported when it was lost.
    pub(super) async fn leave(&self, locked: Locked<H>) -> Result<(), RunError> {
        drop(locked);
        let released = self.hosts.release(&self.request.project.primary_host).await;
        for host in self.hosts_to_ask() {
            let count = self.hosts.trips(&host);
            (self.sink)(Event::Trips { host, count });
        }
        match released? {
            LockAnswer::Lost => Err(RunError::LeaseLost),
            _ => Ok(()),
        }
    }

    fn details(&self) -> Details {
        let what = &self.request.operation.name;
        let message = format!("Automatic {what} lock");
        Details::new(&self.settings.owner, &self.settings.now, &self.request.version, &message)
    }

    /// The hosts in play and the one with the lock; none for what happens on this machine alone.
    fn hosts_to_ask(&self) -> Vec<String> {
        let mut hosts = self.request.hosts.clone();
        if !hosts.is_empty() && !hosts.contains(&self.request.project.primary_host) {
            hosts.push(self.request.project.primary_host.clone());
        }
        hosts
    }

    /// Looks at every host at once.
    pub(super) async fn look_all(
        &self,
        asked: &[Asked],
        acquire: &(dyn Fn(&str) -> Acquire + Sync),
    ) -> Result<BTreeMap<String, Look>, RunError> {
        self.look_each(&self.hosts_to_ask(), asked, acquire).await
    }

    async fn look_each(
        &self,
        hosts: &[String],
        asked: &[Asked],
        acquire: &(dyn Fn(&str) -> Acquire + Sync),
    ) -> Result<BTreeMap<String, Look>, RunError> {
        let mut tasks = JoinSet::new();
        for host in hosts {
            let queries = queries(asked, host);
            let (fleet, host, acquire) = (self.hosts.clone(), host.clone(), acquire(host));
            tasks.spawn(async move { (host.clone(), fleet.look(&host, acquire, queries).await) });
        }
        let (mut looks, mut errors) = (BTreeMap::new(), Vec::new());
        while let Some(joined) = tasks.join_next().await {
            match joined {
                Ok((host, Ok(look))) => drop(looks.insert(host, look)),
                Ok((_, Err(error))) => errors.push(error),
                Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                Err(_) => {}
            }
        }
        errors.sort_by(|a, b| a.host.cmp(&b.host));
        if errors.is_empty() { Ok(looks) } else { Err(RunError::Hosts(errors)) }
    }

    async fn look_at(
        &self,
        host: &str,
        asked: &[Asked],
        acquire: Acquire,
    ) -> Result<Look, RunError> {
        Ok(self.hosts.look(host, acquire, queries(asked, host)).await?)
    }
}

fn queries(asked: &[Asked], host: &str) -> Vec<Query> {
    asked.iter().filter(|asked| asked.host == host).map(|asked| asked.query.clone()).collect()
}
