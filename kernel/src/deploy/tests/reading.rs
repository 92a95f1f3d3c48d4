//! Plans that write nothing: all of them is done, in order, without the lock.

use std::os::unix::fs::PermissionsExt as _;

use super::bench::{Bench, ONE};
use super::client::Cut;
use crate::deploy::hooks::Hooks;
use crate::model::plan::{Effect, LOCAL, Plan, PlannedStep, Program};
use crate::model::wit::{Action, Condition, ContainerAction, Phase, Step};

fn planned(step: Step, effect: Effect, program: Program) -> PlannedStep {
    let (id, plugin) = (step.id.clone(), "app".to_string());
    PlannedStep { id, plugin, effect, spec: step, program, undo: None, unlinked: Vec::new() }
}

/// A look at a container, in this phase and under this condition.
fn look(id: &str, phase: Phase, when: Condition) -> PlannedStep {
    let action = Action::Container(ContainerAction::InspectAddress("shop-web-v1".into()));
    let step = Step { when, ..Step::new(id, "web-1", phase, "Look", action) };
    planned(step, Effect::Read, Program::Say { text: String::new() })
}

fn hook(name: &str, phase: Phase) -> PlannedStep {
    let step = Step::new(name, LOCAL, phase, "Run a hook", Action::Hook(name.into()));
    planned(step, Effect::User, Program::Hook { name: name.into() })
}

#[tokio::test]
async fn a_later_step_knows_how_an_earlier_one_ended() {
    let bench = Bench::with(ONE, "v1").await;
    let (run, _) = bench.run("v1", Cut::Never);
    let seen = run.observe().await.unwrap();
    let after = |id: &str| Condition::Ok(id.to_string());
    let steps = vec![
        look("first", Phase::Prepare, Condition::Always),
        look("second", Phase::Drain, after("first")),
        look("third", Phase::Cleanup, after("second")),
    ];
    let before = bench.fleet.lock().performed.len();
    run.perform(Plan { steps, ..Plan::default() }, seen).await.unwrap();
    let state = bench.fleet.lock();
    let performed: Vec<&str> =
        state.performed[before..].iter().map(|(_, id)| id.as_str()).collect();
    assert_eq!(performed, ["first", "second", "third"]);
}

#[tokio::test]
async fn its_hooks_run_too() {
    let bench = Bench::with(ONE, "v1").await;
    let (mut run, _) = bench.run("v1", Cut::Never);
    let directory = tempfile::tempdir().unwrap();
    let ran = directory.path().join("ran");
    for name in ["before", "after"] {
        let hook = directory.path().join(name);
        std::fs::write(&hook, format!("#!/bin/sh\necho {name} >>{}\n", ran.display())).unwrap();
        std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    run.hooks = Hooks::below(directory.path().to_owned());
    let seen = run.observe().await.unwrap();
    let steps = vec![
        hook("after", Phase::Cleanup),
        hook("before", Phase::Prepare),
        look("look", Phase::Start, Condition::Always),
    ];
    run.perform(Plan { steps, ..Plan::default() }, seen).await.unwrap();
    assert_eq!(std::fs::read_to_string(ran).unwrap(), "before\nafter\n");
}
