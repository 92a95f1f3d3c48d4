//! Who logs in when, with what.

use windlass_sdk::testing::{context, outline, without_build};
use windlass_sdk::types::{Action, ContainerAction, Context, OutputKind, Part};
use windlass_sdk::{Plugin, Registry};

use crate::Token;

fn configured(context: Context) -> Context {
    let registry = r#"{"server": "r.example", "username": "AWS", "command": "aws token"}"#;
    Context { config: format!(r#"{{"image": "shop", "registry": {registry}}}"#), ..context }
}

fn planned(context: Context) -> String {
    outline(&Token::plan(&configured(context), &[]).unwrap())
}

#[test]
fn a_token_of_this_machine_logs_in_every_host() {
    let steps = Token::plan(&configured(context("deploy")), &[]).unwrap();
    assert_eq!(
        outline(&steps),
        "\
local stage token: Get a token for r.example
  60 s; because of /registry/command
local stage login: Log in to r.example
  60 s; because of /registry
web-1 stage login: Log in to r.example
  60 s; because of /registry
web-2 stage login: Log in to r.example
  60 s; because of /registry
"
    );
    for step in &steps[1..] {
        let Action::Container(ContainerAction::Login(login)) = &step.action else {
            panic!("{step:?}")
        };
        let [Part::OutputOf(output)] = login.password.as_slice() else { panic!("{login:?}") };
        assert_eq!((output.step.as_str(), output.kind), ("token", OutputKind::SecretText));
    }
}

#[test]
fn this_machine_logs_in_only_to_push() {
    let planned = planned(without_build(context("redeploy")));
    assert!(planned.starts_with("local stage token:"), "{planned}");
    assert!(!planned.contains("local stage login:"), "{planned}");
}

#[test]
fn a_rollback_needs_no_token_and_the_hosts_log_out_at_the_end() {
    assert_eq!(planned(context("rollback")), "");
    assert!(planned(context("remove")).starts_with("web-1 cleanup logout: Log out of r.example"));
}

#[test]
fn the_repository_names_the_server() {
    assert_eq!(Token::repository(&configured(context("deploy"))).unwrap(), "r.example/shop");
}
