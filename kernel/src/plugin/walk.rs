//! Finds the texts and paths in what a plugin answers, so that each check is a loop.

use crate::model::wit::{
    Action, Command, ContainerAction, ContainerSpec, Contribution, EnvVar, OutputKind, Part, Text,
    Wait,
};

/// Where a text stands; decides which parts it may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// The program of an argv.
    Program,
    /// A later word of an argv, or what becomes part of one: labels, volumes, options.
    Word,
    /// The value of a variable, or a standard input.
    Value,
    /// The user name of a login.
    User,
    /// What is written to a file.
    Content,
    Url,
    /// What an answer must or must not contain.
    Expected,
}

impl Place {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Program => "the program of a command",
            Self::Word => "an argument, where every user of the host could read it",
            Self::Value => "an env value",
            Self::User => "a user name",
            Self::Content => "the content of a file",
            Self::Url => "a URL",
            Self::Expected => "an expected text",
        }
    }
}

pub(super) type Placed<'a> = Vec<(Place, &'a Text)>;

/// The texts of an action.
pub(super) fn action(action: &Action) -> Placed<'_> {
    match action {
        Action::Container(action) => container_action(action),
        Action::WriteFile(write) => vec![(Place::Content, &write.content)],
        Action::WriteEnvFile(write) => values(&write.vars).collect(),
        Action::AppendLine((_, line)) => vec![(Place::Content, line)],
        Action::Run(run) | Action::Exec((run, _)) | Action::Wait(Wait::Command(run)) => {
            command(run)
        }
        Action::Wait(Wait::Http(http)) => {
            let expected = http.contains.iter().chain(&http.absent).chain(&http.port_after);
            let expected = expected.map(|text| (Place::Expected, text));
            std::iter::once((Place::Url, &http.url)).chain(expected).collect()
        }
        Action::Wait(Wait::Container(_) | Wait::DelayMs(_))
        | Action::MakeDirectory(_)
        | Action::MergeDirectory(_)
        | Action::RemoveFile(_)
        | Action::RemoveDirectory(_)
        | Action::Hook(_)
        | Action::Other(_) => Vec::new(),
    }
}

/// The texts of a container action.
pub(super) fn container_action(action: &ContainerAction) -> Placed<'_> {
    match action {
        ContainerAction::Login(login) => {
            vec![(Place::User, &login.username), (Place::Value, &login.password)]
        }
        ContainerAction::Run(spec) | ContainerAction::RunOnce((spec, _)) => container(spec),
        ContainerAction::Exec(exec) => argv(&exec.argv).chain(values(&exec.env)).collect(),
        // An engine passes a build argument by name and exports its value.
        ContainerAction::Build(build) => {
            build.arguments.iter().map(|(_, value)| (Place::Value, value)).collect()
        }
        _ => Vec::new(),
    }
}

/// The texts of a container.
pub(super) fn container(spec: &ContainerSpec) -> Placed<'_> {
    let words = spec.labels.iter().map(|(_, text)| text).chain(&spec.volumes);
    let words = words.chain(spec.options.iter().filter_map(|(_, text)| text.as_ref()));
    let words = words.chain(&spec.command).map(|text| (Place::Word, text));
    words.chain(values(&spec.env)).collect()
}

/// The texts of a contribution.
pub(super) fn contribution(contribution: &Contribution) -> Placed<'_> {
    let words = contribution.labels.iter().map(|(_, text)| text).chain(&contribution.volumes);
    words.map(|text| (Place::Word, text)).chain(values(&contribution.env)).collect()
}

/// The texts of a process.
pub(super) fn command(command: &Command) -> Placed<'_> {
    let stdin = command.stdin.iter().map(|text| (Place::Value, text));
    argv(&command.argv).chain(values(&command.env)).chain(stdin).collect()
}

pub(super) fn argv(argv: &[Text]) -> impl Iterator<Item = (Place, &Text)> {
    let place = |index| if index == 0 { Place::Program } else { Place::Word };
    argv.iter().enumerate().map(move |(index, text)| (place(index), text))
}

pub(super) fn values(vars: &[EnvVar]) -> impl Iterator<Item = (Place, &Text)> {
    vars.iter().map(|var| (Place::Value, &var.value))
}

/// The variables that an action sets.
pub(super) fn variables(action: &Action) -> &[EnvVar] {
    match action {
        Action::Container(ContainerAction::Run(spec) | ContainerAction::RunOnce((spec, _))) => {
            &spec.env
        }
        Action::Container(ContainerAction::Exec(exec)) => &exec.env,
        Action::WriteEnvFile(write) => &write.vars,
        Action::Run(command) | Action::Wait(Wait::Command(command)) => &command.env,
        _ => &[],
    }
}

/// The paths on the host that an action changes, or whose files it makes appear elsewhere.
pub(super) fn changed_paths(action: &Action) -> Vec<&str> {
    match action {
        Action::WriteFile(write) => vec![&write.path],
        Action::WriteEnvFile(write) => vec![&write.path],
        Action::AppendLine((path, _))
        | Action::MakeDirectory(path)
        | Action::RemoveFile(path)
        | Action::RemoveDirectory(path) => vec![path],
        Action::MergeDirectory((from, to)) => vec![from, to],
        Action::Container(ContainerAction::CopyFromImage(copy)) => vec![&copy.directory],
        _ => Vec::new(),
    }
}

/// The parts of all these texts.
pub(super) fn parts<'a>(placed: &Placed<'a>) -> impl Iterator<Item = &'a Part> {
    placed.iter().flat_map(|(_, text)| text.iter())
}

/// A part, for a sentence.
pub(super) fn part_name(part: &Part) -> String {
    match part {
        Part::Literal(text) => format!("{text:?}"),
        Part::Secret(name) => format!("the secret `{name}`"),
        Part::HostEnv(name) => format!("the variable `{name}`"),
        Part::OutputOf(output) => format!("what the step `{}` printed", output.step),
        Part::HostFile(path) => format!("the content of the file `{path}`"),
        Part::Other((name, _)) => format!("the part `{name}`"),
    }
}

/// A kind of output as the contract writes it.
pub(super) fn output_name(kind: OutputKind) -> &'static str {
    match kind {
        OutputKind::ContainerId => "container-id",
        OutputKind::IpAddress => "ip-address",
        OutputKind::Port => "port",
        OutputKind::Digest => "digest",
        OutputKind::SecretText => "secret-text",
    }
}
