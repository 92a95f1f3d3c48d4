//! From files to a project.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use super::files::Directory;
use crate::config::load::{LoadOptions, Loaded, Problems, from_disk, load};
use crate::model::project::{BootLimit, GatePosition};

pub(super) fn run(
    directory: &Directory,
    destination: Option<&str>,
) -> Result<Loaded, Box<Problems>> {
    let env = BTreeMap::from([("REGION".to_owned(), "eu".to_owned())]);
    load(&LoadOptions {
        path: &directory.path("config/deploy.yml"),
        destination,
        version: Some("v1"),
        env: &env,
        read: &from_disk,
        foreign: &[],
        allow_commands: false,
        run: &|command| Ok(format!("<{command}>")),
    })
}

pub(super) fn load_text(text: &str) -> Result<Loaded, Box<Problems>> {
    run(&Directory::new(&[("config/deploy.yml", text)]), None)
}

#[track_caller]
fn errors(text: &str) -> Vec<String> {
    let failed = load_text(text).expect_err("this should not load");
    failed.problems.into_iter().map(|problem| problem.message).collect()
}

const FULL: &str = r#"
service: shop
image: acme/shop-<%= ENV["REGION"] %>
x-env: &env {clear: {SHARED: 1}}
servers:
  workers:
    hosts: [w1, b: [red, blue]]
    env: *env
    cmd: bin/jobs
  web:
    - b: blue
    - a
env:
  clear: {A: 1}
  tags:
    red: {R: 1}
    blue: {B: 1}
ssh: {user: deploy, port: "2222", proxy: jump, keys: [k], keys_only: yes, log_level: warn}
sshkit: {max_concurrent_starts: 5}
boot: {limit: 25%, wait: 3}
run_directory: /var/lib/shop
x-windlass:
  plugins:
    caddy: {component: ./caddy.wasm, grants: [run], settings: {port: 80}}
    traefik: oci://example/traefik
  gate: start
  lock_wait: 60
"#;

#[test]
fn reads_a_whole_project() {
    let project = load_text(FULL).unwrap().project;
    assert_eq!(
        (project.service.as_str(), project.image.as_str(), project.version.as_str()),
        ("shop", "acme/shop-eu", "v1")
    );
    let roles: Vec<_> = project
        .roles
        .iter()
        .map(|role| (role.name.as_str(), role.hosts.join(" "), role.primary))
        .collect();
    assert_eq!(roles, [("web", "b a".to_owned(), true), ("workers", "w1 b".to_owned(), false)]);
    assert_eq!(project.roles[1].tags["b"], ["red", "blue"]);
    assert_eq!(project.roles[1].config["cmd"], "bin/jobs");
    assert_eq!((project.primary_role.as_str(), project.primary_host.as_str()), ("web", "b"));
    let hosts: Vec<_> = project
        .hosts
        .iter()
        .map(|host| (host.name.as_str(), host.roles.join(" "), host.tags.join(" ")))
        .collect();
    assert_eq!(hosts[0], ("b", "web workers".to_owned(), "blue red".to_owned()));
    assert_eq!(hosts.len(), 3);
    assert_eq!(
        (project.ssh.user.as_str(), project.ssh.port, project.ssh.keys_only),
        ("deploy", Some(2222), true)
    );
    assert_eq!(project.ssh.max_concurrent_starts, Some(5));
    assert_eq!((project.boot.limit, project.boot.wait), (Some(BootLimit::Percent(25)), 3));
    assert_eq!(
        (project.windlass.gate, project.windlass.lock_wait),
        (GatePosition::Start, Some(60))
    );
    assert_eq!(project.windlass.plugins["caddy"].settings["port"], 80);
    assert_eq!(
        project.windlass.plugins["traefik"].component.as_deref(),
        Some("oci://example/traefik")
    );
}

#[test]
fn defaults() {
    let project = load_text("service: app\nimage: a/b\nservers: [h1, h1, h2]\n").unwrap().project;
    assert_eq!((project.primary_role.as_str(), project.roles[0].hosts.len()), ("web", 2));
    assert_eq!(
        (project.ssh.user.as_str(), project.ssh.port, project.run_directory.as_str()),
        ("root", None, ".kamal")
    );
    assert_eq!(project.hooks_path, PathBuf::from(".kamal/hooks"));
    assert_eq!((project.boot.limit, project.windlass.gate), (None, GatePosition::Retire));
    assert_eq!(project.config["servers"][0], "h1");
}

#[test]
fn without_web_the_first_role_is_primary() {
    let project =
        load_text("service: app\nimage: a/b\nservers: {b: [h2], a: [h1]}\n").unwrap().project;
    assert_eq!(project.primary_role, "a");
    let project =
        load_text("service: app\nimage: a/b\nprimary_role: b\nservers: {b: [h2], a: [h1]}\n")
            .unwrap()
            .project;
    assert_eq!((project.primary_host.as_str(), project.roles[0].name.as_str()), ("h2", "b"));
}

#[test]
fn empty_roles_need_leave() {
    let text = "service: app\nimage: a/b\nservers: {web: [h2], jobs: {hosts: []}}\n";
    assert_eq!(errors(text), ["the role `jobs` has no hosts"]);
    assert!(load_text(&format!("{text}allow_empty_roles: true\n")).is_ok());
    let text =
        "service: app\nimage: a/b\nservers: {web: [], jobs: [h1]}\nallow_empty_roles: true\n";
    assert_eq!(errors(text), ["the primary role `web` has no hosts"]);
    assert_eq!(
        errors("service: app\nimage: a/b\nservers: []\n"),
        ["the primary role `web` has no hosts"]
    );
    assert_eq!(errors("service: app\nimage: a/b\nservers: {}\n"), ["`servers` names no role"]);
}

#[test]
fn all_errors_at_once() {
    let text = "service: a b\nservers:\n  web:\n    - 10.0\n    - a: x\n    - {a: b, c: d}\n    - -oProxyCommand=x\n  jobs: nope\nboot: {limit: many, wit: 1}\nprimary_role: wbe\nminimum_version: 2.0.0\n";
    let found = errors(text);
    for start in [
        "`service` may hold only",
        "`image` is missing",
        "a host should be a string or a map, found a number",
        "the tag `x` is not defined",
        "one entry names several hosts",
        "`-oProxyCommand=x` cannot be the name of a host",
        "role `jobs` should be a list of hosts or a map, found a string",
        "unknown key `wit` in `boot`",
        "`limit` should be a number of hosts or a percentage",
        "the primary role `wbe` is not defined",
        "this configuration requires Kamal 2.0.0 or newer",
    ] {
        assert!(
            found.iter().any(|message| message.starts_with(start)),
            "{start} not in {found:#?}"
        );
    }
    assert_eq!(found.len(), 11, "{found:#?}");
}

#[test]
fn older_minimum_versions_are_fine() {
    for version in ["1.9.0", "1.10", "'1'", "1.9.3", "1.9.2.pre1", "1.9"] {
        let text = format!("service: app\nimage: a/b\nservers: [h]\nminimum_version: {version}\n");
        assert_eq!(load_text(&text).is_ok(), version != "1.10", "{version}");
    }
    let text = "service: app\nimage: a/b\nservers: [h]\nminimum_version: new\n";
    assert_eq!(errors(text), ["`minimum_version` is not a version number"]);
}

#[test]
fn destinations_merge_and_keep_their_places() {
    let directory = Directory::new(&[
        (
            "config/deploy.yml",
            "service: app\nimage: a/b\nrequire_destination: true\nservers: [h1]\nenv: {clear: {A: 1, B: 2}}\n",
        ),
        ("config/deploy.staging.yml", "servers: {web: [h9]}\nenv: {clear: {B: 3}}\nvolumes: x\n"),
    ]);
    let loaded = run(&directory, Some("staging")).unwrap();
    assert_eq!(loaded.project.config["env"]["clear"], serde_json::json!({"A": 1, "B": 3}));
    assert_eq!(
        (loaded.project.primary_host.as_str(), loaded.project.destination.as_deref()),
        ("h9", Some("staging"))
    );
    let file =
        |pointer: &str| loaded.tree.place(pointer).unwrap().file.file_name().unwrap().to_owned();
    assert_eq!(file("/env/clear/A"), "deploy.yml");
    assert_eq!(file("/env/clear/B"), "deploy.staging.yml");
    assert_eq!(file("/servers"), "deploy.staging.yml");

    let problems = run(&directory, None).unwrap_err().problems;
    assert_eq!(
        problems[0].help.as_deref(),
        Some("pass `-d NAME`; destinations that exist: staging")
    );
    let problems = run(&directory, Some("stagin")).unwrap_err().problems;
    assert_eq!(problems[0].help.as_deref(), Some("destinations that exist: staging"));
    assert!(
        run(&directory, Some("../x")).unwrap_err().problems[0]
            .message
            .contains("cannot be the name")
    );
}

#[test]
fn files_that_cannot_be_read() {
    let directory = Directory::new(&[]);
    assert!(run(&directory, None).unwrap_err().to_string().contains("deploy.yml does not exist"));
    fs::create_dir_all(directory.path("config")).unwrap();
    fs::write(directory.path("config/deploy.yml"), b"a: 1\nb: \xff\n").unwrap();
    assert!(run(&directory, None).unwrap_err().to_string().contains("is not UTF-8 text (line 2)"));
    for text in ["", "# only a note\n", "- a\n", "just text\n"] {
        assert_eq!(errors(text).len(), 1, "{text}");
    }
}
