//! Whatever a crash has left on a host: no plan stops the last container in service before
//! another one is confirmed, performing the plan never leaves nobody to serve, and a failure is
//! taken back.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::bench::{Bench, Outcome, shop};
use super::client::Cut;
use super::sample;
use super::sim_host::{CORD, HOME, REPOSITORY, SimHost, image_id};
use crate::model::plan::{Plan, Segment, rank};
use crate::model::wit::{
    Action, Condition, ContainerAction, ContainerState, ContainerStatus, HealthStatus, Mount, Wait,
};

const CONFIG: &str = shop!(
    "
servers:
  web: [all-1]
  workers:
    hosts: [all-1]
    cmd: bin/jobs
"
);

/// A container as something may have left it.
#[derive(Debug, Clone)]
struct Left {
    workers: bool,
    name: usize,
    status: ContainerStatus,
    health: HealthStatus,
    /// Its cord is cut.
    cut: bool,
    /// It has no cord.
    bare: bool,
    /// It belongs to another destination.
    elsewhere: bool,
}

/// What follows the role in the name, and the image.
const NAMES: [(&str, &str); 6] = [
    ("v0", "v0"),
    ("v1", "v1"),
    ("v2", "v2"),
    ("v2_replaced_00000000000000aa", "v2"),
    ("v1_replaced_00000000000000bb", "v1"),
    ("by-hand", "v1"),
];

fn left() -> impl Strategy<Value = Left> {
    use ContainerStatus as S;
    use HealthStatus as H;
    let status = prop::sample::select(vec![
        S::Running,
        S::Running,
        S::Running,
        S::Created,
        S::Paused,
        S::Restarting,
        S::Exited,
        S::Dead,
    ]);
    let health = prop::sample::select(vec![H::Healthy, H::Healthy, H::Unhealthy, H::Starting]);
    let flags = (any::<bool>(), prop::bool::weighted(0.2), prop::bool::weighted(0.1));
    let name = 0..NAMES.len();
    (any::<bool>(), name, status, health, flags).prop_map(
        |(workers, name, status, health, flags)| {
            let (cut, bare, elsewhere) = flags;
            Left { workers, name, status, health, cut, bare, elsewhere }
        },
    )
}

/// What Traefik there is.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Proxy {
    None,
    /// As Kamal starts it.
    Silent,
    Asked,
    Stopped,
}

fn proxy() -> impl Strategy<Value = Proxy> {
    use Proxy::{Asked, None, Silent, Stopped};
    prop::sample::select(vec![None, Silent, Asked, Asked, Asked, Stopped])
}

fn fill(machine: &mut SimHost, left: &[Left], latest: usize, proxy: Proxy) {
    for version in ["v0", "v1", "v2"] {
        machine.tag(&format!("{REPOSITORY}:{version}"), image_id(version));
    }
    if latest > 0 {
        machine.tag(&format!("{REPOSITORY}:latest"), image_id(NAMES[latest - 1].1));
    }
    if proxy != Proxy::None {
        let traefik = machine.add("traefik", "traefik:v2.11");
        if proxy != Proxy::Silent {
            traefik.labels.push(("windlass.api".into(), "8080".into()));
        }
        if proxy == Proxy::Stopped {
            traefik.status = ContainerStatus::Exited;
        }
    }
    for (n, one) in left.iter().enumerate() {
        let role = if one.workers { "workers" } else { "web" };
        let (suffix, version) = NAMES[one.name];
        let destination = if one.elsewhere { "staging" } else { "" };
        let infix = if one.elsewhere { "-staging" } else { "" };
        let name = format!("shop-{role}{infix}-{suffix}");
        if machine.find(&name).is_some() {
            continue;
        }
        let cord = format!("{HOME}/.kamal/cords/shop-web-{n:032x}");
        if !one.workers && !one.bare {
            machine.directories.insert(cord.clone());
            if !one.cut {
                machine.files.insert(format!("{cord}/cord"), String::new());
            }
        }
        let container = machine.add(&name, &format!("{REPOSITORY}:{version}"));
        let labels = [("service", "shop"), ("role", role), ("destination", destination)];
        container.labels = labels.map(|(k, v)| (k.to_string(), v.to_string())).to_vec();
        container.status = one.status;
        if !one.workers {
            container.health = one.health;
            container.labels.extend(traefik_labels(&format!("shop-web{infix}")));
            if !one.bare {
                container.mounts = vec![Mount { source: cord, target: CORD.to_string() }];
            }
        }
    }
    // The engine has had its time.
    machine.tick();
}

/// What a deploy tells Traefik of a role.
fn traefik_labels(name: &str) -> [(String, String); 6] {
    let router = format!("traefik.http.routers.{name}");
    let retry = format!("traefik.http.middlewares.{name}-retry.retry");
    [
        (format!("traefik.http.services.{name}.loadbalancer.server.scheme"), "http".into()),
        (format!("{router}.rule"), "PathPrefix(`/`)".into()),
        (format!("{router}.priority"), "2".into()),
        (format!("{router}.middlewares"), format!("{name}-retry@docker")),
        (format!("{retry}.attempts"), "5".into()),
        (format!("{retry}.initialinterval"), "500ms".into()),
    ]
}

/// The first step that takes the last container out of service before a new one is confirmed.
fn too_early(plan: &Plan, machine: &SimHost) -> Option<String> {
    let mut serving: BTreeSet<&str> = machine.routed().iter().map(|c| c.id.as_str()).collect();
    let has_any = !serving.is_empty();
    let mut confirmed = BTreeSet::new();
    let needed: &[&str] = &["app.web.ready", "traefik.web.probe"];
    for step in plan.steps.iter().filter(|s| s.spec.when == Condition::Always) {
        if needed.contains(&step.id.as_str()) && matches!(step.spec.action, Action::Wait(_)) {
            confirmed.insert(step.id.as_str());
        }
        let gone = |name: &str| machine.find(name).map(|c| c.id.as_str());
        let out = match &step.spec.action {
            Action::Container(ContainerAction::Stop(stop) | ContainerAction::Remove(stop)) => {
                gone(&stop.container)
            }
            Action::RemoveFile(path) => machine
                .containers
                .iter()
                .find(|c| c.mounts.iter().any(|mount| path.starts_with(mount.source.as_str())))
                .map(|c| c.id.as_str()),
            _ => None,
        };
        let was = out.is_some_and(|id| serving.remove(id));
        if has_any && was && serving.is_empty() && confirmed.len() < needed.len() {
            return Some(step.spec.title.clone());
        }
    }
    None
}

/// Every step that waits has an end, phases are in order, and no role stops what it had before
/// its new container is ready.
fn is_orderly(plan: &Plan) -> bool {
    let of_host = || plan.steps.iter().filter(|step| step.spec.host == "all-1");
    let is_bounded = of_host().all(|step| {
        !matches!(step.spec.action, Action::Wait(Wait::Container(_) | Wait::Http(_)))
            || (1..=600_000).contains(&step.spec.time_limit_ms)
    });
    let mut done = BTreeSet::new();
    let waits = of_host().filter(|step| step.spec.when == Condition::Always).all(|step| {
        done.insert(step.id.as_str());
        let role = step.spec.role.as_deref().unwrap_or_default();
        !matches!(step.spec.action, Action::Container(ContainerAction::Stop(_)))
            || done.contains(format!("app.{role}.ready").as_str())
    });
    is_bounded && waits && of_host().is_sorted_by_key(|step| rank(step.spec.phase))
}

/// The containers without what time changes: those of another destination, or of the app.
fn still(machine: &SimHost, is_wanted: impl Fn(&ContainerState) -> bool) -> Vec<ContainerState> {
    let bare = |c: &ContainerState| ContainerState { health: HealthStatus::None, ..c.clone() };
    machine.containers.iter().filter(|c| is_wanted(c)).map(bare).collect()
}

fn elsewhere(machine: &SimHost) -> Vec<ContainerState> {
    still(machine, |c| c.labels.contains(&("destination".into(), "staging".into())))
}

fn cords(machine: &SimHost) -> Vec<&String> {
    machine.files.keys().filter(|path| path.ends_with("/cord")).collect()
}

fn images(machine: &SimHost) -> BTreeSet<&(String, String)> {
    machine.images.iter().collect()
}

fn all_is_well(bench: &Bench, outcome: &Outcome) -> Result<(), TestCaseError> {
    let state = bench.fleet.lock();
    prop_assert!(state.outages.is_empty(), "{:?}", state.outages);
    let failure = outcome.result.as_ref().map(|r| r.as_ref().map_err(ToString::to_string));
    prop_assert!(outcome.good(), "{:?}", failure);
    prop_assert!(state.lock.is_none());
    let machine = &state.machines["all-1"];
    let serving: Vec<&str> = machine.serving().iter().map(|c| c.name.as_str()).collect();
    prop_assert_eq!(serving, vec!["shop-web-v2"]);
    for role in ["web", "workers"] {
        let ours = machine.containers.iter().filter(|c| {
            c.labels.contains(&("role".into(), role.into()))
                && c.labels.contains(&("destination".into(), String::new()))
                && c.status == ContainerStatus::Running
        });
        let names: Vec<&str> = ours.map(|c| c.name.as_str()).collect();
        prop_assert_eq!(names, vec![format!("shop-{role}-v2")]);
    }
    Ok(())
}

fn cut() -> impl Strategy<Value = Cut> {
    (0..5_u8, 0..70_usize).prop_map(|(kind, at)| match kind {
        0 => Cut::Never,
        1 | 2 => Cut::KillAll(at),
        3 => Cut::Kill(at),
        _ => Cut::Stop(at),
    })
}

/// What the property rests on: a plan in the wrong order is seen as such.
#[tokio::test]
async fn a_step_too_early_is_noticed() {
    let bench = Bench::with(CONFIG, "v1").await;
    let machine = bench.fleet.lock().machines["all-1"].clone();
    let (plan, _) = bench.plan("v2").await;
    assert_eq!(too_early(&plan, &machine), None);
    for id in ["traefik.web.cut", "app.web.stop"] {
        let mut wrong = plan.clone();
        let at = wrong.steps.iter().position(|step| step.id == id).unwrap();
        let step = wrong.steps.remove(at);
        let title = step.spec.title.clone();
        let probe = wrong.steps.iter().position(|step| step.id == "traefik.web.probe").unwrap();
        wrong.steps.insert(probe, step);
        assert_eq!(too_early(&wrong, &machine), Some(title));
    }
}

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: sample::cases(),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

fn run(story: impl Future<Output = Result<(), TestCaseError>>) -> Result<(), TestCaseError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(story)
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn from_any_state_users_are_served_to_the_end(
        left in prop::collection::vec(left(), 0..7),
        latest in 0..4_usize,
        proxy in proxy(),
        crashes in prop::collection::vec((0..3_usize, cut()), 1..4),
        operation in prop::sample::select(vec!["deploy", "redeploy", "rollback"]),
    ) {
        run(async {
            let bench = Bench::new(CONFIG);
            fill(bench.fleet.lock().machine("all-1"), &left, latest, proxy);
            let machine = bench.fleet.lock().machines["all-1"].clone();
            if !machine.serving().is_empty() {
                bench.fleet.must_serve();
            }
            let (plan, _) = bench.plan("v2").await;
            prop_assert_eq!(too_early(&plan, &machine), None);
            prop_assert!(is_orderly(&plan));
            for (version, cut) in crashes {
                bench.deploy_until(["v0", "v1", "v2"][version], cut).await;
            }
            // What a deploy in between may have pruned can still be pulled, but not gone back to.
            // A script that outlives its client may be about to prune.
            if operation == "rollback" {
                bench.fleet.settle().await;
            }
            let version = format!("{REPOSITORY}:v2");
            bench.fleet.lock().machine("all-1").tag(&version, image_id("v2"));
            let outcome = bench.perform(operation, "v2", Cut::Never).await;
            bench.fleet.settle().await;
            all_is_well(&bench, &outcome)?;
            prop_assert_eq!(elsewhere(&bench.fleet.lock().machines["all-1"]), elsewhere(&machine));
            Ok(())
        })?;
    }

    #[test]
    fn a_failure_anywhere_is_taken_back(
        left in prop::collection::vec(left(), 0..7),
        latest in 0..4_usize,
        proxy in proxy(),
        at in any::<prop::sample::Index>(),
    ) {
        run(async {
            let bench = Bench::new(CONFIG);
            fill(bench.fleet.lock().machine("all-1"), &left, latest, proxy);
            let before = bench.fleet.lock().machines["all-1"].clone();
            let (plan, _) = bench.plan("v2").await;
            let steps: Vec<_> = plan.slice("all-1", Segment::Start).into_iter()
                .filter(|step| step.spec.when == Condition::Always && !step.spec.may_fail)
                .collect();
            bench.fleet.lock().fails = Some(at.get(&steps).id.clone());
            let outcome = bench.deploy("v2").await;
            prop_assert!(!outcome.good());
            let after = bench.fleet.lock().machines["all-1"].clone();
            let of_app = |c: &ContainerState| c.name != "traefik";
            prop_assert_eq!(still(&after, of_app), still(&before, of_app));
            prop_assert_eq!(cords(&after), cords(&before));
            prop_assert_eq!(images(&after), images(&before));
            Ok(())
        })?;
    }

    #[test]
    fn a_plan_does_not_depend_on_the_pull(
        left in prop::collection::vec(left(), 0..7),
        latest in 0..4_usize,
    ) {
        run(async {
            // A host that runs the version has its image.
            let left: Vec<_> = left.into_iter().filter(|l| NAMES[l.name].1 != "v2").collect();
            let bench = Bench::new(CONFIG);
            fill(bench.fleet.lock().machine("all-1"), &left, latest, Proxy::Asked);
            let before = bench.copy();
            let version = format!("{REPOSITORY}:v2");
            before.fleet.lock().machine("all-1").images.retain(|(known, _)| *known != version);
            prop_assert_eq!(before.plan("v2").await.0, bench.plan("v2").await.0);
            Ok(())
        })?;
    }
}
