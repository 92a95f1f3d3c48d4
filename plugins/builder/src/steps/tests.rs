//! The steps of every operation and of every row of the table.

use super::*;
use insta::assert_snapshot;
use windlass_sdk::testing;
use windlass_sdk::types::{Condition, Text};

fn context(operation: &str, builder: &str) -> Context {
    let mut context = testing::context(operation);
    context.hosts.truncate(1);
    context.config = format!(r#"{{"builder":{builder},"registry":{{"server":"10.0.0.5"}}}}"#);
    context
}

/// In a repository, in its directory `shop`.
fn in_repository(mut context: Context, uncommitted: &str) -> Context {
    let known = [
        ("local.directory", "/home/jo/mono/shop"),
        ("local.cache", "/home/jo/.cache/windlass"),
        ("git.root", "/home/jo/mono"),
        ("git.prefix", "shop/"),
        ("git.revision", "3f9a"),
        ("git.uncommitted", uncommitted),
    ];
    context.annotations = known.map(|(k, v)| (k.to_string(), v.to_string())).to_vec();
    context
}

fn words(argv: &[Text], env: &[windlass_sdk::types::EnvVar]) -> String {
    use windlass_sdk::types::Part;
    let word = |text: &Text| {
        let parts = text.iter().map(|part| match part {
            Part::Literal(literal) => literal.clone(),
            Part::Secret(name) => format!("<secret {name}>"),
            Part::HostEnv(name) => format!("${{{name}}}"),
            other => panic!("{other:?}"),
        });
        let word: String = parts.collect();
        if word.contains(char::is_whitespace) { format!("'{word}'") } else { word }
    };
    let exports = env.iter().map(|var| format!("{}={}", var.name, word(&var.value)));
    exports.chain(argv.iter().map(word)).collect::<Vec<_>>().join(" ")
}

/// The steps on this machine: block, condition, command.
fn here(context: &Context) -> String {
    let mut out = String::new();
    for step in plan(context).unwrap().iter().filter(|step| step.host == "local") {
        let does = match &step.action {
            Action::Run(command) => words(&command.argv, &command.env),
            Action::Container(ContainerAction::Build(build)) => format!("engine: {build:?}"),
            other => format!("{other:?}"),
        };
        let when = match &step.when {
            Condition::Always => String::new(),
            Condition::Ok(id) => format!(" if {id} is good"),
            Condition::Failed(id) => format!(" if {id} failed"),
        };
        let block = step.block.as_ref().map(|block| format!(" [{block}]")).unwrap_or_default();
        let may = if step.may_fail { " may fail" } else { "" };
        out += &format!("{}{block}{when}{may}: {}\n  {does}\n", step.id, step.title);
    }
    out
}

#[test]
fn a_deploy_builds_pushes_and_pulls() {
    assert_snapshot!(testing::lines(&plan(&context("deploy", "{}")).unwrap()));
}

#[test]
fn what_is_committed_is_built_from_a_clone() {
    let context = in_repository(context("build push", "{}"), "M shop/app.rb\n?? shop/new file");
    assert_snapshot!(here(&context));
}

#[test]
fn a_context_is_built_as_it_is() {
    let context = in_repository(context("build push", r#"{"context":"."}"#), "M shop/app.rb");
    assert_snapshot!(here(&context));
}

#[test]
fn every_destination_has_its_own_clone_and_latest() {
    let mut context = in_repository(context("build push", "{}"), "");
    let place = |context: &Context| {
        let lines = here(context);
        lines.lines().find(|l| l.contains("git clone")).unwrap().trim().to_string()
    };
    let first = place(&context);
    context.destination = Some("staging".to_string());
    let second = place(&context);
    assert_ne!(first, second);
    assert!(second.contains("/clones/shop-staging-"), "{second}");
    let titles: Vec<_> = plan(&context).unwrap().into_iter().map(|s| s.title).collect();
    assert_eq!(titles.last().unwrap(), "Push 10.0.0.5/shop:latest-staging");
}

#[test]
fn a_long_list_is_cut() {
    let many: Vec<String> = (0..30).map(|i| format!("?? file-{i}")).collect();
    let told = here(&in_repository(context("build push", "{}"), &many.join("\n")));
    assert!(told.contains("file-19") && !told.contains("file-20"), "{told}");
    assert!(told.contains("and 10 more"), "{told}");
}

#[test]
fn a_repository_that_git_cannot_read_is_no_plain_directory() {
    let mut context = context("deploy", "{}");
    context.annotations = vec![("git.error".to_string(), "dubious ownership".to_string())];
    let problem = plan(&context).unwrap_err().remove(0);
    assert!(problem.message.contains("dubious ownership"), "{problem:?}");
    context.config = r#"{"builder":{"context":"."}}"#.to_string();
    assert!(plan(&context).is_ok());
}

#[test]
fn without_the_push_it_only_pulls() {
    let pulls = testing::lines(&plan(&context("build pull", "{}")).unwrap());
    assert_snapshot!(pulls);
    for operation in ["deploy", "redeploy", "setup"] {
        let mut skip = in_repository(context(operation, r#"{"secrets":["A"]}"#), "M a");
        skip.arguments = r#"{"skip-push":true}"#.to_string();
        assert_eq!(testing::lines(&plan(&skip).unwrap()), pulls);
    }
}

#[test]
fn the_commands_are_the_halves_of_it() {
    let planned = |operation| testing::lines(&plan(&context(operation, "{}")).unwrap());
    assert_eq!(planned("build deliver"), planned("build push") + &planned("build pull"));
    for other in ["rollback", "app boot", "build create", "build remove", "build details"] {
        assert_eq!(planned(other), "", "{other}");
    }
}

#[test]
fn every_setting_of_a_build_by_the_engine() {
    let builder = r#"{
        "context": "app", "dockerfile": "app/Dockerfile.prod", "target": "production",
        "args": {"RUBY": 3.3, "BY": "me@${HOSTNAME}", "TOKEN": "", "OFF": false, "ON": true},
        "local": {"arch": "amd64"}
    }"#;
    let mut context = context("build push", builder);
    context.secrets = vec!["TOKEN".to_string()];
    assert_snapshot!(here(&context));
}

/// Every row of the table: what is built with, and what `build create` and `remove` do.
macro_rules! row {
    ($name:ident, $builder:expr) => {
        #[test]
        fn $name() {
            let told = ["build push", "build create", "build remove"].map(|operation| {
                let steps = here(&context(operation, $builder));
                format!("{operation}\n{steps}")
            });
            assert_snapshot!(told.join("\n"));
        }
    };
}

row!(native, r#"{"multiarch":false,"local":{"arch":"arm64"}}"#);
row!(
    native_with_secrets,
    r#"{"secrets":["NPM_TOKEN","KEY"],"ssh":"default","args":{"A":"b c","EMPTY":""},"target":"run"}"#
);
row!(native_cached, r#"{"multiarch":false,"cache":{"type":"gha","options":"mode=max"}}"#);
row!(
    unset_cached_for_one_architecture,
    r#"{"cache":{"type":"registry"},"local":{"arch":"arm64"}}"#
);
row!(
    multiarch,
    r#"{"multiarch":true,"cache":{"type":"registry","options":"mode=max","image":"cache"}}"#
);
row!(multiarch_for_one, r#"{"multiarch":true,"local":{"arch":"amd64"}}"#);
row!(native_remote, r#"{"remote":{"arch":"arm64","host":"ssh://root@192.0.2.9"}}"#);
row!(
    multiarch_remote,
    r#"{"multiarch":true,"local":{"arch":"amd64","host":"unix:///run/docker.sock"},
        "remote":{"arch":"arm64","host":"ssh://root@192.0.2.9"},"cache":{"type":"gha"}}"#
);
row!(
    multiarch_remote_with_the_engine_of_this_machine,
    r#"{"local":{"arch":"amd64"},"remote":{"arch":"arm64","host":"ssh://root@192.0.2.9"}}"#
);
row!(native_ignores_remotes, r#"{"multiarch":false,"remote":{"arch":"arm64","host":"ssh://b"}}"#);

#[test]
fn details_are_lists() {
    assert_snapshot!(here(&context("build details", r#"{"multiarch":true}"#)));
}
