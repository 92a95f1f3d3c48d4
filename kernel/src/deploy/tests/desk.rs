//! A user's machine in a temporary directory: a git repository, a cache, and a `docker` that
//! only writes down how it was called.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::json;

use super::bench::{Bench, Events, ONE, operation};
use super::client::Cut;
use crate::deploy::RunError;
use crate::deploy::hooks::Hooks;
use crate::deploy::local_steps::LocalSteps;
use crate::local::Here;
use crate::model::diagnostic::Diagnostic;
use crate::model::event::{Event, Sink};
use crate::model::plan::{LOCAL, Plan, Segment};
use crate::model::secret::SecretStore;

/// Keeps what a build was given, and answers questions from files of the directory beside it.
const DOCKER: &str = r#"#!/bin/sh
at=${0%/*}/..
for word; do printf '%s ' "$word"; done >>"$at/called"
printf '%s\n' "${TOKEN:+TOKEN=$TOKEN}" >>"$at/called"
for last; do :; done
case "$*" in
'buildx version') [ ! -e "$at/no-buildx" ] ;;
'buildx inspect '*) [ -e "$at/builder-$3" ] ;;
'buildx create '*) : >"$at/builder-kamal-shop-$(expr "$*" : '.*--name kamal-shop-\([a-z-]*\)')" ;;
'buildx rm '*) rm "$at/builder-$3" ;;
'context inspect '*) cat "$at/context-$3" ;;
'context create '*) printf '%s\n' "${last#host=}" >"$at/context-$3" ;;
'context rm '*) rm "$at/context-$4" ;;
'build '* | 'buildx build '*) rm -rf "$at/image" && cp -R "$last" "$at/image" ;;
esac
"#;

/// The machine.
pub struct Desk {
    home: tempfile::TempDir,
    /// `builder:` of deploy.yml, as YAML.
    pub builder: String,
    pub destination: Option<String>,
    pub env: BTreeMap<String, String>,
    /// The hook that fails.
    pub fails: Option<&'static str>,
}

/// How the local part of a run came out.
pub struct Built {
    /// What the steps have yielded.
    pub result: Result<BTreeMap<String, String>, RunError>,
    pub events: Vec<Event>,
    pub hooks: Vec<String>,
}

impl Desk {
    /// An empty repository `repo` and a `docker`.
    pub fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join("bin")).unwrap();
        let docker = home.path().join("bin/docker");
        std::fs::write(&docker, DOCKER).unwrap();
        std::fs::set_permissions(&docker, std::fs::Permissions::from_mode(0o755)).unwrap();
        let path = std::env::var("PATH").unwrap();
        let path = format!("{}:{path}", home.path().join("bin").display());
        let allow = [
            ("PATH", path.as_str()),
            // Submodules of the tests are plain directories.
            ("GIT_CONFIG_COUNT", "1"),
            ("GIT_CONFIG_KEY_0", "protocol.file.allow"),
            ("GIT_CONFIG_VALUE_0", "always"),
        ];
        let env = allow.map(|(name, value)| (name.to_string(), value.to_string())).into();
        let desk = Self { home, builder: "{}".into(), destination: None, env, fails: None };
        desk.init("repo");
        desk
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    pub fn has(&self, name: &str) -> bool {
        self.path(name).exists()
    }

    pub fn put(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub fn init(&self, name: &str) {
        std::fs::create_dir_all(self.path(name)).unwrap();
        self.git(name, &["init", "-q", "-b", "main"]);
    }

    pub fn git(&self, name: &str, arguments: &[&str]) -> String {
        let identity = ["-c", "user.name=n", "-c", "user.email=n@example.com"];
        let output = std::process::Command::new("git")
            .args(identity)
            .args(["-c", "protocol.file.allow=always", "-c", "commit.gpgsign=false"])
            .args(arguments)
            .current_dir(self.path(name))
            .output()
            .unwrap();
        assert!(output.status.success(), "git {arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_string()
    }

    /// Commits everything of a repository; the new revision.
    pub fn commit(&self, name: &str) -> String {
        self.git(name, &["add", "--all"]);
        self.git(name, &["commit", "-q", "--allow-empty", "-m", "more"]);
        self.git(name, &["rev-parse", "HEAD"])
    }

    /// The one clone that there is.
    pub fn clone(&self) -> PathBuf {
        let mut found = std::fs::read_dir(self.path("cache/clones")).unwrap();
        let clone = found.next().unwrap().unwrap().path();
        assert!(found.next().is_none(), "more than one clone");
        clone
    }

    /// What `docker` was called with, a line per call.
    pub fn called(&self) -> String {
        self.text("called")
    }

    /// The plan of a deploy from a directory of this machine.
    pub async fn plan(&self, directory: &str) -> Plan {
        self.plan_with(directory, json!({})).await
    }

    pub async fn plan_with(&self, directory: &str, arguments: serde_json::Value) -> Plan {
        let config = format!("{ONE}builder: {}\n", self.builder);
        let bench = Bench::new(&config);
        let (mut run, _) = bench.run("v1", Cut::Never);
        let here = Here::look(&self.path(directory), Some(self.path("cache"))).await;
        run.request.machine = here.machine();
        run.request.operation = operation("deploy", &arguments);
        run.request.arguments = arguments;
        run.request.project.destination.clone_from(&self.destination);
        let seen = run.observe().await.unwrap();
        run.plan(&seen).unwrap()
    }

    /// A hook pre-build that writes down its name, and fails if it is to.
    fn hooks(&self) -> Hooks {
        let code = i32::from(self.fails == Some("pre-build"));
        let ran = self.path("ran");
        let _ = std::fs::remove_file(&ran);
        let text = format!("#!/bin/sh\necho pre-build >>{}\nexit {code}\n", ran.display());
        self.put("hooks/pre-build", &text);
        let hook = self.path("hooks/pre-build");
        std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
        Hooks::below(self.path("hooks"))
    }

    /// Does what a plan says on this machine before the lock.
    pub async fn perform(&self, plan: &Plan) -> Built {
        let events = Events::default();
        let told = events.clone();
        let sink: Sink = Arc::new(move |event| told.lock().unwrap().push(event));
        let mut secrets = SecretStore::default();
        secrets.insert("PASSWORD", "sesame");
        secrets.insert("TOKEN", "hush-hush");
        let hooks = self.hooks();
        let local = LocalSteps { secrets: &secrets, sink: &sink, env: &self.env, hooks: &hooks };
        let result = local.run(&plan.slice(LOCAL, Segment::Stage)).await;
        let events = events.lock().unwrap().clone();
        let hooks = self.text("ran").lines().map(str::to_string).collect();
        Built { result, events, hooks }
    }

    /// Plans and performs.
    pub async fn build(&self, directory: &str) -> Built {
        self.perform(&self.plan(directory).await).await
    }
}

impl Built {
    pub fn good(self) -> Self {
        assert!(self.result.is_ok(), "{:?}\n{:#?}", self.result, self.events);
        self
    }

    pub fn error(&self) -> String {
        self.result.as_ref().expect_err("it should have failed").to_string()
    }

    /// What the error says to type next.
    pub fn help(&self) -> Vec<String> {
        Diagnostic::from(self.result.as_ref().expect_err("it should have failed")).help
    }

    /// The steps that began, without their plugin's name.
    pub fn begun(&self) -> Vec<&str> {
        let steps = self.events.iter().filter_map(|event| match event {
            Event::Begin { step, .. } => step.strip_prefix("builder."),
            _ => None,
        });
        steps.collect()
    }

    pub fn notes(&self) -> Vec<&str> {
        let notes = self.events.iter().filter_map(|event| match event {
            Event::Note { message } => Some(message.as_str()),
            _ => None,
        });
        notes.collect()
    }
}

/// The names in a directory, sorted, without `.git`.
pub fn names(path: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(path).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| name != ".git");
    names.sort();
    names
}
