//! A command in a container as a role would have it.

use super::bench::CREW;
use super::merging::{text, workload};
use super::once::share;
use crate::deploy::as_role::container;
use crate::deploy::local_files::LocalFiles;
use crate::deploy::lower::{AtHand, lower};
use crate::model::action::profile;
use crate::model::capability::Capability;
use crate::model::plan::{Effect, Program};
use crate::model::wit::{
    Action, ContainerSpec, EngineOption, EnvVar, Part, RoleCommand, Step, Workload,
};

/// A container that has everything.
fn web() -> Workload {
    let Workload { container, .. } = workload("web-1");
    let container = ContainerSpec {
        hostname: Some("web-1-abc".into()),
        restart: Some("unless-stopped".into()),
        env_files: vec!["env/web.env".into()],
        publish: vec!["80:3000".into()],
        network: Some("shop".into()),
        user: Some(text("1000")),
        log_driver: Some("journald".into()),
        log_options: vec![("tag".into(), "web".into())],
        options: ["memory", "network"].map(option).to_vec(),
        entrypoint: Some("/entry".into()),
        command: vec![text("bin/serve")],
        annotations: vec![("a".into(), "b".into())],
        ..container
    };
    Workload { container, ..workload("web-1") }
}

fn option(name: &str) -> EngineOption {
    EngineOption { name: name.into(), value: Some(text("given")) }
}

fn command(role: &str, argv: &[&str]) -> RoleCommand {
    RoleCommand { role: role.into(), argv: argv.iter().map(|word| text(word)).collect() }
}

fn step(host: &str, action: Action) -> Step {
    Step { action, ..share(host, "migrate.up", true).spec }
}

/// The container of a command on a host.
fn made(host: &str, command: &RoleCommand) -> Result<ContainerSpec, String> {
    let run_id = "0123456789abcdef0123456789abcdef";
    let step = step(host, Action::RunAsRole(command.clone()));
    let once = container(&step, command, &[web()], run_id)?;
    assert!(!once.tty);
    Ok(once.container)
}

#[test]
fn it_has_what_the_command_needs_of_the_role_and_nothing_else() {
    let own = web().container;
    let expected = ContainerSpec {
        env: own.env,
        env_files: own.env_files,
        volumes: own.volumes,
        network: own.network,
        user: own.user,
        command: vec![text("bin/migrate"), text("up")],
        options: vec![option("network")],
        ..ContainerSpec::new("shop-web-v1-migrate-up-0123456789ab", own.image)
    };
    assert_eq!(expected.env, [EnvVar { name: "OWN".into(), value: text("1") }]);
    assert_eq!(made("web-1", &command("web", &["bin/migrate", "up"])), Ok(expected));
    let own = made("web-1", &command("web", &[])).unwrap();
    assert_eq!(own.command, [text("bin/serve")], "without words it is the role's own command");
    assert_eq!(own.entrypoint.as_deref(), Some("/entry"), "with what runs it");
}

#[test]
fn it_is_refused_where_the_role_gets_no_container() {
    let command = command("web", &["x"]);
    let error = made("job-1", &command).unwrap_err();
    assert_eq!(error, "no new container of `web` is planned on job-1");
    let files = LocalFiles::default();
    let at_hand = AtHand { files: &files, unrouted: &[], run_id: "" };
    let step = step("web-1", Action::RunAsRole(command));
    let error = lower(CREW.engine(), &at_hand, vec![("database".into(), step)]).unwrap_err();
    assert!(error.to_string().contains("no new container of `web` is planned on web-1"), "{error}");
}

#[test]
fn it_is_lowered_to_a_container_that_ends_with_the_step() {
    let (files, workloads) = (LocalFiles::default(), [web()]);
    let at_hand = AtHand { files: &files, unrouted: &workloads, run_id: "0123456789abcdef" };
    let action = Action::RunAsRole(command("web", &["bin/migrate"]));
    let step = step("web-1", action.clone());
    let planned = lower(CREW.engine(), &at_hand, vec![("database".into(), step)]).unwrap();
    let Program::Processes { processes, abort, .. } = &planned[0].program else {
        panic!("{:?}", planned[0].program)
    };
    let words = |part: &Part| match part {
        Part::Literal(word) => word.clone(),
        other => panic!("{other:?}"),
    };
    let argv: Vec<String> = processes[0].argv.iter().flatten().map(words).collect();
    let has = |word: &str| argv.iter().any(|own| own == word);
    assert!(has("--rm") && has("shop:v1") && has("bin/migrate") && has("shop"), "{argv:?}");
    assert!(!has("--publish") && !has("--label") && !has("--health-cmd"), "{argv:?}");
    assert!(!abort.is_empty(), "it ends when the step runs out of time");
    assert_eq!(planned[0].effect, Effect::Write);

    let profile = profile(&action);
    assert_eq!(profile.needs, Some(Capability::RunAsRole));
    assert_eq!(profile.sentence, "run a command in a new container as the role web would");
}
