//! Builders, hooks and secrets of a build: what really reaches a `docker` that writes it down.

use serde_json::json;

use super::desk::Desk;

fn desk(builder: &str) -> Desk {
    let mut desk = Desk::new();
    desk.put("repo/Dockerfile", "FROM scratch\n");
    desk.commit("repo");
    desk.builder = builder.into();
    desk
}

/// The calls about builders, contexts and builds, with the clone's directory as `CLONE`.
fn calls(desk: &Desk) -> Vec<String> {
    let clone = desk.clone().display().to_string();
    let called = desk.called().replace(&clone, "CLONE");
    let _ = std::fs::remove_file(desk.path("called"));
    let wanted = ["build", "context", "push", "--host"];
    let of = |line: &&str| wanted.iter().any(|word| line.starts_with(word));
    called.lines().filter(of).map(|line| line.trim().to_string()).collect()
}

#[tokio::test]
async fn the_engine_builds_and_pushes() {
    let desk = desk("{}");
    desk.build("repo").await.good();
    insta::assert_debug_snapshot!(calls(&desk));
}

#[tokio::test]
async fn secrets_reach_buildx_by_its_environment_only() {
    let desk = desk("{secrets: [TOKEN]}");
    desk.build("repo").await.good();
    insta::assert_debug_snapshot!(calls(&desk));
}

#[tokio::test]
async fn a_builder_is_created_once() {
    let desk = desk("{multiarch: true}");
    desk.build("repo").await.good();
    insta::assert_debug_snapshot!(calls(&desk));
    let again = desk.build("repo").await.good();
    insta::assert_debug_snapshot!(calls(&desk));
    assert!(!again.begun().contains(&"builder-own"));
}

#[tokio::test]
async fn a_remote_builder_that_moved_is_made_again() {
    let mut desk = desk("{remote: {arch: arm64, host: 'ssh://root@192.0.2.1'}}");
    desk.build("repo").await.good();
    calls(&desk);
    desk.build("repo").await.good();
    assert!(!calls(&desk).iter().any(|call| call.contains("create")));
    desk.builder = "{remote: {arch: arm64, host: 'ssh://root@192.0.2.2'}}".into();
    desk.build("repo").await.good();
    insta::assert_debug_snapshot!(calls(&desk));
}

#[tokio::test]
async fn without_buildx_the_error_says_what_to_install() {
    let desk = desk("{multiarch: true}");
    desk.put("no-buildx", "");
    let built = desk.build("repo").await;
    let error = built.error();
    assert!(error.contains("Docker with buildx"), "{error}");
    assert_eq!(built.help().len(), 1, "{:?}", built.help());
    assert!(built.help()[0].starts_with("install Docker and its plugin buildx"));
    assert!(built.hooks.is_empty() && !desk.called().contains("create"));
}

#[tokio::test]
async fn the_hook_runs_before_the_clone_and_can_stop_the_build() {
    let mut desk = desk("{}");
    desk.fails = Some("pre-build");
    let built = desk.build("repo").await;
    assert!(built.error().starts_with("the hook pre-build failed"), "{}", built.error());
    assert_eq!(built.hooks, ["pre-build"]);
    assert!(!desk.has("cache/clones") && !desk.called().contains("build"));

    desk.fails = None;
    assert_eq!(desk.build("repo").await.good().hooks, ["pre-build"]);
}

#[tokio::test]
async fn without_the_push_nothing_is_built_and_no_hook_runs() {
    let desk = desk("{}");
    let plan = desk.plan_with("repo", json!({"skip-push": true})).await;
    let built = desk.perform(&plan).await.good();
    assert!(built.hooks.is_empty() && built.begun().is_empty() && desk.called().is_empty());
}

#[tokio::test]
async fn arguments_see_the_variables_of_this_machine() {
    let mut desk =
        desk("{secrets: [TOKEN], args: {BY: 'jo@${PLACE}', NO: '${NOWHERE}', TOKEN: ''}}");
    desk.env.insert("PLACE".into(), "here".into());
    desk.build("repo").await.good();
    insta::assert_debug_snapshot!(calls(&desk).last());
}
