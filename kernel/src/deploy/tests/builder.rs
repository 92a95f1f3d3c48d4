//! What the builder plans for this machine, word by word: every row of the table of builders, and
//! where the build's context comes from.
//!
//! A changed snapshot is a changed promise: read it before accepting it.

use serde_json::{Value, json};

use super::bench::{self, Bench};
use super::client::Cut;
use super::keys::with;
use super::shown;
use crate::model::plan::LOCAL;
use crate::model::wit::{GitState, Machine, WorkTree};

/// The steps on this machine, which is in the directory `shop` of a repository if anything is
/// `uncommitted` there, even nothing.
async fn here(operation: &str, config: Value, uncommitted: Option<&str>) -> String {
    let (mut run, _) = Bench::new(&with(&config)).run("v2", Cut::Never);
    run.request.arguments = json!({});
    run.request.operation = bench::operation(operation, &run.request.arguments);
    if let Some(uncommitted) = uncommitted {
        run.request.machine = Machine {
            directory: "/home/jo/mono/shop".into(),
            cache: Some("/home/jo/.cache/windlass".into()),
            git: GitState::WorkTree(WorkTree {
                root: "/home/jo/mono".into(),
                prefix: "shop/".into(),
                revision: "v2".into(),
                uncommitted: uncommitted.into(),
            }),
        };
    }
    let seen = run.observe().await.unwrap();
    let plan = run.plan(&seen).unwrap();
    plan.steps.iter().filter(|step| step.spec.host == LOCAL).map(shown::action).collect()
}

fn builder(settings: Value) -> Value {
    json!({ "builder": settings })
}

#[tokio::test]
async fn what_is_committed_is_built_from_a_clone() {
    let uncommitted = "M shop/app.rb\n?? shop/new file";
    insta::assert_snapshot!(here("build push", json!({}), Some(uncommitted)).await);
}

#[tokio::test]
async fn a_context_is_built_as_it_is() {
    let config = builder(json!({"context": "."}));
    insta::assert_snapshot!(here("build push", config, Some("M shop/app.rb")).await);
}

#[tokio::test]
async fn a_long_list_is_cut() {
    let many: Vec<String> = (0..30).map(|i| format!("?? file-{i}")).collect();
    let told = here("build push", json!({}), Some(&many.join("\n"))).await;
    assert!(told.contains("file-19") && !told.contains("file-20"), "{told}");
    assert!(told.contains("and 10 more"), "{told}");
}

#[tokio::test]
async fn every_setting_of_a_build_by_the_engine() {
    let config = builder(json!({
        "context": "app", "dockerfile": "app/Dockerfile.prod", "target": "production",
        "args": {"RUBY": 3.3, "BY": "me@${HOSTNAME}", "TOKEN": "", "OFF": false, "ON": true},
        "secrets": [], "local": {"arch": "amd64"},
    }));
    insta::assert_snapshot!(here("build push", config, None).await);
}

#[tokio::test]
async fn every_row_of_the_table() {
    let unix = "unix:///run/docker.sock";
    let arm = json!({"arch": "arm64", "host": "ssh://root@192.0.2.9"});
    let rows = [
        ("native", json!({"multiarch": false, "local": {"arch": "arm64"}})),
        (
            "native with secrets",
            json!({
                "secrets": ["NPM_TOKEN", "KEY"], "ssh": "default",
                "args": {"A": "b c", "EMPTY": ""}, "target": "run",
            }),
        ),
        (
            "native cached",
            json!({"multiarch": false, "cache": {"type": "gha", "options": "mode=max"}}),
        ),
        (
            "unset, cached for one architecture",
            json!({"cache": {"type": "registry"}, "local": {"arch": "arm64"}}),
        ),
        (
            "multiarch",
            json!({
                "multiarch": true,
                "cache": {"type": "registry", "options": "mode=max", "image": "cache"},
            }),
        ),
        ("multiarch for one", json!({"multiarch": true, "local": {"arch": "amd64"}})),
        ("native remote", json!({ "remote": arm })),
        (
            "multiarch remote",
            json!({
                "multiarch": true, "local": {"arch": "amd64", "host": unix}, "remote": arm,
                "cache": {"type": "gha"},
            }),
        ),
        (
            "multiarch remote with the engine of this machine",
            json!({"local": {"arch": "amd64"}, "remote": arm}),
        ),
        ("native ignores remotes", json!({"multiarch": false, "remote": arm})),
    ];
    let mut told = String::new();
    for (name, settings) in rows {
        for operation in ["build push", "build create", "build remove"] {
            let steps = here(operation, builder(settings.clone()), None).await;
            told += &format!("# {name}: {operation}\n{steps}\n");
        }
    }
    let details = here("build details", builder(json!({"multiarch": true})), None).await;
    told += &format!("# multiarch: build details\n{details}");
    insta::assert_snapshot!(told);
}
