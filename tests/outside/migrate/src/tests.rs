//! What is planned for which command and settings.

use windlass_sdk::testing::{context, outline};
use windlass_sdk::types::{Action, Context, RoleCommand};
use windlass_sdk::{Plugin, texts};

use crate::Migrate;

fn with(command: &str, settings: &str) -> Context {
    Context { settings: settings.to_string(), ..context(command) }
}

fn planned(context: &Context) -> String {
    match Migrate::plan(context, &[]) {
        Ok(steps) => outline(&steps),
        Err(problems) => problems.into_iter().map(|found| found.message).collect(),
    }
}

#[test]
fn it_runs_once_before_the_new_version_starts_and_verifies_every_host() {
    let settings = r#"{"command": "bin/up --all", "timeout": 30, "verify": "bin/smoke"}"#;
    let steps = Migrate::plan(&with("deploy", settings), &[]).unwrap();
    assert_eq!(
        outline(&steps),
        "\
web-1 share up[web]: Migrate
  30 s; because of /x-windlass/plugins/migrate/settings/command; audit: Migrated; once
web-1 retire verify[web]: Verify the new version
  30 s; because of /x-windlass/plugins/migrate/settings/verify
web-2 retire verify[web]: Verify the new version
  30 s; because of /x-windlass/plugins/migrate/settings/verify
"
    );
    let argv = texts::words(["bin/up", "--all"]);
    assert_eq!(steps[0].action, Action::RunAsRole(RoleCommand { role: "web".into(), argv }));
}

#[test]
fn another_role_can_migrate_and_by_default_nothing_is_verified() {
    let context = with("setup", r#"{"command": "bin/up", "role": "workers"}"#);
    assert!(planned(&context).starts_with("web-2 share up[workers]: Migrate\n  600 s;"));
    assert_eq!(Migrate::plan(&context, &[]).unwrap().len(), 1);
}

#[test]
fn only_a_new_version_is_migrated_to() {
    for command in ["rollback", "remove", "details", "bootstrap"] {
        assert_eq!(planned(&with(command, r#"{"command": "bin/up"}"#)), "", "{command}");
    }
    assert!(!planned(&with("redeploy", r#"{"command": "bin/up"}"#)).is_empty());
}

#[test]
fn without_the_role_nothing_is_deployed_unmigrated() {
    let mut context = with("deploy", r#"{"command": "bin/up"}"#);
    context.roles.retain(|role| role.name != "web");
    assert_eq!(planned(&context), "the role `web` migrates, and is not part of this command");
}

#[test]
fn mistakes_are_found_where_they_stand() {
    let found = |settings: &str| {
        let found = Migrate::check(&with("deploy", settings));
        found.into_iter().filter_map(|problem| problem.pointer).collect::<String>()
    };
    let place = "/x-windlass/plugins/migrate";
    assert_eq!(found(r#"{"command": "bin/up", "timeout": 1}"#), "");
    assert_eq!(found("{}"), place);
    assert_eq!(found(r#"{"command": "bin/up", "rolle": "web"}"#), place);
    assert_eq!(found(r#"{"command": ""}"#), format!("{place}/settings/command"));
    assert_eq!(found(r#"{"command": "a && b"}"#), format!("{place}/settings/command"));
    assert_eq!(found(r#"{"command": "a", "verify": "b | c"}"#), format!("{place}/settings/verify"));
    assert_eq!(found(r#"{"command": "a", "timeout": 0}"#), format!("{place}/settings/timeout"));
}
