//! All connections of one run.

use super::control::ControlDirectory;
use super::error::ConnectError;
use super::master::{Failed, Master, Options, start, start_with_person};
use super::mux::Leash;
use super::session::Session;
use super::target::Target;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::task::JoinSet;

/// Connects under way at once through one jump host. sshd begins to refuse at 10
/// (MaxStartups).
const CONNECTS_PER_JUMP: usize = 6;
/// How long a master may take to end before it is killed.
const END_LIMIT: Duration = Duration::from_secs(1);

/// Starts and owns one master per host. The masters end with [`Pool::close`] or when the pool is
/// dropped; sessions that are still held then answer [`super::SshError::Lost`].
#[derive(Debug)]
pub struct Pool {
    options: Options,
    gates: Arc<Gates>,
    leashes: Mutex<Vec<Leash>>,
    // Dropped last: the sockets lie in it.
    directory: Arc<ControlDirectory>,
}

#[derive(Debug)]
struct Gates {
    all: Semaphore,
    jumps: HashMap<String, Semaphore>,
}

impl Pool {
    /// Makes the private control directory (0700); nothing is connected yet.
    ///
    /// Fails if none of `options.control_dirs` can be used.
    pub fn new(options: Options) -> Result<Self, ConnectError> {
        let directory = Arc::new(ControlDirectory::create(&options.control_dirs)?);
        let gates =
            Arc::new(Gates { all: Semaphore::new(options.connects), jumps: HashMap::new() });
        Ok(Self { options, gates, leashes: Mutex::default(), directory })
    }

    /// Keeps the text of a private key in a file of this run (0600), for [`Target::keys`].
    pub fn key_file(&self, text: &str) -> Result<PathBuf, ConnectError> {
        self.directory.key_file(text)
    }

    /// Connects to all targets in parallel and, if a person sits at the terminal, once more to each
    /// failed one that a person's answer may help, one after another. The results are in the order
    /// of `targets`.
    ///
    /// Bounded by the limits of [`Options`]; dropping the future ends what is under way.
    pub async fn connect(
        &mut self,
        targets: Vec<Target>,
    ) -> Vec<(String, Result<Session, ConnectError>)> {
        self.add_jumps(&targets);
        let mut tries = JoinSet::new();
        for (index, target) in targets.iter().cloned().enumerate() {
            let (options, directory, gates) =
                (self.options.clone(), self.directory.clone(), self.gates.clone());
            tries.spawn(async move {
                let gates = &gates;
                let jump = &target.proxy;
                (index, start(&target, &options, &directory, || gates.pass(jump.as_deref())).await)
            });
        }
        let mut outcomes: Vec<Option<Result<Master, Failed>>> =
            targets.iter().map(|_| None).collect();
        while let Some(joined) = tries.join_next().await {
            match joined {
                Ok((index, outcome)) => outcomes[index] = Some(outcome),
                Err(error) => std::panic::resume_unwind(error.into_panic()),
            }
        }
        let mut results = Vec::with_capacity(targets.len());
        for (target, outcome) in targets.into_iter().zip(outcomes.into_iter().flatten()) {
            let host = target.host.clone();
            let outcome = match outcome {
                Err(failed) if failed.person_may_help && self.options.interactive => {
                    // ssh has told the person why it failed; the first error still explains the
                    // most.
                    start_with_person(&target, &self.options, &self.directory)
                        .await
                        .map_err(|_| failed)
                }
                outcome => outcome,
            };
            results.push((
                host,
                outcome.map(|master| self.adopt(target, master)).map_err(|failed| failed.error),
            ));
        }
        results
    }

    /// Ends all masters, at most 1 s each and all at once, and removes the control directory.
    pub async fn close(self) {
        // The ending blocks, so it happens on a thread that may.
        let ended = tokio::task::spawn_blocking(move || drop(self)).await;
        if let Err(error) = ended
            && error.is_panic()
        {
            std::panic::resume_unwind(error.into_panic());
        }
    }

    fn adopt(&self, target: Target, master: Master) -> Session {
        let Master { leash, files } = master;
        self.leashes.lock().unwrap_or_else(PoisonError::into_inner).push(leash);
        Session::new(target, &self.options, files)
    }

    fn add_jumps(&mut self, targets: &[Target]) {
        let jumps = targets.iter().filter_map(|target| target.proxy.clone());
        let gate = |jump| (jump, Semaphore::new(CONNECTS_PER_JUMP));
        // Connects need the pool, so none is under way and no gate is in use.
        let all = Semaphore::new(self.options.connects);
        self.gates = Arc::new(Gates { all, jumps: jumps.map(gate).collect() });
    }

    /// The process ids of all masters.
    #[cfg(test)]
    pub(super) fn pids(&self) -> Vec<rustix::process::Pid> {
        self.leashes.lock().unwrap().iter().map(Leash::pid).collect()
    }

    /// Lets go of all masters without a word, as SIGKILL would.
    #[cfg(test)]
    pub(super) fn forget(&mut self) {
        self.leashes.lock().unwrap().drain(..).for_each(|leash| leash.cut());
    }
}

impl Gates {
    /// The right to connect: first the jump's, so that the queue at one jump takes no place from
    /// other hosts.
    async fn pass(
        &self,
        jump: Option<&str>,
    ) -> (Option<SemaphorePermit<'_>>, Option<SemaphorePermit<'_>>) {
        let jump = match jump.and_then(|jump| self.jumps.get(jump)) {
            Some(gate) => gate.acquire().await.ok(),
            None => None,
        };
        (jump, self.all.acquire().await.ok())
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        let leashes =
            std::mem::take(self.leashes.get_mut().unwrap_or_else(PoisonError::into_inner));
        // One thread each: a hanging master must not delay the others.
        std::thread::scope(|scope| {
            for leash in leashes {
                scope.spawn(move || leash.end(END_LIMIT));
            }
        });
    }
}
