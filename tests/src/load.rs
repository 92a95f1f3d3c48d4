//! The load: keep-alive connections that never stop asking for `/version`, check
//! every body and count every failure.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::http::Connection;

/// How many failures are kept in words; all are counted.
const KEPT_FAILURES: usize = 20;

/// What to ask, of whom, how hard.
#[derive(Debug, Clone)]
pub struct LoadPlan {
    /// `HOST:PORT` of each host.
    pub targets: Vec<String>,
    pub connections_per_target: usize,
    /// Between an answer and the next request of the same connection.
    pub pause: Duration,
    /// An answer that takes longer is a failure.
    pub limit: Duration,
    /// Versions that may answer; empty allows every well-formed one.
    pub versions: Vec<String>,
}

impl LoadPlan {
    /// Eight connections per target, 30 ms between requests: each target is asked every 4 ms, and
    /// the machine has cores left for what is under test.
    pub fn new(targets: impl IntoIterator<Item = String>) -> Self {
        Self {
            targets: targets.into_iter().collect(),
            connections_per_target: 8,
            pause: Duration::from_millis(30),
            limit: Duration::from_secs(10),
            versions: Vec::new(),
        }
    }

    pub fn versions(mut self, versions: &[&str]) -> Self {
        self.versions = versions.iter().map(ToString::to_string).collect();
        self
    }

    pub fn pause(mut self, pause: Duration) -> Self {
        self.pause = pause;
        self
    }
}

/// A request that was not answered as it should be.
#[derive(Debug, Clone)]
pub struct Failure {
    /// Since the start of the load.
    pub at: Duration,
    pub target: String,
    pub reason: String,
}

/// What came of it.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Good answers by version.
    pub versions: BTreeMap<String, u64>,
    /// Good answers by target and version.
    pub targets: BTreeMap<String, BTreeMap<String, u64>>,
    pub failed: u64,
    /// The first of them.
    pub failures: Vec<Failure>,
    /// Connections opened again after the server announced that it closes one.
    pub reconnects: u64,
    pub slowest: Duration,
    pub took: Duration,
}

/// A load in progress.
pub struct Load {
    stop: Arc<AtomicBool>,
    report: Arc<Mutex<Report>>,
    started: Instant,
    threads: Vec<thread::JoinHandle<()>>,
}

impl Load {
    pub fn start(plan: &LoadPlan) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let report = Arc::new(Mutex::new(Report::default()));
        let started = Instant::now();
        let mut threads = Vec::new();
        for target in &plan.targets {
            for _ in 0..plan.connections_per_target {
                let asker = Asker {
                    plan: plan.clone(),
                    target: target.clone(),
                    stop: Arc::clone(&stop),
                    report: Arc::clone(&report),
                    started,
                };
                threads.push(thread::spawn(move || asker.run()));
            }
        }
        Self { stop, report, started, threads }
    }

    /// The counts until now.
    pub fn so_far(&self) -> Report {
        let mut report = locked(&self.report).clone();
        report.took = self.started.elapsed();
        report
    }

    /// Waits until `version` has answered `count` times in all.
    pub fn wait_for(&self, version: &str, count: u64, limit: Duration) -> Result<()> {
        let what = format!("{count} answers of version {version}");
        crate::wait::for_true(&what, limit, || {
            Ok(locked(&self.report).versions.get(version).is_some_and(|seen| *seen >= count))
        })
    }

    /// Ends the load; running requests are awaited and counted.
    pub fn stop(self) -> Report {
        self.stop.store(true, Ordering::SeqCst);
        let took = self.started.elapsed();
        for thread in self.threads {
            if thread.join().is_err() {
                locked(&self.report).failed += 1;
            }
        }
        let mut report = locked(&self.report).clone();
        report.took = took;
        report
    }
}

impl Report {
    pub fn answered(&self) -> u64 {
        self.versions.values().sum()
    }

    /// An error unless nothing failed, `total` requests were answered, and each of
    /// `versions` answered `each` of them.
    pub fn expect(&self, total: u64, versions: &[&str], each: u64) -> Result<()> {
        if self.failed > 0 {
            bail!("requests failed\n{self}");
        }
        if self.answered() < total {
            bail!("fewer than {total} requests: this shows too little\n{self}");
        }
        for version in versions {
            if self.versions.get(*version).copied().unwrap_or(0) < each {
                bail!("version {version} answered fewer than {each} requests\n{self}");
            }
        }
        Ok(())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.took.as_secs_f64().max(0.001);
        let all = self.answered() + self.failed;
        writeln!(f, "{all} requests in {seconds:.1} s ({:.0}/s)", all as f64 / seconds)?;
        for (version, count) in &self.versions {
            writeln!(f, "  version {version}: {count}")?;
        }
        writeln!(f, "  slowest answer: {} ms", self.slowest.as_millis())?;
        write!(f, "  failed: {}", self.failed)?;
        for failure in &self.failures {
            let at = failure.at.as_secs_f64();
            write!(f, "\n    after {at:.3} s, {}: {}", failure.target, failure.reason)?;
        }
        Ok(())
    }
}

/// One connection's thread.
struct Asker {
    plan: LoadPlan,
    target: String,
    stop: Arc<AtomicBool>,
    report: Arc<Mutex<Report>>,
    started: Instant,
}

impl Asker {
    fn run(&self) {
        let mut connection = None;
        while !self.stop.load(Ordering::SeqCst) {
            let asked = Instant::now();
            match self.ask(&mut connection) {
                Ok(version) => {
                    let mut report = locked(&self.report);
                    report.slowest = report.slowest.max(asked.elapsed());
                    let target = report.targets.entry(self.target.clone()).or_default();
                    *target.entry(version.clone()).or_default() += 1;
                    *report.versions.entry(version).or_default() += 1;
                }
                Err(error) => {
                    connection = None;
                    let mut report = locked(&self.report);
                    report.failed += 1;
                    if report.failures.len() < KEPT_FAILURES {
                        report.failures.push(Failure {
                            at: asked.duration_since(self.started),
                            target: self.target.clone(),
                            reason: format!("{error:#}"),
                        });
                    }
                }
            }
            thread::sleep(self.plan.pause);
        }
    }

    fn ask(&self, slot: &mut Option<Connection>) -> Result<String> {
        let mut connection = match slot.take() {
            Some(connection) => connection,
            None => Connection::open(&self.target, self.plan.limit)?,
        };
        let answer = connection.get("/version")?;
        if answer.closes {
            locked(&self.report).reconnects += 1;
        } else {
            *slot = Some(connection);
        }
        let body = answer.text();
        if answer.status != 200 {
            bail!("status {}: {}", answer.status, body.trim());
        }
        match body.strip_prefix("version ").and_then(|rest| rest.strip_suffix('\n')) {
            Some(version)
                if self.plan.versions.is_empty()
                    || self.plan.versions.iter().any(|allowed| allowed == version) =>
            {
                Ok(version.to_string())
            }
            _ => bail!("unexpected body {body:?}"),
        }
    }
}

fn locked(report: &Mutex<Report>) -> MutexGuard<'_, Report> {
    report.lock().unwrap_or_else(PoisonError::into_inner)
}
