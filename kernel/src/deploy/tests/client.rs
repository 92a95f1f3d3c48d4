//! A client of the simulated fleet: its lock, its lease, its end.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::watch;

use super::fleet::{Fleet, Lock};
use super::sim_host::HOME;
use crate::deploy::hosts::{Acquire, Heartbeat, HostError, Hosts};
use crate::deploy::snapshot::Look;
use crate::execute::observe::KernelFacts;
use crate::lock::{Details, LEASE_S, LockAnswer};
use crate::model::wit::Query;

/// What happens to the client, at which of its boundaries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    Never,
    /// It is killed; scripts under way go on.
    Kill(usize),
    /// It is killed; scripts under way end where they are.
    KillAll(usize),
    /// Somebody types Ctrl-C.
    Stop(usize),
    /// It stays there for good, alive.
    Hang(usize),
}

/// One client. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    pub inner: Arc<Inner>,
}

pub struct Inner {
    pub fleet: Arc<Fleet>,
    run_id: String,
    cut: Cut,
    passed: AtomicUsize,
    dead: watch::Sender<bool>,
    /// Turned to false, it lets a hanging client go on.
    pub hangs: watch::Sender<bool>,
    stop: watch::Sender<bool>,
}

impl Client {
    pub fn new(fleet: Arc<Fleet>, run_id: &str, cut: Cut, stop: watch::Sender<bool>) -> Self {
        let inner = Inner {
            fleet,
            run_id: run_id.to_string(),
            cut,
            passed: AtomicUsize::new(0),
            dead: watch::Sender::new(false),
            hangs: watch::Sender::new(false),
            stop,
        };
        Self { inner: Arc::new(inner) }
    }

    pub fn passed(&self) -> usize {
        self.inner.passed.load(Ordering::SeqCst)
    }

    /// Resolves when the client has been killed.
    pub async fn killed(&self) {
        let mut dead = self.inner.dead.subscribe();
        let _ = dead.wait_for(|dead| *dead).await;
    }

    /// Resolves when the client hangs.
    pub async fn hanging(&self) {
        let mut hangs = self.inner.hangs.subscribe();
        let _ = hangs.wait_for(|hangs| *hangs).await;
    }

    /// True if scripts of a killed client end where they are.
    pub fn host_is_dead(&self) -> bool {
        matches!(self.inner.cut, Cut::KillAll(_)) && *self.inner.dead.borrow()
    }

    /// A moment at which something may happen to the client.
    pub fn boundary(&self) {
        let n = self.inner.passed.fetch_add(1, Ordering::SeqCst);
        match self.inner.cut {
            Cut::Kill(at) | Cut::KillAll(at) if n == at => {
                let mut state = self.inner.fleet.lock();
                let ends = state.clock + LEASE_S * 1000;
                if let Some(lock) = state.lock.as_mut().filter(|l| l.run_id == self.inner.run_id) {
                    lock.ends = Some(ends);
                }
                self.inner.dead.send_replace(true);
            }
            Cut::Stop(at) if n == at => {
                self.inner.stop.send_replace(true);
            }
            Cut::Hang(at) if n == at => {
                self.inner.hangs.send_replace(true);
            }
            _ => {}
        }
    }

    /// Goes on only if the client does.
    pub async fn alive(&self) {
        let mut hangs = self.inner.hangs.subscribe();
        let _ = hangs.wait_for(|hangs| !*hangs).await;
        if *self.inner.dead.borrow() {
            std::future::pending::<()>().await;
        }
    }

    /// A boundary of what the client does itself.
    async fn step(&self) {
        self.boundary();
        tokio::task::yield_now().await;
        self.alive().await;
    }

    /// A boundary within a script, which goes on when its client hangs.
    async fn middle(&self) {
        self.boundary();
        tokio::task::yield_now().await;
        if *self.inner.dead.borrow() {
            std::future::pending::<()>().await;
        }
    }

    /// Takes the lock or says who has it; waits for the end of a lease.
    async fn acquire(&self, details: &Details, wait_s: u64) -> LockAnswer {
        let until = self.inner.fleet.lock().clock + wait_s * 1000;
        loop {
            {
                let mut state = self.inner.fleet.lock();
                let now = state.clock;
                let ours = Lock {
                    run_id: self.inner.run_id.clone(),
                    details: details.clone(),
                    ends: None,
                };
                match state.lock.clone() {
                    None => {
                        state.lock = Some(ours);
                        return LockAnswer::Acquired { taken_over_from: None };
                    }
                    Some(theirs) if theirs.ends.is_some_and(|ends| ends <= now) => {
                        state.lock = Some(ours);
                        return LockAnswer::Acquired { taken_over_from: Some(theirs.details) };
                    }
                    Some(theirs) if now >= until => {
                        let left = |ends: u64| (ends - now) as i64 / 1000;
                        return LockAnswer::Held {
                            by: theirs.details,
                            lease_s: theirs.ends.map(left),
                        };
                    }
                    Some(_) => state.clock += 500,
                }
            }
            tokio::task::yield_now().await;
        }
    }

    /// Raises a fence; ends the script that holds it.
    async fn raise(&self, host: &str, number: u64, or_more: bool) -> LockAnswer {
        loop {
            {
                let mut state = self.inner.fleet.lock();
                match state.at_work.get_mut(host) {
                    Some(script) => script.term = true,
                    None => {
                        let fence = &mut state.machine(host).fence;
                        if *fence >= number && !or_more {
                            return LockAnswer::Larger { number: *fence };
                        }
                        *fence = number.max(*fence + 1);
                        return LockAnswer::Raised { number: *fence };
                    }
                }
            }
            tokio::task::yield_now().await;
        }
    }
}

/// A lease that a live client renews.
pub struct Beat;

impl Heartbeat for Beat {
    async fn lost(&mut self) -> String {
        std::future::pending().await
    }
}

impl Hosts for Client {
    type Heartbeat = Beat;

    async fn look(
        &self,
        host: &str,
        acquire: Acquire,
        queries: Vec<Query>,
    ) -> Result<Look, HostError> {
        self.step().await;
        let mut look = Look::default();
        if let Some((details, wait_s)) = &acquire.lock {
            assert_eq!(host, self.inner.fleet.primary, "there is no lock but the primary host's");
            let answer = self.acquire(details, *wait_s).await;
            look.answers.push(answer);
            self.middle().await;
            if matches!(look.answers[0], LockAnswer::Held { .. }) {
                return Ok(look);
            }
        }
        if let Some(number) = acquire.fence {
            let answer = self.raise(host, number, acquire.lock.is_some()).await;
            self.middle().await;
            let refused = matches!(answer, LockAnswer::Larger { .. });
            look.answers.push(answer);
            if refused {
                return Ok(look);
            }
        }
        {
            let mut state = self.inner.fleet.lock();
            state.tick(host, "a look");
            let lock = state.lock.clone().filter(|_| host == self.inner.fleet.primary);
            let machine = state.machine(host);
            let history = machine.files.get(&format!("{HOME}/.kamal/windlass/shop/history"));
            look.facts = Some(KernelFacts {
                home: HOME.into(),
                fence: machine.fence,
                lock: lock.map(|lock| lock.details.encode()),
                lease: None,
                history: history.map_or(Vec::new(), |h| h.lines().map(String::from).collect()),
            });
            look.replies = queries.iter().map(|query| Ok(machine.answer(query))).collect();
        }
        self.step().await;
        Ok(look)
    }

    async fn keep_lease(&self, _: &str) -> Result<Beat, HostError> {
        self.step().await;
        Ok(Beat)
    }

    async fn release(&self, _: &str) -> Result<LockAnswer, HostError> {
        self.step().await;
        let answer = {
            let mut state = self.inner.fleet.lock();
            match state.lock.take() {
                Some(lock) if lock.run_id == self.inner.run_id => LockAnswer::Released,
                other => {
                    state.lock = other;
                    LockAnswer::Lost
                }
            }
        };
        self.step().await;
        Ok(answer)
    }

    fn trips(&self, _: &str) -> u64 {
        0
    }
}
