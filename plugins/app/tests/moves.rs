//! What serves, what could, and what moves where.

use windlass_app::{App, describe};
use windlass_sdk::testing;
use windlass_sdk::texts::text;
use windlass_sdk::types::{
    ContainerFact, ContainerQuery, ContainerState, ContainerStatus, Context, Fact, ImageState,
    Incoming, Observation, Query, Rollout,
};
use windlass_sdk::{Plugin, Role};

const RUNNING: ContainerStatus = ContainerStatus::Running;
const EXITED: ContainerStatus = ContainerStatus::Exited;

/// The role web alone, on one host.
fn context(command: &str) -> Context {
    let mut context = testing::context_of(&describe::describe(), command);
    context.hosts.truncate(1);
    context.roles.truncate(1);
    context
}

fn container(version: &str, status: ContainerStatus) -> ContainerState {
    let labels = [("service", "shop"), ("role", "web"), ("destination", "")];
    ContainerState {
        id: format!("id-of-{version}"),
        image: format!("10.0.0.5/shop:{version}"),
        image_id: format!("sha256:{version:0>64}"),
        labels: labels.map(|(name, value)| (name.to_string(), value.to_string())).to_vec(),
        status,
        created_at: format!("2026-01-0{}T00:00:00Z", &version[1..]),
        ..testing::container(format!("shop-web-{version}"))
    }
}

/// What a host with these containers answers. It has their images, but for that of v8.
fn answers(context: &Context, containers: &[ContainerState]) -> Vec<Observation> {
    let answer = |query: &Query| match query {
        Query::Container(ContainerQuery::Containers(_)) => {
            ContainerFact::Containers(containers.to_vec())
        }
        Query::Container(ContainerQuery::Images(_)) => {
            let image = |c: &ContainerState| ImageState {
                id: c.image_id.clone(),
                reference: c.image.clone(),
                created_at: c.created_at.clone(),
            };
            let there = containers.iter().filter(|c| !c.image.ends_with(":v8"));
            ContainerFact::Images(there.map(image).collect())
        }
        _ => ContainerFact::Containers(Vec::new()),
    };
    let answered = App::observe(context).unwrap().into_iter().map(|asked| {
        let fact = Fact::Container(answer(&asked.query));
        Observation { host: asked.host, id: asked.id, answer: Ok(fact) }
    });
    answered.collect()
}

fn all() -> [ContainerState; 3] {
    [container("v1", EXITED), container("v2", RUNNING), container("v3", EXITED)]
}

fn rolled(command: &str) -> Rollout {
    let context = context(command);
    let told = answers(&context, &all());
    assert_eq!(App::plan(&context, &told), Ok(Vec::new()), "steps with a move belong to it");
    App::roll(&context, &told, &[]).unwrap()
}

#[test]
fn the_kernel_learns_what_serves_and_what_could() {
    let context = context("status");
    let told = answers(&context, &all());
    let standing = App::standing(&context, &told).unwrap();
    assert_eq!(standing.len(), 1);
    assert_eq!((standing[0].role.as_str(), standing[0].version.as_deref()), ("web", Some("v2")));
    let lost = [&all()[..], &[container("v8", EXITED)]].concat();
    let kept = App::versions(&context, &answers(&context, &lost)).unwrap();
    assert_eq!(kept[0].versions, ["v3", "v2", "v1"]);
    let none = App::standing(&context, &answers(&context, &[container("v1", EXITED)])).unwrap();
    assert_eq!(none[0].version, None);
}

#[test]
fn what_starts_stops_or_goes_is_a_move() {
    let stopped = rolled("app stop").moves;
    assert_eq!((&stopped[0].incoming, stopped[0].outgoing.len()), (&Incoming::None, 1));
    assert_eq!(stopped[0].outgoing[0].name, "shop-web-v2");
    for command in ["app remove", "remove"] {
        let removed = rolled(command);
        assert_eq!(removed.moves, stopped, "{command}");
        let titles: Vec<_> = removed.steps.iter().map(|step| step.title.as_str()).collect();
        assert!(titles.contains(&"Remove shop-web-v1"), "{titles:?}");
    }
    assert_eq!(rolled("app start").moves, Vec::new(), "it is up");
    let mut context = context("app start");
    context.arguments = r#"{"version": "v1"}"#.to_string();
    let started = App::roll(&context, &answers(&context, &all()), &[]).unwrap();
    assert_eq!(started.moves[0].incoming, Incoming::Started(container("v1", EXITED)));
    assert_eq!(started.moves[0].outgoing, [container("v2", RUNNING)]);
}

#[test]
fn only_where_nobody_brings_the_image_it_must_be_there() {
    for (command, must) in
        [("rollback", true), ("deploy", false), ("redeploy", false), ("app boot", false)]
    {
        let mut context = context(command);
        context.version = "v9".to_string();
        let told = answers(&context, &all());
        let workloads = App::workloads(&context, &told).unwrap();
        assert_eq!(App::roll(&context, &told, &workloads).is_err(), must, "{command}");
    }
}

#[test]
fn a_routed_role_is_checked_and_the_user_is_a_field() {
    let mut context = context("deploy");
    context.config =
        r#"{"servers": {"web": {"options": {"user": "1000:1000", "cpus": 2}}}}"#.into();
    let new = App::workloads(&context, &[]).unwrap().remove(0);
    assert!(new.container.health.is_some() && new.start_limit_ms == 30_000 && new.log_lines == 50);
    assert_eq!(new.container.user, Some(text("1000:1000")));
    let options: Vec<_> = new.container.options.iter().map(|o| o.name.as_str()).collect();
    assert_eq!(options, ["cpus"]);
    context.roles[0].routed = false;
    let unrouted = App::workloads(&context, &[]).unwrap().remove(0);
    assert!(unrouted.container.health.is_none());
}
