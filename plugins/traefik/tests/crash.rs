//! Over all states that a crash can leave: no step takes the last serving container away
//! before another one is confirmed, a failure is taken back, and the end is one version.

mod support;

use std::collections::BTreeSet;

use proptest::prelude::*;
use support::context;
use support::kernel::{is_unconditional, plan, rank};
use support::world::World;
use windlass_sdk::containers::is_up;
use windlass_sdk::types::{
    Action, Condition, ContainerAction, ContainerState, ContainerStatus, Context, HealthStatus,
    Phase, Step,
};

const HOSTS: &[(&str, &[&str])] = &[("all-1", &["web", "workers"])];

/// One container of a role, as something may have left it.
#[derive(Debug, Clone)]
struct Left {
    workers: bool,
    name: usize,
    status: ContainerStatus,
    health: HealthStatus,
    cut: bool,
    bare: bool,
    elsewhere: bool,
}

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
    (any::<bool>(), 0..6_usize, status, health, flags).prop_map(
        |(workers, name, status, health, flags)| {
            let (cut, bare, elsewhere) = flags;
            Left { workers, name, status, health, cut, bare, elsewhere }
        },
    )
}

fn world(left: &[Left], latest: usize, traefik: usize) -> World {
    let mut world = World::new("all-1");
    if traefik > 0 {
        world = world.with_traefik(traefik > 1);
    }
    if traefik == 3 {
        world = world.last(|c| c.status = ContainerStatus::Exited);
    }
    for Left { workers, name, status, health, cut, bare, elsewhere } in left {
        let role = if *workers { "workers" } else { "web" };
        let (suffix, version) = [
            ("v0", "v0"),
            ("v1", "v1"),
            ("v2", "v2"),
            ("v2_replaced_00000000000000aa", "v2"),
            ("v1_replaced_00000000000000bb", "v1"),
            ("odd", "v1"),
        ][*name];
        let destination = if *elsewhere { "staging" } else { "" };
        let infix = if *elsewhere { "-staging" } else { "" };
        let full = format!("shop-{role}{infix}-{suffix}");
        if world.find(&full).is_some() {
            continue;
        }
        world = world.with(role, &full, version).last(|c| {
            c.status = *status;
            c.labels[2].1 = destination.to_string();
            if !*workers {
                c.health = *health;
            }
        });
        if *cut && !*workers {
            world = world.cut();
        }
        if *bare && !*workers {
            world = world.last(|c| c.mounts.clear());
        }
    }
    match latest {
        0 => world,
        n => world.latest(["v0", "v1", "v2"][n - 1]),
    }
}

/// Performs a plan from its start to `end`, checking every step.
fn perform(world: &mut World, steps: &[&Step]) {
    let mut done: BTreeSet<&str> = BTreeSet::new();
    for step in steps {
        let before = world.serving("web");
        world.perform(&step.action);
        done.insert(&step.id);
        let after = world.serving("web");
        let lost: Vec<_> = before.difference(&after).collect();
        if !lost.is_empty() {
            let confirmed = done.contains("traefik.web.probe")
                && (done.contains("traefik.web.up") || done.contains("traefik.web.settle"));
            assert!(confirmed, "{} stops {lost:?} too early", step.id);
            assert!(!after.is_empty(), "{} stops the last one that serves", step.id);
        }
        if matches!(&step.action, Action::Container(ContainerAction::Stop(_))) {
            let ready = format!("app.{}.ready", step.role.as_deref().unwrap_or_default());
            assert!(done.contains(ready.as_str()), "{} comes before {ready}", step.id);
        }
    }
}

fn unconditional(steps: &[Step]) -> Vec<&Step> {
    steps.iter().filter(|step| is_unconditional(step)).collect()
}

/// Fails at step `at`, and takes back what was begun, last first.
fn fail_at(world: &mut World, steps: &[Step], at: usize) {
    let plain = unconditional(steps);
    perform(world, &plain[..at]);
    let failed = plain[at];
    // What fails may have done its work, or half of it.
    let did_something = matches!(&failed.action, Action::Container(_) | Action::WriteFile(_));
    if did_something {
        world.perform(&failed.action);
    }
    for step in steps.iter().filter(|s| s.when == Condition::Failed(failed.id.clone())) {
        world.perform(&step.action);
    }
    for step in plain[..=at].iter().rev() {
        let serving = world.serving("web");
        let Some(undo) = &step.undo else { continue };
        if let Action::Container(ContainerAction::Remove(stop)) = undo {
            let id = world.find(&stop.container).map(|c| c.id.clone());
            assert!(
                !id.is_some_and(|id| serving.contains(&id)),
                "{} is removed while it serves",
                step.id
            );
        }
        world.perform(undo);
    }
}

fn app(world: &World) -> Vec<ContainerState> {
    world.containers.iter().filter(|c| c.name != "traefik").cloned().collect()
}

/// Containers of another destination, but for their health, which time changes.
fn elsewhere(world: &World) -> Vec<ContainerState> {
    let staging = |c: &&ContainerState| c.labels.iter().any(|(_, value)| value == "staging");
    let bare = |c: &ContainerState| ContainerState { health: HealthStatus::None, ..c.clone() };
    world.containers.iter().filter(staging).map(bare).collect()
}

fn is_settled(world: &World, version: &str) {
    for role in ["web", "workers"] {
        let ours = |c: &&ContainerState| {
            c.labels.contains(&("role".into(), role.into()))
                && c.labels.contains(&("destination".into(), String::new()))
        };
        let up: Vec<_> = world.containers.iter().filter(ours).filter(|c| is_up(c)).collect();
        assert_eq!(up.len(), 1, "{up:#?}");
        assert_eq!(up[0].name, format!("shop-{role}-{version}"));
        assert_eq!(up[0].image, format!("reg/shop:{version}"));
    }
    assert_eq!(world.serving("web").len(), 1);
    let latest = world.tags.iter().find(|(reference, _)| reference == "reg/shop:latest").unwrap();
    assert_eq!(latest.1, support::world::image_id(version));
}

fn run(number: u64, operation: &str, version: &str) -> Context {
    let mut context = context(operation, version, HOSTS);
    context.run_id = format!("{number:032x}").chars().rev().collect();
    context
}

fn planned(context: &Context, world: &World) -> Vec<Step> {
    plan(context, std::slice::from_ref(world)).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..Default::default() })]

    #[test]
    fn every_state_ends_in_one_version(
        left in prop::collection::vec(left(), 0..7),
        latest in 0..4_usize,
        traefik in 0..4_usize,
        operation in prop::sample::select(vec!["deploy", "redeploy", "rollback"]),
    ) {
        let mut world = world(&left, latest, traefik);
        let others = elsewhere(&world);
        let steps = planned(&run(1, operation, "v2"), &world);
        perform(&mut world, &unconditional(&steps));
        is_settled(&world, "v2");
        prop_assert_eq!(elsewhere(&world), others);
        prop_assert!(steps.is_sorted_by_key(|step| rank(step.phase)));
    }

    #[test]
    fn a_failure_is_taken_back(
        left in prop::collection::vec(left(), 0..7),
        latest in 0..4_usize,
        traefik in 0..4_usize,
        at in any::<prop::sample::Index>(),
    ) {
        let start = world(&left, latest, traefik);
        let steps = planned(&run(1, "deploy", "v2"), &start);
        let plain = unconditional(&steps);
        let gate = plain.iter().position(|s| rank(s.phase) >= rank(Phase::Drain)).unwrap();
        let mut world = start.clone();
        fail_at(&mut world, &steps, at.index(gate));
        prop_assert_eq!(app(&world), app(&start));
        prop_assert_eq!(&world.cords, &start.cords);
        prop_assert_eq!(&world.tags, &start.tags);
    }

    #[test]
    fn a_crash_anywhere_needs_no_manual_step(
        left in prop::collection::vec(left(), 0..5),
        latest in 0..4_usize,
        traefik in 0..4_usize,
        crashes in prop::collection::vec((any::<prop::sample::Index>(), 0..3_usize), 1..4),
        late in any::<bool>(),
    ) {
        let mut world = world(&left, latest, traefik);
        let others = elsewhere(&world);
        let mut number = 1;
        for (at, version) in crashes {
            let steps = planned(&run(number, "redeploy", ["v0", "v1", "v2"][version]), &world);
            let plain = unconditional(&steps);
            perform(&mut world, &plain[..=at.index(plain.len())]);
            number += 1;
            // Time passes, or not: the engine notices the cut cord.
            if late {
                world.let_time_pass();
            }
        }
        let steps = planned(&run(number, "deploy", "v1"), &world);
        perform(&mut world, &unconditional(&steps));
        is_settled(&world, "v1");
        prop_assert_eq!(elsewhere(&world), others);
    }

    #[test]
    fn a_plan_does_not_depend_on_the_pull(
        left in prop::collection::vec(left(), 0..7),
        latest in 0..4_usize,
    ) {
        // A host that runs the version has its image.
        let left: Vec<_> = left.into_iter().filter(|left| !(2..4).contains(&left.name)).collect();
        let after = world(&left, latest, 2);
        let mut before = after.clone();
        before.tags.retain(|(reference, _)| reference != "reg/shop:v2");
        let context = run(1, "deploy", "v2");
        prop_assert_eq!(planned(&context, &before), planned(&context, &after));
    }
}
