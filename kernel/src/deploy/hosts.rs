//! What the story needs of hosts: real ones over SSH, or hosts in memory for tests.

use std::future::Future;

use crate::execute::lanes::Runner;
use crate::lock::{Details, LockAnswer};
use crate::model::diagnostic::{Diagnostic, Kind, OnHost};
use crate::model::wit::Query;
use crate::ssh::SshError;

use super::snapshot::Look;

/// What is done on a host before it is observed, in the same round trip.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Acquire {
    /// Take the deploy lock, waiting for at most so many seconds.
    pub lock: Option<(Details, u64)>,
    /// Raise the fence to this number; with a lock, to this or the next free one.
    pub fence: Option<u64>,
}

/// A host that could not be asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{host}: {why}")]
pub struct HostError {
    pub host: String,
    pub why: String,
    pub help: Option<String>,
}

impl HostError {
    /// An error with nothing but its reason.
    pub fn new(host: impl Into<String>, why: impl Into<String>) -> Self {
        Self { host: host.into(), why: why.into(), help: None }
    }

    /// The host, with what concerns it alone.
    pub fn on_host(self) -> OnHost {
        OnHost { host: self.host, message: self.why, help: self.help.into_iter().collect() }
    }
}

impl From<SshError> for HostError {
    fn from(error: SshError) -> Self {
        Self { help: error.help(), ..Self::new(error.host(), error.to_string()) }
    }
}

impl From<HostError> for Diagnostic {
    fn from(error: HostError) -> Self {
        Self::on_hosts(Kind::Host, vec![error.on_host()])
    }
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
        acquire: Acquire,
        queries: Vec<Query>,
    ) -> impl Future<Output = Result<Look, HostError>> + Send;

    /// Keeps the lease of the lock on `host` alive from now on.
    fn keep_lease(
        &self,
        host: &str,
    ) -> impl Future<Output = Result<Self::Heartbeat, HostError>> + Send;

    /// Gives the lock back.
    fn release(&self, host: &str) -> impl Future<Output = Result<LockAnswer, HostError>> + Send;

    /// Round trips used so far on a host, the heartbeat aside.
    fn trips(&self, host: &str) -> u64;
}
