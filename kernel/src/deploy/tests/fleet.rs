//! All simulated hosts, the lock among them, and whether users are served.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use super::sim_host::SimHost;
use crate::lock::Details;

/// All hosts, and what happened to them.
#[derive(Debug)]
pub struct Fleet {
    pub state: Mutex<State>,
    /// Where the lock is.
    pub primary: String,
}

#[derive(Debug, Clone, Default)]
pub struct State {
    pub machines: BTreeMap<String, SimHost>,
    pub lock: Option<Lock>,
    /// Milliseconds.
    pub clock: u64,
    /// Hosts that serve users, and must not cease to.
    serves: Vec<String>,
    /// When a host that should serve did not.
    pub outages: Vec<String>,
    /// What ran: host and step.
    pub performed: Vec<(String, String)>,
    /// A step that fails when it has done its work.
    pub fails: Option<String>,
    /// Scripts at work, by host.
    pub at_work: BTreeMap<String, Script>,
}

/// A script that holds a host's fence.
#[derive(Debug, Clone, Default)]
pub struct Script {
    /// True: it was asked to stop.
    pub term: bool,
}

/// The deploy lock.
#[derive(Debug, Clone)]
pub struct Lock {
    pub run_id: String,
    pub details: Details,
    /// When its lease ends; none while it is being renewed, and for a lock without lease.
    pub ends: Option<u64>,
}

impl Fleet {
    pub fn new(machines: BTreeMap<String, SimHost>, primary: &str) -> Self {
        let state = State { machines, ..State::default() };
        Self { state: Mutex::new(state), primary: primary.to_string() }
    }

    pub fn copy(&self) -> Self {
        Self { state: Mutex::new(self.lock().clone()), primary: self.primary.clone() }
    }

    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// From now on every host that serves users must go on serving.
    pub fn must_serve(&self) {
        let mut state = self.lock();
        let serving = state.machines.iter().filter(|(_, m)| !m.serving().is_empty());
        state.serves = serving.map(|(name, _)| name.clone()).collect();
        assert!(!state.serves.is_empty(), "nobody serves");
    }

    /// Waits for the scripts that are left.
    pub async fn settle(&self) {
        while !self.lock().at_work.is_empty() {
            tokio::task::yield_now().await;
        }
    }
}

impl State {
    /// Notes a host that ceased to serve. `after` says what was done last.
    pub fn check(&mut self, host: &str, after: &str) {
        let machine = &self.machines[host];
        if self.serves.iter().any(|h| h == host) && machine.serving().is_empty() {
            self.outages.push(format!("{host} after {after}"));
        }
    }

    /// Time passes on a host.
    pub fn tick(&mut self, host: &str, after: &str) {
        self.clock += 100;
        self.machine(host).tick();
        self.check(host, after);
    }

    pub fn machine(&mut self, host: &str) -> &mut SimHost {
        self.machines.get_mut(host).expect("a host of the fleet")
    }
}
