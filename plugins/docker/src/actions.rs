//! Container actions as `docker` commands, like Kamal's where Kamal has them.

use windlass_sdk::types::{
    BuildOptions, ContainerAction, ExecOptions, ImageCopy, LogOptions, Lowered, LoweredCommand,
    NetworkSpec, OutputKind, Part, RegistryLogin, StopOptions,
};

use crate::draft::Draft;
use crate::queries::label_filter;
use crate::{run, template};

/// The commands of an action.
pub fn lower(action: &ContainerAction) -> Result<Lowered, String> {
    use ContainerAction as A;
    let commands = match action {
        A::Login(login) => vec![log_in(login)?],
        A::Logout(server) => vec![on_server(Draft::docker(&["logout"]), server)?.done()?],
        A::Pull(image) => vec![on(&["pull"], image)?],
        A::Push(image) => vec![on(&["push"], image)?],
        A::Build(options) => vec![build(options)?],
        A::Run(spec) => vec![run::detached(spec)?],
        A::RunOnce(once) => vec![run::once(&once.container, once.tty)?],
        A::Rename(rename) => {
            let draft = Draft::docker(&["rename"]).operand(&rename.container)?;
            vec![draft.operand(&rename.name)?.done()?]
        }
        A::Start(container) => vec![on(&["start"], container)?],
        A::Stop(options) => vec![stop(options)?],
        A::Remove(options) => remove(options)?,
        A::Exec(options) => vec![exec(options)?],
        A::Logs(options) => vec![logs(options)?],
        A::HealthLog(container) => {
            vec![on(&["container", "inspect", "--format", "{{json .State.Health}}"], container)?]
        }
        A::InspectAddress(container) => {
            vec![on(&["container", "inspect", "--format", template::ADDRESS], container)?]
        }
        A::InspectPort(container) => {
            vec![on(&["container", "inspect", "--format", template::LOWEST_PORT], container)?]
        }
        A::InspectImage(image) => {
            vec![on(&["image", "inspect", "--format", "{{.ID}}"], image)?]
        }
        A::RequireLabel(wanted) => {
            let format = template::require_label(&wanted.image, &wanted.label, &wanted.value);
            vec![on(&["image", "inspect", "--format", &format], &wanted.image)?]
        }
        A::Tag(tag) => {
            let draft = Draft::docker(&["tag"]).operand(&tag.image)?;
            vec![draft.operand(&tag.reference)?.done()?]
        }
        A::RemoveImage(image) => vec![on(&["image", "rm"], image)?],
        A::PruneImages(filter) => {
            let draft =
                Draft::docker(&["image", "prune"]).switch("--all", filter.all).words(&["--force"]);
            vec![filtered(draft, &filter.labels).done()?]
        }
        A::CopyFromImage(copy) => copy_from_image(copy)?,
        A::ListContainers(list) => {
            let draft = Draft::docker(&["ps"]).switch("--all", list.all);
            vec![filtered(draft, &list.labels).done()?]
        }
        A::ListImages(repository) => vec![on(&["image", "ls"], repository)?],
        A::EnsureNetwork(network) => ensure_network(network)?,
        A::RemoveNetwork(name) => remove_network(name)?,
        A::Other(other) => {
            return Err(format!("docker has no action `{}`", other.name.escape_debug()));
        }
    };
    Ok(Lowered { commands, yields: yields(action), abort: abort(action)? })
}

/// What ends a container whose start or run was cut short: its client may be gone long before it.
fn abort(action: &ContainerAction) -> Result<Vec<LoweredCommand>, String> {
    let name = match action {
        ContainerAction::Run(spec) => &spec.name,
        ContainerAction::RunOnce(once) => &once.container.name,
        _ => return Ok(Vec::new()),
    };
    if name.is_empty() { Ok(Vec::new()) } else { Ok(vec![on(&["rm", "--force"], name)?]) }
}

/// What the last command prints, for later steps.
fn yields(action: &ContainerAction) -> Option<OutputKind> {
    match action {
        ContainerAction::Run(_) => Some(OutputKind::ContainerId),
        ContainerAction::InspectAddress(_) => Some(OutputKind::IpAddress),
        ContainerAction::InspectPort(_) => Some(OutputKind::Port),
        ContainerAction::InspectImage(_) => Some(OutputKind::Digest),
        _ => None,
    }
}

/// A command about one container or image.
fn on(words: &[&str], name: &str) -> Result<LoweredCommand, String> {
    Draft::docker(words).operand(name)?.done()
}

fn on_server(draft: Draft, server: &Option<String>) -> Result<Draft, String> {
    match server {
        Some(server) => draft.operand(server),
        None => Ok(draft),
    }
}

/// The password goes through stdin. `docker` takes the user name as an argument only, which
/// every process of the machine can read.
fn log_in(login: &RegistryLogin) -> Result<LoweredCommand, String> {
    if login.username.iter().any(|part| !matches!(part, Part::Literal(_) | Part::HostEnv(_))) {
        return Err("`docker login` takes the user name as an argument, where every process of \
                    the machine can read it, so it cannot be a secret"
            .to_string());
    }
    let draft = on_server(Draft::docker(&["login"]), &login.server)?
        .words(&["--username"])
        .text(&login.username)
        .words(&["--password-stdin"]);
    Ok(LoweredCommand { stdin: Some(login.password.clone()), ..draft.done()? })
}

fn build(options: &BuildOptions) -> Result<LoweredCommand, String> {
    let mut draft = Draft::docker(&["build"]);
    for tag in &options.tags {
        draft = draft.option("--tag", tag);
    }
    for (name, value) in &options.labels {
        draft = draft.option("--label", &format!("{name}={value}"));
    }
    for (name, value) in &options.arguments {
        draft = draft.assign("--build-arg", name, value)?;
    }
    draft = draft.option("--file", &options.dockerfile);
    draft = draft.maybe("--target", options.target.as_deref());
    for word in &options.options {
        draft = draft.words(&[word]);
    }
    draft.operand(&options.context)?.done()
}

fn stop(options: &StopOptions) -> Result<LoweredCommand, String> {
    let seconds = options.timeout_s.map(|seconds| seconds.to_string());
    Draft::docker(&["stop"]).maybe("-t", seconds.as_deref()).operand(&options.container)?.done()
}

/// A graceful stop, whose failure is the absence of the container or shows again in the
/// removal. The removal is forced so that absence is no error, and so that a container which
/// comes up in between cannot stay.
fn remove(options: &StopOptions) -> Result<Vec<LoweredCommand>, String> {
    let stop = LoweredCommand { success: vec![0, 1], ..stop(options)? };
    Ok(vec![stop, on(&["rm", "--force"], &options.container)?])
}

/// The container is only made, so nothing of the image must run; `true` is for images that name
/// no command, of which Docker makes no container. The name may be taken by an earlier try that
/// was cut off. `docker cp` makes the directory itself, but only if there is what to copy.
fn copy_from_image(copy: &ImageCopy) -> Result<Vec<LoweredCommand>, String> {
    let (parent, _) = copy.directory.rsplit_once('/').unwrap_or((".", ""));
    let from = format!("{}:{}/.", copy.container, copy.source.trim_end_matches('/'));
    let gone = || on(&["rm", "--force"], &copy.container);
    let create = Draft::docker(&["create"]).option("--name", &copy.container);
    Ok(vec![
        Draft::of(&["mkdir", "-p"]).operand(parent)?.done()?,
        LoweredCommand { success: vec![0, 1], ..gone()? },
        create.operand(&copy.image)?.words(&["true"]).done()?,
        Draft::docker(&["cp", "--follow-link"]).operand(&from)?.operand(&copy.directory)?.done()?,
        gone()?,
    ])
}

/// Of two runs that make the network at once, one is told that it is there. So the creation may
/// fail, and what counts is that the network is there afterwards.
fn ensure_network(network: &NetworkSpec) -> Result<Vec<LoweredCommand>, String> {
    let mut create = Draft::docker(&["network", "create"]);
    create = create.maybe("--subnet", network.subnet.as_deref());
    for (name, value) in &network.labels {
        create = create.option("--label", &format!("{name}={value}"));
    }
    let create = create.operand(&network.name)?.done()?;
    Ok(vec![
        LoweredCommand { success: vec![0, 1], ..create },
        on(&["network", "inspect", "--format", "{{.Name}}"], &network.name)?,
    ])
}

/// Docker fails alike for a network that is not there and for one that is in use. So the removal
/// may fail, and what counts is that no network of the name is listed afterwards.
fn remove_network(name: &str) -> Result<Vec<LoweredCommand>, String> {
    let remove = on(&["network", "rm"], name)?;
    let still_there = template::fail(&format!("the network {name} is still there"));
    let filter = format!("name=^{}$", name.replace('.', "\\."));
    let list = Draft::docker(&["network", "ls"]);
    let list = list.option("--filter", &filter).option("--format", &still_there);
    Ok(vec![LoweredCommand { success: vec![0, 1], ..remove }, list.done()?])
}

fn exec(options: &ExecOptions) -> Result<LoweredCommand, String> {
    let mut draft =
        Draft::docker(&["exec"]).switch("--interactive", options.tty).switch("--tty", options.tty);
    for var in &options.env {
        draft = draft.assign("--env", &var.name, &var.value)?;
    }
    draft = draft.operand(&options.container)?;
    for word in &options.argv {
        draft = draft.text(word);
    }
    draft.done()
}

fn logs(options: &LogOptions) -> Result<LoweredCommand, String> {
    let tail = options.tail.map(|lines| lines.to_string());
    Draft::docker(&["logs"])
        .switch("--timestamps", options.timestamps)
        .maybe("--since", options.since.as_deref())
        .maybe("--tail", tail.as_deref())
        .switch("--follow", options.follow)
        .operand(&options.container)?
        .done()
}

fn filtered(mut draft: Draft, labels: &[(String, String)]) -> Draft {
    for label in labels {
        draft = draft.option("--filter", &label_filter(label));
    }
    draft
}
