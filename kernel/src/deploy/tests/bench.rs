//! What the tests share: the bundled plugins, a configuration, a fleet, runs on it.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex};

use serde_json::{Value, json};
use tokio::sync::watch;

use super::client::{Client, Cut};
use super::fleet::Fleet;
use super::sim_host::SimHost;
use crate::config::declared::Declared;
use crate::config::load::{LoadOptions, from_disk, load};
use crate::config::ownership;
use crate::deploy::crew::{Crew, Request};
use crate::deploy::hooks::Hooks;
use crate::deploy::local_files::LocalFiles;
use crate::deploy::snapshot::Snapshot;
use crate::deploy::{Report, Run, RunError, Settings, operation as operations};
use crate::model::event::{Event, Sink};
use crate::model::plan::Plan;
use crate::model::secret::SecretStore;
use crate::model::wit::{GitState, Machine as Here, Operation};
use crate::plugin::{Limits, Loader, LoaderOptions, Source, bundled};

/// The bundled plugins, compiled once; later runs of the tests find the code in a cache
/// beside the test program.
pub static CREW: LazyLock<Crew> = LazyLock::new(|| {
    let program = std::env::current_exe().unwrap();
    let loader = Loader::new(LoaderOptions {
        cache_dir: Some(program.with_file_name("windlass-plugins-of-tests")),
        limits: Limits::default(),
        log: Arc::new(|_, _, _| {}),
    });
    let plugins = bundled().map(|name| loader.load(Source::Bundled(name.into())).unwrap());
    Crew::new(plugins.collect()).unwrap()
});

/// A configuration of the shop that goes on with `servers`.
macro_rules! shop {
    ($rest:literal) => {
        concat!(
            "service: shop\nimage: acme/shop\n",
            "registry: {server: reg.example, username: jo, password: [PASSWORD]}",
            $rest
        )
    };
}
pub(super) use shop;

/// Web on two hosts, workers on two; one host has both.
pub const BOTH: &str = shop!(
    "
servers:
  web: [web-1, all-1]
  workers:
    hosts: [all-1, job-1]
    cmd: bin/jobs
"
);

/// Web on one host.
pub const ONE: &str = shop!(
    "
servers: [web-1]
"
);

/// Everything that a run reports.
pub type Events = Arc<Mutex<Vec<Event>>>;

/// A configuration and a fleet.
pub struct Bench {
    pub fleet: Arc<Fleet>,
    config: String,
    runs: Mutex<u32>,
}

/// How one run came out.
pub struct Outcome {
    /// None: the client was killed before the end.
    pub result: Option<Result<Report, RunError>>,
    /// Boundaries that the client passed.
    pub passed: usize,
    pub events: Vec<Event>,
}

impl Outcome {
    pub fn good(&self) -> bool {
        matches!(self.result, Some(Ok(_)))
    }

    pub fn error(&self) -> String {
        match &self.result {
            Some(Err(error)) => error.to_string(),
            other => panic!("expected an error, got {other:?}"),
        }
    }

    /// Version in service by host and role, as told at the end.
    pub fn standing(&self) -> Vec<String> {
        let told = self.events.iter().filter_map(|event| match event {
            Event::Standing { host, role, version, .. } => Some(format!("{host} {role} {version}")),
            _ => None,
        });
        told.collect()
    }
}

impl Bench {
    pub fn new(config: &str) -> Self {
        let request = request(config, "v0", 0);
        let hosts = request.project.hosts.iter().map(|h| (h.name.clone(), SimHost::default()));
        let machines: BTreeMap<String, SimHost> = hosts.collect();
        let fleet = Arc::new(Fleet::new(machines, &request.project.primary_host));
        Self { fleet, config: config.to_string(), runs: Mutex::new(0) }
    }

    /// A fleet on which a version was deployed.
    pub async fn with(config: &str, version: &str) -> Self {
        let bench = Self::new(config);
        let outcome = bench.deploy(version).await;
        assert!(outcome.good(), "{:?}", outcome.result);
        bench.fleet.must_serve();
        bench
    }

    /// The same state once more, with a life of its own.
    pub fn copy(&self) -> Self {
        let fleet = Arc::new(self.fleet.copy());
        Self { fleet, config: self.config.clone(), runs: Mutex::new(*self.runs.lock().unwrap()) }
    }

    /// The same state, under another configuration.
    pub fn under(&self, config: &str) -> Self {
        Self { config: config.to_string(), ..self.copy() }
    }

    /// A run of `deploy`, and what it reports.
    pub fn run(&self, version: &str, cut: Cut) -> (Run<Client>, Events) {
        let mut number = self.runs.lock().unwrap();
        *number += 1;
        let request = request(&self.config, version, *number);
        let events = Events::default();
        let told = events.clone();
        let sink: Sink = Arc::new(move |event| told.lock().unwrap().push(event));
        let stop = watch::Sender::new(false);
        let client = Client::new(self.fleet.clone(), &request.run_id, cut, stop.clone());
        let mut secrets = SecretStore::default();
        secrets.insert("PASSWORD", "sesame");
        let settings = Settings {
            performer: format!("Jo {number}"),
            owner: format!("Jo {number}"),
            now: "2026-02-03T04:05:06Z".into(),
            lock_wait_s: 60,
            strict: false,
            local_env: BTreeMap::new(),
            turn: None,
        };
        let crew = CREW.clone();
        let hooks = Hooks::default();
        let hosts = Arc::new(client);
        (Run { hosts, crew, request, secrets, hooks, sink, stop, settings }, events)
    }

    pub async fn deploy(&self, version: &str) -> Outcome {
        self.deploy_until(version, Cut::Never).await
    }

    /// Deploys; what `cut` says happens on the way.
    pub async fn deploy_until(&self, version: &str, cut: Cut) -> Outcome {
        self.perform("deploy", version, cut).await
    }

    /// The same for `redeploy` or `rollback`.
    pub async fn perform(&self, operation: &str, version: &str, cut: Cut) -> Outcome {
        let (mut run, events) = self.run(version, cut);
        run.request.operation = self::operation(operation, &run.request.arguments);
        let client = run.hosts.clone();
        let result = tokio::select! {
            result = all(&run) => Some(result),
            () = client.killed() => None,
        };
        let events = events.lock().unwrap().clone();
        Outcome { result, passed: client.passed(), events }
    }

    /// Observes and plans.
    pub async fn plan(&self, version: &str) -> (Plan, Snapshot) {
        let (run, _) = self.run(version, Cut::Never);
        let seen = run.observe().await.unwrap();
        (run.plan(&seen).unwrap(), seen)
    }
}

async fn all(run: &Run<Client>) -> Result<Report, RunError> {
    let seen = run.observe().await?;
    let plan = run.plan(&seen)?;
    run.perform(plan, seen).await
}

/// An operation with its aims: a command of a plugin as the plugin describes it, or one of the kernel's
/// own, which builds unless the arguments say otherwise.
pub fn operation(name: &str, arguments: &Value) -> Operation {
    match CREW.command(name) {
        Some((_, spec)) => Operation { name: name.into(), aims: spec.aims.clone() },
        None => operations::own(name, arguments["skip-push"] != true),
    }
}

/// What a run of `deploy` knows before it asks anybody.
pub fn request(config: &str, version: &str, run: u32) -> Request {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("deploy.yml");
    std::fs::write(&path, config).unwrap();
    let env = BTreeMap::new();
    let options = LoadOptions {
        path: &path,
        destination: None,
        version: Some(version),
        env: &env,
        read: &from_disk,
        foreign: &[],
        allow_commands: false,
        run: &|_| unreachable!("the file has no ERB"),
    };
    let loaded = load(&options).unwrap();
    let crew = &*CREW;
    let owners = crew.owners();
    let problems = ownership::check(&loaded.tree, &owners, &[]);
    assert!(problems.is_empty(), "{problems:?}");
    let mut project = loaded.project;
    Declared::read(&loaded.tree, &owners).add_to(&mut project);
    let request = Request {
        hosts: project.hosts.iter().map(|host| host.name.clone()).collect(),
        roles: project.roles.iter().map(|role| role.name.clone()).collect(),
        others: Vec::new(),
        chosen_roles: false,
        files: LocalFiles::default(),
        project,
        tree: loaded.tree,
        owners,
        operation: operations::own("deploy", false),
        prints: false,
        arguments: json!({"skip-push": true}),
        version: version.into(),
        repository: String::new(),
        // Runs differ in the first digits already.
        run_id: format!("{:08x}", run.wrapping_mul(2_654_435_761)).repeat(4),
        routed: BTreeMap::new(),
        machine: Here { directory: "/shop".into(), cache: None, git: GitState::None },
    };
    request.with_routes_and_repository(crew).unwrap()
}
