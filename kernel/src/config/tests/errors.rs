//! What people see: golden drawings of problems.

use std::collections::BTreeMap;

use super::files::Directory;
use super::loading::run;
use super::owners::owners;
use super::{read, tree};
use crate::config::draw::draw;
use crate::config::foreign::ForeignKey;
use crate::config::source::{Source, Sources};
use crate::config::{erb, ownership};
use crate::model::problem::Problem;

fn golden(name: &str, drawn: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, drawn));
}

#[test]
fn broken_yaml() {
    let cases = [
        "service: app\nservice: other\n",
        "service: app\nservers:\n\t- h1\n",
        "service: app\n<<<<<<< HEAD\nimage: a\n=======\nimage: b\n>>>>>>> main\n",
        "service: app\nvolumes: [a, b\nimage: x\n",
        "service: \"app\nimage: x\n",
        "service: a: b\n",
        "service: app\n image: x\n",
        "service: @app\n",
        "service: *app\n",
        "service: !ruby/object:Foo {}\n",
        "? [a]\n: 1\n",
        "a:\n  <<: 5\n",
        "\n",
    ];
    let drawn: Vec<String> = cases
        .iter()
        .map(|text| {
            let (result, sources) = read(text);
            draw(&result.unwrap_err(), &sources, false)
        })
        .collect();
    golden("broken_yaml", &drawn.join("\n"));
}

#[test]
fn keys_and_types() {
    let text = r#"service: app
image: acme/app
servers:
  web:
    hosts: [h1]
    traefic: true
    cmd: [run]
    labels:
      a: {b: c}
  jobs:
    hosts: [h2]
    options: ~
traefik:
  host_port: [80]
  publish: "false"
  args:
    log.level: DEBUG
healthcheck:
  prot: 3000
  cord: true
labels:
  version: 1.10
  mapping: 22:22
volums:
  - a
proxy: {}
ssh:
  port: [22]
  log_level: loud
boot:
  wait: "3"
x-windlass:
  gate: begin
  plugins:
    caddy: {componant: x}
"#;
    let (_, sources) = read(text);
    let proxy = ForeignKey { pattern: "/proxy", origin: "Kamal 2", help: "see `traefik`" };
    let problems = ownership::check(&tree(text), &owners(), &[proxy]);
    golden("keys_and_types", &draw(&problems, &sources, false));
}

#[test]
fn expressions() {
    let text = "service: <%= ENV[\"NAME\"] %>\nimage: <%= `git rev-parse HEAD` %>\n<% if true %>\nservers: [<%= ENV.fetch('HOST') %>]\n";
    let mut sources = Sources::default();
    sources.add("config/deploy.yml", text);
    let source = Source::new("config/deploy.yml", text);
    let env = BTreeMap::new();
    let run = |_: &str| Err(Box::new(Problem::error("this runs a command")));
    let world = erb::World { env: &env, read: &|_| unreachable!(), run: &run };
    let problems = erb::render(&source, &world).unwrap_err();
    golden("expressions", &draw(&problems, &sources, false));
}

#[test]
fn loading() {
    let base = "service: my app\nrequire_destination: true\nservers:\n  web:\n    - 10.0\n    - {h1: fast}\n  jobs:\nenv:\n  tags: {fats: {A: 1}}\nprimary_role: wbe\nboot:\n  limit: many\nminimum_version: 2.1.0\n";
    let directory = Directory::new(&[
        ("config/deploy.yml", base),
        ("config/deploy.prod.yml", "servers:\n  cron: {}\n"),
    ]);
    let shown = |destination| {
        let failed = run(&directory, destination).unwrap_err();
        draw(&failed.problems, &failed.sources, false)
            .replace(&format!("{}/", directory.root().display()), "")
    };
    let drawn = [None, Some("prod"), Some("stage")].map(shown);
    golden("loading", &drawn.join("\n=====\n\n"));
}

#[test]
fn a_file_cannot_write_to_the_terminal() {
    let text = "service: app\n\"\\e[31m\u{7}x\": \"\u{9b}\"\n";
    let (_, sources) = read(text);
    let drawn = draw(&ownership::check(&tree(text), &owners(), &[]), &sources, false);
    let control = |letter: char| letter.is_control() && letter != '\n';
    assert!(!drawn.contains(control), "{drawn:?}");
}
