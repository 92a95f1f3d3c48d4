//! Whole plans, as machines would run them.
//!
//! A changed snapshot is a changed promise: read it before accepting it.

use super::bench::{BOTH, Bench, ONE};
use crate::model::plan::Plan;
use crate::model::wit::Condition;

/// A plan without what every step repeats.
fn readable(plan: &Plan) -> String {
    let mut text = String::new();
    for step in &plan.steps {
        let (host, phase) = (&step.step.host, format!("{:?}", step.step.phase));
        let phase = phase.rsplit("::").next().unwrap_or_default().to_lowercase();
        let effect = format!("{:?}", step.effect).to_lowercase();
        text += &format!("{host} {phase} {effect} {}\n", step.id);
        text += &format!("  {} ({} s)\n", step.step.title, step.step.time_limit_ms / 1000);
        text += &format!("  because {}\n", step.step.why);
        let program = |program| serde_json::to_string(program).unwrap();
        text += &format!("  does {}\n", program(&step.program));
        if let Some(undo) = &step.undo {
            text += &format!("  undo {}\n", program(undo));
        }
        match &step.step.when {
            Condition::Always => {}
            Condition::Ok(id) => text += &format!("  only if {id} ended well\n"),
            Condition::Failed(id) => text += &format!("  only if {id} failed\n"),
        }
        for (name, value) in [("block", &step.step.block), ("audit", &step.step.audit)] {
            if let Some(value) = value {
                text += &format!("  {name} {value}\n");
            }
        }
        if step.step.may_fail {
            text += "  may fail\n";
        }
    }
    text
}

#[tokio::test]
async fn first_deploy() {
    insta::assert_snapshot!(readable(&Bench::new(ONE).plan("v1").await.0));
}

#[tokio::test]
async fn next_version() {
    insta::assert_snapshot!(readable(&Bench::with(ONE, "v1").await.plan("v2").await.0));
}

#[tokio::test]
async fn same_version_again() {
    insta::assert_snapshot!(readable(&Bench::with(ONE, "v1").await.plan("v1").await.0));
}

#[tokio::test]
async fn web_and_workers() {
    insta::assert_snapshot!(readable(&Bench::with(BOTH, "v1").await.plan("v2").await.0));
}

/// What a plan is made from decides it alone.
#[tokio::test]
async fn the_same_facts_give_the_same_plan() {
    let bench = Bench::with(BOTH, "v1").await;
    let one = bench.copy().plan("v2").await;
    assert_eq!(one, bench.copy().plan("v2").await);
    let json = serde_json::to_string(&one).unwrap();
    assert_eq!(one, serde_json::from_str(&json).unwrap());
}
