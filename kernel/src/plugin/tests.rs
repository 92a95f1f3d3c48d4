//! Plugins that misbehave, run for real.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use windlass_guests as guests;

use super::{Fault, Kind, Limits, Loader, LoaderOptions, Plugin, PluginError, Source, describe};
use crate::model::wit::log::Level;
use crate::model::wit::{
    Action, Condition, Context, GitState, HostInfo, Machine, Operation, Part, Phase, Problem,
    Question, RoleInfo, Severity, Step,
};

mod cache;
mod evolution;
mod grants;
mod hostile;
mod steps;

/// The guest of `tests/guests`: it does what its settings say.
static HOSTILE: LazyLock<Vec<u8>> = LazyLock::new(|| guest("windlass-hostile"));

/// Builds a guest of the tests.
fn guest(package: &str) -> Vec<u8> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap();
    let program = std::env::current_exe().unwrap();
    let target = guests::target_directory(&program).expect("cargo runs the tests");
    let packages = [package.to_owned()];
    let modules = guests::build(&workspace, &target, &packages).unwrap_or_else(|e| panic!("{e}"));
    guests::encode(&modules[0]).unwrap()
}

/// What a host logged.
type Log = Arc<Mutex<Vec<(String, Level, String)>>>;

/// Code that the tests share, to compile the guest once.
static COMPILED: LazyLock<tempfile::TempDir> = LazyLock::new(|| tempfile::tempdir().unwrap());

struct Bench {
    directory: tempfile::TempDir,
    cache: PathBuf,
    log: Log,
    limits: Limits,
}

impl Bench {
    fn new() -> Self {
        // Generous, so that a busy machine fails no test but those about time.
        let limits = Limits { time: Duration::from_secs(60), ..Limits::default() };
        let directory = tempfile::tempdir().unwrap();
        Self { directory, cache: COMPILED.path().to_owned(), log: Log::default(), limits }
    }

    /// With a cache of its own, which is not there yet.
    fn uncached() -> Self {
        let mut bench = Self::new();
        bench.cache = bench.directory.path().join("cache");
        bench
    }

    fn loader(&self) -> Loader {
        let log = Arc::clone(&self.log);
        Loader::new(LoaderOptions {
            cache_dir: Some(self.cache.clone()),
            limits: self.limits,
            log: Arc::new(move |plugin, level, message| {
                log.lock().unwrap().push((plugin.to_owned(), level, message.to_owned()));
            }),
        })
    }

    /// With little time per call.
    fn hurried() -> Self {
        let mut bench = Self::new();
        bench.limits.time = Duration::from_millis(300);
        bench
    }

    /// A source that holds these bytes.
    fn source(&self, name: &str, bytes: &[u8]) -> Source {
        let path = self.directory.path().join(format!("{name}.wasm"));
        std::fs::write(&path, bytes).unwrap();
        Source::File { name: name.to_owned(), path }
    }

    fn hostile(&self) -> Plugin {
        let plugin = self.loader().load(self.source("hostile", &HOSTILE)).unwrap();
        let asked = describe::asked(&plugin.description().capabilities).unwrap();
        plugin.granted(asked)
    }

    fn logged(&self) -> Vec<String> {
        self.log.lock().unwrap().iter().map(|(_, _, message)| message.clone()).collect()
    }
}

/// The component with a name in it replaced by one of the same length.
fn renamed(from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut bytes = HOSTILE.clone();
    let places: Vec<usize> = (0..bytes.len() - from.len())
        .filter(|at| bytes[*at..].starts_with(from.as_bytes()))
        .collect();
    assert!(!places.is_empty(), "{from} is not in the component");
    for at in places {
        bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
    }
    bytes
}

/// Two web hosts and one of workers.
fn context(settings: &serde_json::Value) -> Context {
    let host = |name: &str, role: &str| HostInfo {
        name: name.to_owned(),
        roles: vec![role.to_owned()],
        tags: Vec::new(),
        home: "/home/deploy".to_owned(),
    };
    let role = |name: &str, hosts: &[&str], primary| RoleInfo {
        name: name.to_owned(),
        hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
        primary,
        routed: false,
    };
    Context {
        operation: Operation { name: "deploy".to_owned(), aims: Vec::new() },
        arguments: "{}".to_owned(),
        service: "shop".to_owned(),
        destination: None,
        version: "3f9a".to_owned(),
        repository: "localhost:5000/shop".to_owned(),
        run_id: "0".repeat(32),
        run_directory: ".kamal".to_owned(),
        hosts: vec![host("web-1", "web"), host("web-2", "web"), host("jobs-1", "jobs")],
        roles: vec![role("web", &["web-1", "web-2"], true), role("jobs", &["jobs-1"], false)],
        primary_role: "web".to_owned(),
        primary_host: "web-1".to_owned(),
        config: "{}".to_owned(),
        settings: settings.to_string(),
        secrets: vec!["TOKEN".to_owned()],
        machine: Machine { directory: "/shop".to_owned(), cache: None, git: GitState::None },
        annotations: Vec::new(),
    }
}

fn step(id: &str, host: &str, phase: Phase, action: Action) -> Step {
    Step {
        time_limit_ms: 1_000,
        why: "test".to_owned(),
        ..Step::new(id, host, phase, format!("Do {id}"), action)
    }
}

fn literal(text: &str) -> Vec<Part> {
    vec![Part::Literal(text.to_owned())]
}
