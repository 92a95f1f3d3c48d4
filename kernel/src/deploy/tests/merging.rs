//! One container from several contributors: what adds up, and what is a quarrel.

use crate::deploy::merge::merge;
use crate::model::wit::{ContainerSpec, Contribution, EnvVar, Health, Part, Text, Workload};

pub fn text(text: &str) -> Text {
    vec![Part::Literal(text.into())]
}

fn health(command: &str) -> Option<Health> {
    Some(Health { command: command.into(), interval_ms: None })
}

/// A container of `web`.
pub fn workload(host: &str) -> Workload {
    let container = ContainerSpec {
        labels: vec![("service".into(), text("shop"))],
        env: vec![EnvVar { name: "OWN".into(), value: text("1") }],
        volumes: vec![text("/a:/a")],
        health: health("own"),
        ..ContainerSpec::new("shop-web-v1", "shop:v1")
    };
    let (role, version) = ("web".to_string(), "v1".to_string());
    Workload {
        host: host.into(),
        role,
        version,
        container,
        health_path: None,
        start_limit_ms: 1_000,
        log_lines: 10,
        annotations: Vec::new(),
    }
}

fn gives(change: impl Fn(&mut Contribution)) -> Contribution {
    let mut part = Contribution::new("web-1", "web");
    change(&mut part);
    part
}

/// What two contributors make of one container, and what is wrong with it.
fn both(one: Contribution, other: Contribution) -> (ContainerSpec, Vec<String>) {
    let mut workloads = vec![workload("web-1"), workload("web-2")];
    let untouched = workloads[1].clone();
    let given = [("env".to_string(), one), ("proxy".to_string(), other)];
    let problems = merge(&mut workloads, &given);
    assert_eq!(workloads[1], untouched, "the other host's container is left alone");
    (workloads.remove(0).container, problems.iter().map(ToString::to_string).collect())
}

#[test]
fn contributions_add_up() {
    let (container, problems) = both(
        gives(|part| {
            part.env = vec![EnvVar { name: "A".into(), value: text("2") }];
            part.env_files = vec!["web.env".into()];
        }),
        gives(|part| {
            part.labels = vec![("route".into(), text("/")), ("service".into(), text("shop"))];
            part.volumes = vec![text("/cord:/cord")];
            part.health = health("own and cord");
            part.network = Some("apps".into());
        }),
    );
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!(container.env.iter().map(|v| v.name.as_str()).collect::<Vec<_>>(), ["OWN", "A"]);
    assert_eq!(container.labels, [("service".into(), text("shop")), ("route".into(), text("/"))]);
    assert_eq!(container.volumes, [text("/a:/a"), text("/cord:/cord")]);
    assert_eq!(container.health.unwrap().command, "own and cord");
    assert_eq!(
        (container.env_files, container.network),
        (vec!["web.env".into()], Some("apps".into()))
    );
}

#[test]
fn two_values_for_one_thing_are_a_problem_that_names_both() {
    let label = |value: &'static str| gives(move |p| p.labels = vec![("x".into(), text(value))]);
    let env = |name: &'static str, value: &'static str| {
        gives(move |p| p.env = vec![EnvVar { name: name.into(), value: text(value) }])
    };
    let network = |name: &'static str| gives(move |p| p.network = Some(name.into()));
    let check = |command: &'static str| gives(move |p| p.health = health(command));
    let nothing = || gives(|_| {});
    let cases = [
        (label("1"), label("2"), Some(("label `x`", "from env and proxy"))),
        (label("1"), label("1"), None),
        (env("A", "1"), env("A", "2"), Some(("variable `A`", "from env and proxy"))),
        (nothing(), env("OWN", "2"), Some(("variable `OWN`", "from the role itself and proxy"))),
        (nothing(), env("OWN", "1"), None),
        (network("a"), network("b"), Some(("network", "and proxy"))),
        (network("a"), network("a"), None),
        (check("a"), check("b"), Some(("health check", "from env and proxy"))),
    ];
    for (one, other, expected) in cases {
        let (_, problems) = both(one, other);
        match expected {
            None => assert!(problems.is_empty(), "{problems:?}"),
            Some((what, whose)) => {
                assert_eq!(problems.len(), 1, "{problems:?}");
                assert!(problems[0].contains(what) && problems[0].contains(whose), "{problems:?}");
            }
        }
    }
}
