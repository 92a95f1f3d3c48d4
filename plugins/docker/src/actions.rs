//! Container actions as `docker` commands, like Kamal's where Kamal has them.

use windlass_sdk::types::Part;
use windlass_sdk::types::{
    BuildOptions, ContainerAction, ExecOptions, ImageCopy, LogOptions, OutputKind, RegistryLogin,
    StopOptions,
};

use crate::draft::Draft;
use crate::queries::label_filter;
use crate::{run, template};
use windlass_sdk::lowering::{Lowered, LoweredCommand};

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
        A::RunOnce((spec, terminal)) => vec![run::once(spec, *terminal)?],
        A::Rename((old, new)) => {
            vec![Draft::docker(&["rename"]).operand(old)?.operand(new)?.done()?]
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
        A::RequireLabel((image, label, value)) => {
            let format = template::require_label(image, label, value);
            vec![on(&["image", "inspect", "--format", &format], image)?]
        }
        A::Tag((image, reference)) => {
            vec![Draft::docker(&["tag"]).operand(image)?.operand(reference)?.done()?]
        }
        A::RemoveImage(image) => vec![on(&["image", "rm"], image)?],
        A::PruneImages(filter) => {
            let draft =
                Draft::docker(&["image", "prune"]).switch("--all", filter.all).words(&["--force"]);
            vec![filtered(draft, &filter.labels).done()?]
        }
        A::CopyFromImage(copy) => copy_from_image(copy)?,
        A::ListContainers((labels, all)) => {
            vec![filtered(Draft::docker(&["ps"]).switch("--all", *all), labels).done()?]
        }
        A::ListImages(repository) => vec![on(&["image", "ls"], repository)?],
        A::Other((name, _)) => {
            return Err(format!("docker has no action `{}`", name.escape_debug()));
        }
    };
    Ok(Lowered { commands, yields: yields(action), abort: abort(action)? })
}

/// The client that was ended leaves the container it has started to the daemon.
fn abort(action: &ContainerAction) -> Result<Vec<LoweredCommand>, String> {
    match action {
        ContainerAction::Run(spec) | ContainerAction::RunOnce((spec, _))
            if !spec.name.is_empty() =>
        {
            Ok(vec![on(&["rm", "--force"], &spec.name)?])
        }
        _ => Ok(Vec::new()),
    }
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
