//! What the steps of a deploy are, for facts as a host tells them.

use sha2::{Digest, Sha256};
use windlass_sdk::describe::aim;
use windlass_sdk::steps::container_spec;
use windlass_sdk::testing::{container, context_of, operation, outline};
use windlass_sdk::types::{
    Action, Area, ContainerAction, ContainerFact, ContainerState, ContainerStatus, Context, Fact,
    FileState, Incoming, Intent, Mount, Move, Observation, Part, Phase, Step, Wait, Workload,
};

use crate::files::{self, Site};
use crate::settings::Settings;
use crate::{commands, observe, traffic};

const HOST: &str = "web-1";

/// Only `web-1`.
fn one_host(command: &str) -> Context {
    only_one(context_of(&crate::describe::describe(), command))
}

fn only_one(mut context: Context) -> Context {
    context.hosts.retain(|host| host.name == HOST);
    context
}

fn workload(role: &str) -> Workload {
    Workload {
        host: HOST.to_string(),
        role: role.to_string(),
        version: "3f9a".to_string(),
        container: container_spec(format!("shop-{role}-3f9a"), "shop:3f9a"),
        health_path: Some("/up".to_string()),
        start_limit_ms: 30_000,
        log_lines: 50,
        annotations: Vec::new(),
    }
}

fn caddy(source: &str, status: ContainerStatus) -> ContainerState {
    ContainerState {
        id: "c0ffee".to_string(),
        status,
        mounts: vec![Mount { source: source.to_string(), target: "/etc/caddy".to_string() }],
        ..container("caddy")
    }
}

/// A host with this Caddy that has all files as they are to be, or none.
fn facts(context: &Context, caddy: Option<ContainerState>, files: bool) -> Vec<Observation> {
    let settings = Settings::of(context).unwrap();
    let site = Site::new(context, &settings, "web");
    let wanted = [files::caddyfile(context), site.status(), site.site()];
    let state = |content: &str| FileState {
        mode: 0o644,
        size: 0,
        digest: Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect(),
    };
    let mut told =
        vec![("caddy", Fact::Container(ContainerFact::Containers(caddy.into_iter().collect())))];
    for (id, file) in ["caddyfile", "status", "site"].into_iter().zip(wanted) {
        told.push((id, Fact::File(files.then(|| state(&file.content)))));
    }
    let observe = |(id, fact): (&str, Fact)| {
        let (host, id) = (HOST.to_string(), id.to_string());
        Observation { host, id, answer: Ok(fact) }
    };
    told.into_iter().map(observe).collect()
}

fn running() -> Option<ContainerState> {
    Some(caddy("/root/.kamal/caddy", ContainerStatus::Running))
}

fn moved(context: &Context, observations: &[Observation]) -> Vec<Step> {
    let moves = [replaced()];
    traffic::traffic(context, observations, &moves).unwrap()
}

fn replaced() -> Move {
    let incoming = Incoming::New(workload("web"));
    Move { host: HOST.to_string(), role: "web".to_string(), incoming, outgoing: Vec::new() }
}

fn ids(steps: &[Step]) -> Vec<&str> {
    steps.iter().map(|step| step.id.as_str()).collect()
}

#[test]
fn every_answer_is_asked_for() {
    let context = one_host("deploy");
    let asked: Vec<_> =
        observe::questions(&context).unwrap().into_iter().map(|asked| asked.id).collect();
    let told: Vec<_> = facts(&context, None, false).into_iter().map(|told| told.id).collect();
    assert_eq!(asked, told);
    assert!(observe::questions(&one_host("status")).unwrap().is_empty());
}

#[test]
fn only_the_primary_role_is_served_under_a_name_of_its_own() {
    let context = one_host("deploy");
    let given = traffic::contribute(&context, &[workload("web"), workload("workers")]);
    assert_eq!(given.len(), 1);
    let Some(network) = &given[0].network else { panic!("no network") };
    assert!(given[0].labels.is_empty() && given[0].volumes.is_empty());
    let later = Context { run_id: "f".repeat(32), ..context };
    let again = traffic::contribute(&later, &[workload("web")]);
    assert_ne!(again[0].network.as_ref(), Some(network));
    assert!(network.starts_with("name=caddy,alias=app-"), "{network}");
    let exec = only_one(operation("app exec", vec![aim(Intent::Operate, &[Area::Roles])]));
    assert!(traffic::contribute(&exec, &[workload("web")]).is_empty());
}

#[test]
fn a_deploy_where_nothing_changed_writes_only_routes() {
    let context = one_host("deploy");
    let told = facts(&context, running(), true);
    assert!(commands::plan(&context, &told).unwrap().is_empty());
    let steps = moved(&context, &told);
    let expected = [
        "web.reload",
        "web.next",
        "web.address",
        "web.reached",
        "web.reached-logs",
        "web.switch",
        "web.switched",
        "web.tidy",
    ];
    assert_eq!(ids(&steps), expected, "{}", outline(&steps));
    let phase = |id: &str| steps.iter().find(|step| step.id == id).map(|step| step.phase);
    assert_eq!(phase("web.reached"), Some(Phase::Route));
    assert_eq!(phase("web.switch"), Some(Phase::Drain));
}

#[test]
fn users_are_sent_where_caddy_was_seen_to_reach() {
    let context = one_host("deploy");
    let steps = moved(&context, &facts(&context, running(), true));
    let written = |id: &str| {
        let step = steps.iter().find(|step| step.id == id).unwrap();
        let Action::WriteFile(write) = &step.action else { panic!("{id} writes nothing") };
        (write.path.clone(), windlass_sdk::texts::literal(&write.content).unwrap())
    };
    let (next, switch) = (written("web.next"), written("web.switch"));
    assert_eq!(next.0, ".kamal/caddy/routes/shop-web.next");
    assert_eq!(switch.0, ".kamal/caddy/routes/shop-web");
    assert_eq!(next.1, switch.1);
    let confirm = steps.iter().find(|step| step.id == "web.switched").unwrap();
    let Action::Wait(Wait::Http(wait)) = &confirm.action else { panic!("no wait") };
    let expected = format!("now={};", switch.1.trim());
    assert_eq!(wait.contains, Some(vec![Part::Literal(expected)]));
}

#[test]
fn the_first_deploy_starts_caddy_and_configures_it() {
    let context = one_host("setup");
    let told = facts(&context, None, false);
    let steps = commands::plan(&context, &told).unwrap();
    let expected = ["caddyfile", "network", "run", "discard", "address", "answers", "answers-logs"];
    assert_eq!(ids(&steps), expected);
    let Action::Container(ContainerAction::Run(spec)) = &steps[2].action else { panic!("no run") };
    let host = context.host(HOST).unwrap();
    let mount = format!("{}:/etc/caddy:ro", files::mounted(&context, host).unwrap());
    assert_eq!(spec.volumes, [vec![Part::Literal(mount)]]);
    let steps = moved(&context, &told);
    assert_eq!(ids(&steps)[..3], ["web.status", "web.site", "web.reload"]);
    assert!(steps[1].undo.is_some(), "a site that Caddy refuses does not stay");
}

#[test]
fn a_changed_file_is_loaded_without_a_restart() {
    let context = one_host("deploy");
    let told = facts(&context, running(), false);
    assert_eq!(ids(&commands::plan(&context, &told).unwrap()), ["caddyfile", "reload"]);
}

#[test]
fn a_stopped_caddy_is_started_and_a_strange_one_refused() {
    let context = one_host("deploy");
    let with = |source: &str, status| {
        let told = facts(&context, Some(caddy(source, status)), true);
        commands::plan(&context, &told)
    };
    let steps = with("/root/.kamal/caddy", ContainerStatus::Exited).unwrap();
    assert_eq!(ids(&steps), ["start", "address", "answers", "answers-logs"]);
    let refused = with("/srv/caddy", ContainerStatus::Running).unwrap_err();
    assert!(refused[0].message.contains("/srv/caddy"), "{refused:?}");
    assert!(with("/root/.kamal/caddy", ContainerStatus::Paused).is_err());
    let steps = with("", ContainerStatus::Created).unwrap();
    assert_eq!(ids(&steps)[..3], ["clear", "network", "run"]);
}

#[test]
fn what_a_host_did_not_tell_is_a_problem() {
    let context = one_host("deploy");
    assert!(commands::plan(&context, &[]).is_err());
    let moves = [replaced()];
    assert!(traffic::traffic(&context, &[], &moves).is_err());
}
