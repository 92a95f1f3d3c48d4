//! Whole plans, as machines would run them.
//!
//! A changed snapshot is a changed promise: read it before accepting it.

use super::bench::{BOTH, Bench, ONE};
use super::shown;
use crate::model::plan::Plan;

fn readable(plan: &Plan) -> String {
    plan.steps.iter().map(shown::whole).collect()
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
