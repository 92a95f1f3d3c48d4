//! Every action of the contract has its row: one sample of each, with all that it can hold.

use super::profile;
use crate::model::plan::Effect;
use crate::model::wit::{
    Action, BuildOptions, Command, ContainerAction as C, ContainerCondition, ContainerList,
    ContainerSpec, ContainerWait, DirectoryMerge, EngineOption, EnvFileWrite, EnvVar, ExecOptions,
    Extension, FileWrite, HttpWait, ImageCopy, ImageFilter, ImageLabel, ImageTag, LineAppend,
    LogOptions, NetworkSpec, Part, RegistryLogin, Rename, RoleCommand, RunOnce, StopOptions, Text,
    Upload, UserCommand, Wait,
};

fn text(text: &str) -> Text {
    vec![Part::Literal(text.into())]
}

fn argv() -> Vec<Text> {
    vec![text("program"), text("argument")]
}

fn vars() -> Vec<EnvVar> {
    vec![EnvVar { name: "NAME".into(), value: text("value") }]
}

fn labels() -> Vec<(String, String)> {
    vec![("service".into(), "shop".into())]
}

fn command(read_only: bool) -> Command {
    let (stdin, directory) = (Some(text("input")), Some("directory".into()));
    Command { argv: argv(), env: vars(), stdin, directory, success: Vec::new(), read_only }
}

fn container() -> ContainerSpec {
    ContainerSpec {
        labels: vec![("label".into(), text("label"))],
        env: vars(),
        volumes: vec![text("volume")],
        user: Some(text("user")),
        options: vec![EngineOption { name: "option".into(), value: Some(text("option")) }],
        command: argv(),
        ..ContainerSpec::new("app", "image")
    }
}

fn stop() -> StopOptions {
    StopOptions { container: "app".into(), timeout_s: None }
}

fn other() -> Extension {
    Extension { name: "other".into(), data: "{}".into() }
}

/// The cases of `container-action`.
fn of_containers() -> Vec<C> {
    let app = || "app".to_string();
    let image = || "image".to_string();
    let login =
        |server| RegistryLogin { server, username: text("user"), password: text("password") };
    let build = BuildOptions {
        context: ".".into(),
        dockerfile: "Dockerfile".into(),
        tags: vec!["shop:1".into(), "shop:latest".into()],
        labels: labels(),
        arguments: vec![("ARGUMENT".into(), text("argument"))],
        target: None,
        options: Vec::new(),
    };
    let logs = LogOptions {
        container: app(),
        tail: None,
        since: None,
        timestamps: false,
        follow: false,
        search: None,
    };
    let (source, directory) = ("/assets".into(), "copied".into());
    let copy = ImageCopy { image: image(), container: app(), source, directory };
    let network = NetworkSpec { name: "network".into(), subnet: None, labels: Vec::new() };
    vec![
        C::Login(login(None)),
        C::Logout(Some("server".into())),
        C::Pull(image()),
        C::Push(image()),
        C::Build(build),
        C::Run(container()),
        C::RunOnce(RunOnce { container: container(), tty: false }),
        C::Rename(Rename { container: app(), name: "old".into() }),
        C::Start(app()),
        C::Stop(stop()),
        C::Remove(stop()),
        C::Exec(ExecOptions { container: app(), argv: argv(), env: vars(), tty: false }),
        C::Logs(logs),
        C::HealthLog(app()),
        C::InspectAddress(app()),
        C::InspectPort(app()),
        C::InspectImage(image()),
        C::RequireLabel(ImageLabel {
            image: image(),
            label: "service".into(),
            value: "shop".into(),
        }),
        C::Tag(ImageTag { image: image(), reference: "shop:latest".into() }),
        C::RemoveImage(image()),
        C::PruneImages(ImageFilter { labels: labels(), all: false }),
        C::CopyFromImage(copy),
        C::ListContainers(ContainerList { labels: labels(), all: false }),
        C::ListImages("shop".into()),
        C::EnsureNetwork(network),
        C::RemoveNetwork("network".into()),
        C::Other(other()),
    ]
}

/// The cases of `wait`.
fn of_waits() -> Vec<Wait> {
    let http = HttpWait {
        contains: Some(text("contained")),
        absent: vec![text("absent")],
        port_after: Some(text("before the port")),
        ..HttpWait::new(text("http://url"))
    };
    let until = ContainerCondition::Ready;
    vec![
        Wait::Container(ContainerWait { container: "app".into(), until, steady_ms: 0 }),
        Wait::Http(http),
        Wait::Command(command(false)),
        Wait::DelayMs(1500),
    ]
}

/// The cases of `action` that are not variants themselves.
fn of_hosts() -> Vec<Action> {
    let path = || "path".to_string();
    let source = || "source".to_string();
    let file = FileWrite { path: path(), content: text("content"), mode: 0o600 };
    vec![
        Action::RunAsRole(RoleCommand { role: "web".into(), argv: argv() }),
        Action::WriteFile(file),
        Action::Upload(Upload { path: path(), mode: 0o600, source: source(), template: None }),
        Action::WriteEnvFile(EnvFileWrite { path: path(), vars: vars() }),
        Action::MakeDirectory(path()),
        Action::MergeDirectory(DirectoryMerge { source: source(), target: "target".into() }),
        Action::AppendLine(LineAppend { path: path(), line: text("line") }),
        Action::RemoveFile(path()),
        Action::RemoveDirectory(path()),
        Action::Run(command(false)),
        Action::Exec(UserCommand { command: command(false), tty: false }),
        Action::Hook("hook".into()),
        Action::Say("text".into()),
        Action::Other(other()),
    ]
}

/// How many cases a variant of the contract has.
fn cases(wit: &str, variant: &str) -> usize {
    let start = format!("    variant {variant} {{\n");
    let (_, rest) = wit.split_once(&start).expect("the variant is there");
    let (body, _) = rest.split_once("\n    }").expect("the variant ends");
    body.lines().filter(|line| !line.trim_start().starts_with("///")).count()
}

/// All that is decided about an action, but what it does not have.
fn shown(action: &Action) -> String {
    let profile = profile(action);
    let of_texts = |(slot, text): &(_, &Text)| match text.as_slice() {
        [Part::Literal(literal)] => format!("{slot:?} `{literal}`"),
        _ => panic!("the samples have plain texts"),
    };
    let texts: Vec<String> = profile.texts.iter().map(of_texts).collect();
    let names: Vec<&str> = profile.variables.iter().map(|var| var.name.as_str()).collect();
    let mut line = format!("{}\n    {:?}", profile.sentence, profile.effect);
    line.extend(profile.needs.map(|needs| format!(", needs {needs}")));
    for (what, all) in [
        ("paths", profile.paths.join(", ")),
        ("texts", texts.join(", ")),
        ("sets", names.join(", ")),
    ] {
        if !all.is_empty() {
            line.push_str(&format!("; {what}: {all}"));
        }
    }
    format!("{line}; yields {:?}\n", profile.yields)
}

#[test]
fn every_action_has_its_row() {
    let (containers, waits, hosts) = (of_containers(), of_waits(), of_hosts());
    let steps = include_str!("../../../../wit/steps.wit");
    let of_engines = include_str!("../../../../wit/containers.wit");
    assert_eq!(containers.len(), cases(of_engines, "container-action"));
    assert_eq!(waits.len(), cases(steps, "wait"));
    // `container` and `wait` are the others.
    assert_eq!(hosts.len() + 2, cases(steps, "action"));

    let containers = containers.into_iter().map(Action::Container);
    let all = containers.chain(waits.into_iter().map(Action::Wait)).chain(hosts);
    insta::assert_snapshot!(all.map(|action| shown(&action)).collect::<String>());
}

#[test]
fn only_commands_may_say_that_they_only_read() {
    for action in [Action::Run(command(true)), Action::Wait(Wait::Command(command(true)))] {
        assert_eq!(profile(&action).effect, Effect::Read, "{action:?}");
    }
    let exec = UserCommand { command: command(true), tty: false };
    assert_eq!(profile(&Action::Exec(exec)).effect, Effect::User);
}
