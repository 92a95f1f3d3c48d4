//! Whole plans of both plugins, as people would read and machines would run them.

mod support;

use support::kernel::{line, plan};
use support::world::World;
use support::{CONFIG, context};
use windlass_sdk::types::{ContainerStatus, Context, HealthStatus, Step};

const BOTH: &[(&str, &[&str])] = &[("web-1", &["web"]), ("all-1", &["web", "workers"])];
const ONE: &[(&str, &[&str])] = &[("web-1", &["web"])];

fn lines(context: &Context, worlds: &[World]) -> String {
    let lines = |steps: Vec<Step>| steps.iter().map(line).collect::<Vec<_>>().join("\n");
    match plan(context, worlds) {
        Ok(steps) => lines(steps),
        Err(problems) => format!("{problems:#?}"),
    }
}

/// One host in a steady state: version 1 serves and is tagged.
fn steady() -> World {
    World::new("web-1").with_traefik(true).with("web", "shop-web-v1", "v1").latest("v1")
}

#[test]
fn first_deploy_in_full() {
    let steps = plan(&context("deploy", "v1", ONE), &[World::new("web-1")]).unwrap();
    insta::assert_yaml_snapshot!(steps);
}

#[test]
fn next_version_in_full() {
    insta::assert_yaml_snapshot!(plan(&context("deploy", "v2", ONE), &[steady()]).unwrap());
}

#[test]
fn web_and_workers() {
    let both = World::new("all-1")
        .with_traefik(true)
        .with("web", "shop-web-v1", "v1")
        .with("workers", "shop-workers-v1", "v1")
        .latest("v1");
    insta::assert_snapshot!(lines(&context("deploy", "v2", BOTH), &[steady(), both]));
}

#[test]
fn same_version_again() {
    insta::assert_snapshot!(lines(&context("redeploy", "v1", ONE), &[steady()]));
}

#[test]
fn after_a_crash_between_cutting_and_stopping() {
    let world = World::new("web-1")
        .with_traefik(true)
        .with("web", "shop-web-v1", "v1")
        .cut()
        .last(|c| c.health = HealthStatus::Unhealthy)
        .with("web", "shop-web-v2", "v2")
        .latest("v1");
    insta::assert_snapshot!(lines(&context("deploy", "v2", ONE), &[world]));
}

#[test]
fn after_a_crash_between_stopping_and_tagging() {
    let world = World::new("web-1")
        .with_traefik(true)
        .with("web", "shop-web-v1", "v1")
        .last(|c| c.status = ContainerStatus::Exited)
        .with("web", "shop-web-v2", "v2")
        .latest("v1");
    insta::assert_snapshot!(lines(&context("deploy", "v2", ONE), &[world]));
}

#[test]
fn rollback() {
    let world = || {
        World::new("web-1")
            .with_traefik(true)
            .with("web", "shop-web-v1", "v1")
            .last(|c| c.status = ContainerStatus::Exited)
            .with("web", "shop-web-v2", "v2")
            .latest("v2")
    };
    insta::assert_snapshot!(lines(&context("rollback", "v1", ONE), &[world()]));
    insta::assert_snapshot!(
        "rollback_without_image",
        lines(&context("rollback", "v9", ONE), &[world()])
    );
}

#[test]
fn a_fleet_just_taken_over_from_kamal() {
    let world =
        World::new("web-1").with_traefik(false).with("web", "shop-web-v1", "v1").latest("v1");
    insta::assert_snapshot!(lines(&context("deploy", "v2", ONE), &[world]));
}

#[test]
fn pruning_keeps_the_newest_and_other_destinations() {
    let mut world = World::new("web-1").with_traefik(true);
    for n in 1..=7 {
        world = world.with("web", &format!("shop-web-old{n}"), "v0").last(|c| {
            c.status = ContainerStatus::Exited;
            c.image = format!("reg/shop:old{n}");
        });
        world.tags.push((format!("reg/shop:old{n}"), support::world::image_id(&format!("old{n}"))));
    }
    world = world.with("web", "shop-web-staging-v0", "v0").last(|c| {
        c.status = ContainerStatus::Exited;
        c.labels[2].1 = "staging".into();
    });
    world.tags.push(("reg/shop:latest-staging".into(), support::world::image_id("v0")));
    let world = world.with("web", "shop-web-v1", "v1").latest("v1");
    insta::assert_snapshot!(lines(&context("deploy", "v2", ONE), &[world]));
}

#[test]
fn each_role_keeps_its_own_stopped_containers() {
    let mut world = World::new("all-1").with_traefik(true);
    for (n, role) in [(1, "web"), (2, "web"), (3, "workers"), (4, "workers")] {
        world = world
            .with(role, &format!("shop-{role}-old{n}"), "v0")
            .last(|c| c.status = ContainerStatus::Exited);
    }
    let mut context = context("prune containers", "v1", &[("all-1", &["web", "workers"][..])]);
    context.arguments = r#"{"retain": 1}"#.to_string();
    let text = lines(&context, &[world]);
    let removed: Vec<_> = text.lines().filter_map(|line| line.split("Remove ").nth(1)).collect();
    assert_eq!(removed, ["shop-workers-old3 (may fail)", "shop-web-old1 (may fail)"], "{text}");
}

#[test]
fn only_our_own_unused_cord_directories_are_tidied() {
    let mut world = steady();
    for prefix in ["shop-web", "shop-web-staging", "shop-workers", "other-web"] {
        let run = "f".repeat(32);
        world.cords.insert(format!("/root/.kamal/cords/{prefix}-{run}/cord"));
    }
    let text = lines(&context("deploy", "v2", ONE), &[world]);
    let tidied: Vec<_> =
        text.lines().filter(|line| line.contains("Remove the cord directory")).collect();
    assert_eq!(
        tidied,
        [format!(
            "web-1 cleanup: Remove the cord directory shop-web-{} (may fail)",
            "f".repeat(32)
        )]
    );
}

#[test]
fn a_traefik_that_cannot_be_used_is_told() {
    let paused =
        World::new("web-1").with_traefik(true).last(|c| c.status = ContainerStatus::Paused);
    assert!(lines(&context("deploy", "v2", ONE), &[paused]).contains("docker unpause traefik"));
    let mut context = context("deploy", "v2", ONE);
    context.config = r#"{"traefik": {"env": {"secret": ["TOKEN"]}}}"#.to_string();
    assert!(lines(&context, &[World::new("web-1")]).contains("lacks `TOKEN`"));
    context.operation = "setup".to_string();
    assert!(lines(&context, &[World::new("web-1")]).contains("Start Traefik"));
    context.operation = "env push".to_string();
    assert_eq!(
        lines(&context, &[World::new("web-1")]),
        "web-1 prepare: Write the env file of Traefik"
    );
}

#[test]
fn users_labels_ports_and_cords() {
    let mut context = context("deploy", "v2", ONE);
    context.config = r#"{
        "servers": {"web": {
            "labels": {"traefik.http.routers.shop-web.rule": "Host(`shop.example`)"},
            "options": {"memory": "1g", "cap-add": ["A", "B"], "init": true},
            "healthcheck": {"cord": false, "cmd": "/bin/check"},
            "logging": {"driver": "journald"}
        }},
        "traefik": {"host_port": 8080, "args": {"entryPoints.web.address": ":80"}, "env": {"TZ": "${TZ}"}},
        "stop_wait_time": 25
    }"#
    .to_string();
    insta::assert_yaml_snapshot!(plan(&context, &[World::new("web-1")]).unwrap());
}

#[test]
fn traefik_reboot() {
    insta::assert_snapshot!(lines(&context("traefik reboot", "", ONE), &[steady()]));
}

/// A host as Kamal 2 leaves it: its own proxy, and a container that Traefik cannot know.
fn of_kamal_2() -> World {
    let title = ("org.opencontainers.image.title".to_string(), "kamal-proxy".to_string());
    World::new("web-1")
        .with("web", "shop-web-v1", "v1")
        .last(|c| {
            c.mounts.clear();
            c.health = HealthStatus::None;
            c.addresses = vec![("kamal".into(), "172.18.0.3".into())];
        })
        .latest("v1")
        .with("proxy", "kamal-proxy", "v0")
        .last(|c| {
            c.image = "basecamp/kamal-proxy:v0.8.4".to_string();
            c.mounts.clear();
            c.labels = vec![title];
        })
}

#[test]
fn back_from_kamal_2() {
    insta::assert_snapshot!(lines(&context("downgrade", "v1", ONE), &[of_kamal_2()]));
}

#[test]
fn a_part_of_the_way_back_is_the_same_for_the_app() {
    let of = |operation: &str| lines(&context(operation, "v1", ONE), &[of_kamal_2()]);
    assert_eq!(of("traefik downgrade"), of("downgrade"));
}

#[test]
fn app_commands() {
    let world = World::new("all-1")
        .with_traefik(true)
        .with("web", "shop-web-v0", "v0")
        .last(|c| c.status = ContainerStatus::Exited)
        .with("web", "shop-web-v1", "v1")
        .with("web", "shop-web-v2_replaced_0123456789abcdef", "v2")
        .latest("v1");
    let all = [("all-1", &["web", "workers"][..])];
    let mut shown = String::new();
    let commands: [(&str, &str); 21] = [
        ("app version", "{}"),
        ("app details", "{}"),
        ("app containers", "{}"),
        ("app stale_containers", "{}"),
        ("app stale_containers", r#"{"stop": true}"#),
        ("app logs", r#"{"grep": "x", "lines": 5}"#),
        ("app logs", r#"{"follow": true}"#),
        ("app exec", r#"{"cmd": ["ls -l"]}"#),
        ("app exec", r#"{"cmd": ["ls", "-l"], "interactive": true}"#),
        ("app start", r#"{"version": "v0"}"#),
        ("app stop", "{}"),
        ("app remove", "{}"),
        ("app remove_container", r#"{"app-version": "v0"}"#),
        ("app remove_containers", "{}"),
        ("app remove_images", "{}"),
        ("traefik logs", "{}"),
        ("details", "{}"),
        ("prune all", "{}"),
        ("prune containers", r#"{"retain": "1"}"#),
        ("prune containers", r#"{"retain": "0"}"#),
        ("prune images", "{}"),
    ];
    for (operation, arguments) in commands {
        let mut context = context(operation, "v1", &all);
        context.arguments = arguments.to_string();
        // `app start --version` is about web only here.
        if operation == "app start" {
            context.hosts[0].roles = vec!["web".to_string()];
        }
        shown += &format!(
            "# {operation} {arguments}\n{}\n",
            lines(&context, std::slice::from_ref(&world))
        );
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn a_silent_host_is_a_problem_and_not_an_empty_one() {
    let context = context("deploy", "v2", ONE);
    let workloads = windlass_app::workloads::workloads(&context).unwrap();
    let problems = windlass_app::workloads::roll(&context, &[], &workloads).unwrap_err();
    assert_eq!(problems[0].host.as_deref(), Some("web-1"));
    assert!(windlass_traefik::commands::plan(&context, &[]).is_err());
    assert_eq!(CONFIG.len(), context.config.len());
}
