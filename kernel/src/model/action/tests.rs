//! Every action of the contract has its row: one sample of each.

use super::profile;
use crate::model::plan::Effect;
use crate::model::wit::{
    Action, BuildOptions, Command, ContainerAction as C, ContainerCondition, ContainerList,
    ContainerSpec, ContainerWait, DirectoryMerge, EnvFileWrite, ExecOptions, Extension, FileWrite,
    HttpWait, ImageCopy, ImageFilter, ImageLabel, ImageTag, LineAppend, LogOptions, NetworkSpec,
    Part, RegistryLogin, Rename, RoleCommand, RunOnce, StopOptions, Text, Upload, UserCommand,
    Wait,
};

fn x() -> String {
    "x".to_owned()
}

fn text() -> Text {
    vec![Part::Literal(x())]
}

fn command(read_only: bool) -> Command {
    Command {
        argv: vec![text()],
        env: Vec::new(),
        stdin: None,
        directory: None,
        success: Vec::new(),
        read_only,
    }
}

fn container() -> ContainerSpec {
    ContainerSpec {
        name: x(),
        image: x(),
        hostname: None,
        restart: None,
        labels: Vec::new(),
        env: Vec::new(),
        env_files: Vec::new(),
        volumes: Vec::new(),
        publish: Vec::new(),
        network: None,
        user: None,
        log_driver: None,
        log_options: Vec::new(),
        health: None,
        options: Vec::new(),
        entrypoint: None,
        command: Vec::new(),
        annotations: Vec::new(),
    }
}

fn stop() -> StopOptions {
    StopOptions { container: x(), timeout_s: None }
}

fn other() -> Extension {
    Extension { name: x(), data: "{}".to_owned() }
}

/// The cases of `container-action`.
fn of_containers() -> Vec<(C, Effect)> {
    let build = BuildOptions {
        context: x(),
        dockerfile: x(),
        tags: vec![x()],
        labels: Vec::new(),
        arguments: Vec::new(),
        target: None,
        options: Vec::new(),
    };
    let logs = LogOptions {
        container: x(),
        tail: None,
        since: None,
        timestamps: false,
        follow: false,
        search: None,
    };
    let exec = ExecOptions { container: x(), argv: vec![text()], env: Vec::new(), tty: false };
    let copy = ImageCopy { image: x(), container: x(), source: x(), directory: x() };
    vec![
        (
            C::Login(RegistryLogin { server: None, username: text(), password: text() }),
            Effect::Stage,
        ),
        (C::Logout(None), Effect::Stage),
        (C::Pull(x()), Effect::Stage),
        (C::Push(x()), Effect::Stage),
        (C::Build(build), Effect::Stage),
        (C::Run(container()), Effect::Write),
        (C::RunOnce(RunOnce { container: container(), tty: false }), Effect::User),
        (C::Rename(Rename { container: x(), name: x() }), Effect::Write),
        (C::Start(x()), Effect::Write),
        (C::Stop(stop()), Effect::Write),
        (C::Remove(stop()), Effect::Write),
        (C::Exec(exec), Effect::User),
        (C::Logs(logs), Effect::Read),
        (C::HealthLog(x()), Effect::Read),
        (C::InspectAddress(x()), Effect::Read),
        (C::InspectPort(x()), Effect::Read),
        (C::InspectImage(x()), Effect::Read),
        (C::RequireLabel(ImageLabel { image: x(), label: x(), value: x() }), Effect::Read),
        (C::Tag(ImageTag { image: x(), reference: x() }), Effect::Write),
        (C::RemoveImage(x()), Effect::Write),
        (C::PruneImages(ImageFilter { labels: Vec::new(), all: false }), Effect::Write),
        (C::CopyFromImage(copy), Effect::Write),
        (C::ListContainers(ContainerList { labels: Vec::new(), all: false }), Effect::Read),
        (C::ListImages(x()), Effect::Read),
        (
            C::EnsureNetwork(NetworkSpec { name: x(), subnet: None, labels: Vec::new() }),
            Effect::Write,
        ),
        (C::RemoveNetwork(x()), Effect::Write),
        (C::Other(other()), Effect::Write),
    ]
}

/// The cases of `wait`.
fn of_waits() -> Vec<(Wait, Effect)> {
    let until = ContainerCondition::Ready;
    let http = HttpWait {
        url: text(),
        status_from: 200,
        status_to: 299,
        contains: None,
        absent: Vec::new(),
        port_after: None,
        container: None,
    };
    vec![
        (Wait::Container(ContainerWait { container: x(), until, steady_ms: 0 }), Effect::Read),
        (Wait::Http(http), Effect::Read),
        (Wait::Command(command(false)), Effect::Write),
        (Wait::DelayMs(1), Effect::Read),
    ]
}

/// The cases of `action` that are not variants themselves.
fn of_hosts() -> Vec<(Action, Effect)> {
    let role = RoleCommand { role: x(), argv: Vec::new() };
    let file = FileWrite { path: x(), content: text(), mode: 0o600 };
    let upload = Upload { path: x(), mode: 0o600, source: x(), template: None };
    let merge = DirectoryMerge { source: x(), target: x() };
    let exec = UserCommand { command: command(false), tty: false };
    vec![
        (Action::RunAsRole(role), Effect::Write),
        (Action::WriteFile(file), Effect::Write),
        (Action::Upload(upload), Effect::Write),
        (Action::WriteEnvFile(EnvFileWrite { path: x(), vars: Vec::new() }), Effect::Write),
        (Action::MakeDirectory(x()), Effect::Write),
        (Action::MergeDirectory(merge), Effect::Write),
        (Action::AppendLine(LineAppend { path: x(), line: text() }), Effect::Write),
        (Action::RemoveFile(x()), Effect::Write),
        (Action::RemoveDirectory(x()), Effect::Write),
        (Action::Run(command(false)), Effect::Write),
        (Action::Exec(exec), Effect::User),
        (Action::Hook(x()), Effect::User),
        (Action::Say(x()), Effect::Read),
        (Action::Other(other()), Effect::Write),
    ]
}

/// How many cases a variant of the contract has.
fn cases(wit: &str, variant: &str) -> usize {
    let start = format!("    variant {variant} {{\n");
    let (_, rest) = wit.split_once(&start).expect("the variant is there");
    let (body, _) = rest.split_once("\n    }").expect("the variant ends");
    body.lines().filter(|line| !line.trim_start().starts_with("///")).count()
}

#[test]
fn every_action_has_an_effect_and_a_sentence() {
    let (containers, waits, hosts) = (of_containers(), of_waits(), of_hosts());
    let steps = include_str!("../../../../wit/steps.wit");
    let of_engines = include_str!("../../../../wit/containers.wit");
    assert_eq!(containers.len(), cases(of_engines, "container-action"));
    assert_eq!(waits.len(), cases(steps, "wait"));
    // `container` and `wait` are the others.
    assert_eq!(hosts.len() + 2, cases(steps, "action"));

    let containers = containers.into_iter().map(|(of, effect)| (Action::Container(of), effect));
    let waits = waits.into_iter().map(|(of, effect)| (Action::Wait(of), effect));
    for (action, effect) in containers.chain(waits).chain(hosts) {
        let profile = profile(&action);
        assert_eq!(profile.effect, effect, "{action:?}");
        let sentence = &profile.sentence;
        let begins = sentence.starts_with(|c: char| c.is_ascii_lowercase());
        assert!(begins && !sentence.ends_with('.'), "{action:?}: {sentence:?}");
    }
}

#[test]
fn only_commands_may_say_that_they_only_read() {
    for action in [Action::Run(command(true)), Action::Wait(Wait::Command(command(true)))] {
        assert_eq!(profile(&action).effect, Effect::Read, "{action:?}");
    }
    let exec = UserCommand { command: command(true), tty: false };
    assert_eq!(profile(&Action::Exec(exec)).effect, Effect::User);
}
