//! Which steps each operation has. What they do, word by word, is held by snapshots of the kernel,
//! for every row of the table.

use super::*;
use windlass_sdk::testing;
use windlass_sdk::texts::literal;
use windlass_sdk::types::{GitState, WorkTree};

fn context(operation: &str, builder: &str) -> Context {
    let mut context = testing::context_of(&crate::describe::describe(), operation);
    context.hosts.truncate(1);
    context.config = format!(r#"{{"builder":{builder},"registry":{{"server":"10.0.0.5"}}}}"#);
    context
}

/// In a repository, in its directory `shop`.
fn in_repository(mut context: Context, uncommitted: &str) -> Context {
    context.machine.directory = "/home/jo/mono/shop".to_string();
    context.machine.cache = Some("/home/jo/.cache/windlass".to_string());
    context.machine.git = GitState::WorkTree(WorkTree {
        root: "/home/jo/mono".to_string(),
        prefix: "shop/".to_string(),
        revision: "3f9a".to_string(),
        uncommitted: uncommitted.to_string(),
    });
    context
}

#[test]
fn every_destination_has_its_own_clone_and_latest() {
    let mut context = in_repository(context("build push", "{}"), "");
    let place = |context: &Context| {
        let clone =
            plan(context, &[]).unwrap().into_iter().find(|step| step.id == "clone").unwrap();
        match clone.action {
            Action::Run(command) => literal(command.argv.last().unwrap()).unwrap(),
            other => panic!("{other:?}"),
        }
    };
    let first = place(&context);
    context.destination = Some("staging".to_string());
    let second = place(&context);
    assert_ne!(first, second);
    assert!(second.contains("/clones/shop-staging-"), "{second}");
    let titles: Vec<_> = plan(&context, &[]).unwrap().into_iter().map(|s| s.title).collect();
    assert_eq!(titles.last().unwrap(), "Push 10.0.0.5/shop:latest-staging");
}

#[test]
fn a_repository_that_git_cannot_read_is_no_plain_directory() {
    let mut context = context("deploy", "{}");
    context.machine.git = GitState::Unknown("dubious ownership".to_string());
    let problem = plan(&context, &[]).unwrap_err().remove(0);
    assert!(problem.message.contains("dubious ownership"), "{problem:?}");
    context.config = r#"{"builder":{"context":"."}}"#.to_string();
    assert!(plan(&context, &[]).is_ok());
}

#[test]
fn without_the_push_it_only_pulls() {
    let pulls = plan(&context("build pull", "{}"), &[]).unwrap();
    assert!(!pulls.is_empty() && pulls.iter().all(|step| step.host != "local"));
    for operation in ["deploy", "redeploy", "setup"] {
        let skip = in_repository(context(operation, r#"{"secrets":["A"]}"#), "M a");
        assert_eq!(plan(&testing::without_build(skip), &[]).unwrap(), pulls);
    }
}

#[test]
fn the_commands_are_the_halves_of_it() {
    let planned = |operation| plan(&context(operation, "{}"), &[]).unwrap();
    let halves = [planned("build push"), planned("build pull")].concat();
    assert_eq!(planned("build deliver"), halves);
    assert_eq!(planned("deploy"), halves);
    for other in ["rollback", "details", "build create", "build remove", "build details"] {
        assert!(planned(other).is_empty(), "{other}");
    }
}
