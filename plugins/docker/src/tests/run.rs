//! The argv of `docker run`.

use insta::assert_snapshot;
use windlass_sdk::steps::container_spec;
use windlass_sdk::texts::{secret, text, with_host_env, words};
use windlass_sdk::types::{
    ContainerAction as A, ContainerSpec, EngineOption, Health, Part, RunOnce,
};

use super::{labels, lowered, pairs, var};

/// The simplest app, as Kamal runs it.
fn simplest() -> ContainerSpec {
    ContainerSpec {
        hostname: Some("1.1.1.1-0123456789ab".to_string()),
        restart: Some("unless-stopped".to_string()),
        labels: labels(&[
            ("service", "app"),
            ("role", "web"),
            ("destination", ""),
            ("traefik.http.routers.app-web.rule", "PathPrefix(`/`)"),
        ]),
        env: vec![
            var("KAMAL_CONTAINER_NAME", text("app-web-999")),
            var("KAMAL_VERSION", text("999")),
        ],
        env_files: vec![".kamal/env/roles/app-web.env".to_string()],
        volumes: vec![text("/root/.kamal/cords/app-web-01:/tmp/kamal-cord")],
        log_options: pairs(&[("max-size", "10m")]),
        health: Some(Health {
            command: "curl -f http://localhost:3000/up || exit 1".to_string(),
            interval_ms: Some(1000),
        }),
        ..container_spec("app-web-999", "dhh/app:999")
    }
}

fn option(name: &str, value: Option<&str>) -> EngineOption {
    EngineOption { name: name.to_string(), value: value.map(text) }
}

/// What the engine is told first.
fn command_line(spec: ContainerSpec) -> String {
    lowered(A::Run(spec)).lines().next().unwrap_or_default().to_string()
}

#[test]
fn the_simplest_app() {
    assert_snapshot!(lowered(A::Run(simplest())), @"
    docker run --detach --restart unless-stopped --name app-web-999 --hostname 1.1.1.1-0123456789ab --env-file .kamal/env/roles/app-web.env --env KAMAL_CONTAINER_NAME=app-web-999 --env KAMAL_VERSION=999 --health-cmd 'curl -f http://localhost:3000/up || exit 1' --health-interval 1s --log-opt max-size=10m --volume /root/.kamal/cords/app-web-01:/tmp/kamal-cord --label service=app --label role=web --label destination --label 'traefik.http.routers.app-web.rule=PathPrefix(`/`)' dhh/app:999
    abort docker rm --force app-web-999
    yields OutputKind::ContainerId
    ");
}

#[test]
fn everything_a_spec_can_say() {
    let spec = ContainerSpec {
        network: Some("private".to_string()),
        publish: vec!["80:80".to_string()],
        volumes: vec![with_host_env("${HOME}/data:/data:ro")],
        labels: vec![("host".to_string(), with_host_env("${HOSTNAME}"))],
        log_driver: Some("journald".to_string()),
        log_options: pairs(&[("tag", "{{.Name}}")]),
        health: Some(Health { command: "true".to_string(), interval_ms: Some(1500) }),
        user: Some(text("1000:1000")),
        options: vec![option("mount", Some("somewhere")), option("cap-add", None)],
        entrypoint: Some("/bin/tini".to_string()),
        command: words(["bin/jobs", "--queue", "a b"]),
        ..container_spec("shop-workers-3f9a", "dhh/app:999")
    };
    assert_snapshot!(command_line(spec), @"docker run --detach --name shop-workers-3f9a --network private --health-cmd true --health-interval 1500ms --log-driver journald --log-opt tag={{.Name}} --publish 80:80 --volume ${HOME}/data:/data:ro --label host=${HOSTNAME} --user 1000:1000 --mount somewhere --cap-add --entrypoint /bin/tini dhh/app:999 bin/jobs --queue 'a b'");
}

#[test]
fn values_travel_where_they_may() {
    let spec = ContainerSpec {
        env: vec![
            var("PLAIN", text("it's $5 \"net\"")),
            var("EMPTY", text("")),
            var("FROM_HOST", with_host_env("http://${HOSTNAME}/")),
            var("KEY", secret("RAILS_MASTER_KEY")),
            var("PEM", vec![Part::HostFile(".kamal/env/roles/shop-web.env.d/PEM".to_string())]),
        ],
        ..container_spec("c", "i")
    };
    assert_snapshot!(command_line(spec), @r#"KEY=<secret RAILS_MASTER_KEY> PEM=<file .kamal/env/roles/shop-web.env.d/PEM> docker run --detach --name c --env 'PLAIN=it's $5 "net"' --env EMPTY= --env FROM_HOST=http://${HOSTNAME}/ --env KEY --env PEM i"#);
}

#[test]
fn a_name_that_the_client_reads_cannot_be_exported() {
    let spec = |name: &str| ContainerSpec {
        env: vec![var(name, secret("X"))],
        ..container_spec("c", "i")
    };
    assert_snapshot!(lowered(A::Run(spec("DOCKER_HOST"))), @"error: `DOCKER_HOST` cannot have this value: it has to be exported around `docker`, which reads a variable of this name itself, or no shell accepts the name");
    assert_snapshot!(lowered(A::Run(spec("not-a-name"))), @"error: `not-a-name` cannot have this value: it has to be exported around `docker`, which reads a variable of this name itself, or no shell accepts the name");
    assert_snapshot!(lowered(A::Run(spec("A=B"))), @"error: `A=B` cannot be the name of a variable");
}

#[test]
fn once_is_in_the_foreground_and_leaves_nothing() {
    let spec = || ContainerSpec {
        restart: Some("unless-stopped".to_string()),
        env_files: vec![".kamal/env/roles/app-web.env".to_string()],
        command: words(["bin/rails", "db:migrate"]),
        ..container_spec("", "dhh/app:999")
    };
    let once = |container, tty| lowered(A::RunOnce(RunOnce { container, tty }));
    assert_snapshot!(once(spec(), false), @"docker run --rm --env-file .kamal/env/roles/app-web.env dhh/app:999 bin/rails db:migrate");
    let named = ContainerSpec { name: "console".to_string(), ..spec() };
    assert_snapshot!(once(named, true), @"
    docker run --interactive --tty --rm --name console --env-file .kamal/env/roles/app-web.env dhh/app:999 bin/rails db:migrate
    abort docker rm --force console
    ");
}

#[test]
fn no_field_smuggles_an_option() {
    assert_snapshot!(lowered(A::Run(container_spec("c", "--privileged"))), @"error: `--privileged` cannot be a name, a reference or a path: docker would read it as something else");
    let spec = ContainerSpec {
        options: vec![option("cap-add=ALL --privileged", None)],
        ..container_spec("c", "i")
    };
    assert_snapshot!(lowered(A::Run(spec)), @"error: `cap-add=ALL --privileged` cannot be an option of docker");
}

#[test]
fn what_is_started_can_be_ended() {
    let abort = |action: A| {
        let lowered = crate::actions::lower(&action).unwrap();
        lowered.abort.iter().map(super::command).collect::<Vec<_>>()
    };
    let gone = ["docker rm --force c"];
    assert_eq!(abort(A::Run(container_spec("c", "i"))), gone);
    assert_eq!(
        abort(A::RunOnce(RunOnce { container: container_spec("c", "i"), tty: false })),
        gone
    );
    // Nobody knows which container that would be.
    assert!(
        abort(A::RunOnce(RunOnce { container: container_spec("", "i"), tty: false })).is_empty()
    );
    assert!(abort(A::Pull("i".to_string())).is_empty());
}
