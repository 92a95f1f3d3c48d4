//! The rows of what can be wanted of an engine.

use crate::model::capability::Capability;
use crate::model::plan::Effect;
use crate::model::wit::{ContainerAction, ContainerSpec, OutputKind, Text};

use super::{Profile, Slot, Yields, argv, values};

/// The row of a container action.
pub(super) fn profile(action: &ContainerAction) -> Profile<'_> {
    use ContainerAction as C;
    match action {
        C::Login(login) => Profile {
            effect: Effect::Stage,
            needs: Some(Capability::Registry),
            paths: Vec::new(),
            texts: vec![(Slot::User, &login.username), (Slot::Value, &login.password)],
            variables: &[],
            yields: Yields::Nothing,
            sentence: format!("log in to {}", server(login.server.as_deref())),
        },
        C::Logout(name) => Profile {
            effect: Effect::Stage,
            needs: Some(Capability::Registry),
            paths: Vec::new(),
            texts: Vec::new(),
            variables: &[],
            yields: Yields::Nothing,
            sentence: format!("log out of {}", server(name.as_deref())),
        },
        C::Pull(image) => Profile {
            effect: Effect::Stage,
            needs: Some(Capability::Images),
            paths: Vec::new(),
            texts: Vec::new(),
            variables: &[],
            yields: Yields::Nothing,
            sentence: format!("pull the image {image}"),
        },
        C::Push(image) => Profile {
            effect: Effect::Stage,
            needs: Some(Capability::Images),
            paths: Vec::new(),
            texts: Vec::new(),
            variables: &[],
            yields: Yields::Nothing,
            sentence: format!("push the image {image}"),
        },
        // An engine passes a build argument by name and exports its value.
        C::Build(build) => Profile {
            effect: Effect::Stage,
            needs: Some(Capability::Images),
            paths: Vec::new(),
            texts: build.arguments.iter().map(|(_, value)| (Slot::Value, value)).collect(),
            variables: &[],
            yields: Yields::Nothing,
            sentence: format!("build the image {}", build.tags.join(", ")),
        },
        C::Run(spec) => Profile {
            effect: Effect::Write,
            needs: Some(Capability::Containers),
            paths: Vec::new(),
            texts: container(spec),
            variables: &spec.env,
            yields: Yields::Only(OutputKind::ContainerId),
            sentence: format!("start the container {} of the image {}", spec.name, spec.image),
        },
        C::RunOnce(once) => Profile {
            effect: Effect::User,
            needs: Some(Capability::Containers),
            paths: Vec::new(),
            texts: container(&once.container),
            variables: &once.container.env,
            yields: Yields::Printed,
            sentence: format!("run a container of the image {} to its end", once.container.image),
        },
        C::Rename(rename) => Profile {
            effect: Effect::Write,
            needs: Some(Capability::Containers),
            paths: Vec::new(),
            texts: Vec::new(),
            variables: &[],
            yields: Yields::Nothing,
            sentence: format!("rename the container {} to {}", rename.container, rename.name),
        },
        C::Start(name) => Profile {
            effect: Effect::Write,
            needs: Some(Capability::Containers),
            paths: Vec::new(),
            texts: Vec::new(),
            variables: &[],
            yields: Yields::Nothing,
            sentence: format!("start the container {name} again"),
        },
        C::Stop(stop) => Profile {
            effect: Effect::Write,
            needs: Some(Capability::Containers),
            paths: Vec::new(),
            texts: Vec::new(),
            variables: &[],
            yields: Yields::Nothing,
            sentence: format!("stop the container {}", stop.container),
        },
        C::Remove(stop) => Profile {
            effect: Effect::Write,
            needs: Some(Capability::Containers),
            paths: Vec::new(),
            texts: Vec::new(),
            variables: &[],
            yields: Yields::Nothing,
            sentence: format!("stop and remove the container {}", stop.container),
        },
        C::Exec(exec) => Profile {
            effect: Effect::User,
            needs: Some(Capability::Containers),
            paths: Vec::new(),
            texts: argv(&exec.argv).into_iter().chain(values(&exec.env)).collect(),
            variables: &exec.env,
            yields: Yields::Printed,
            sentence: format!("run a command in the container {}", exec.container),
        },
        C::Logs(logs) => Profile {
            effect: Effect::Read,
            needs: Some(Capability::Containers),
            paths: Vec::new(),
            texts: Vec::new(),
            variables: &[],
            yields: Yields::Nothing,
            sentence: format!("show the log of the container {}", logs.container),
        },
        C::HealthLog(name) => Profile {
            effect: Effect::Read,
            needs: Some(Capability::Containers),
            paths: Vec::new(),
            texts: Vec::new(),
            variables: &[],
            yields: Yields::Nothing,
            sentence: format!("show what the health check of the container {name} answered"),
        },
        C::InspectAddress(name) => Profile {
            effect: Effect::Read,
            needs: Some(Capability::Containers),
            paths: Vec::new(),
            texts: Vec::new(),
            variables: &[],
            yields: Yields::Only(OutputKind::IpAddress),
            sentence: format!("look up the address of the container {name}"),
        },
        C::InspectPort(name) => Profile {
            effect: Effect::Read,
            needs: Some(Capability::Containers),
            paths: Vec::new(),
            texts: Vec::new(),
            variables: &[],
            yields: Yields::Only(OutputKind::Port),
            sentence: format!("look up the port that the container {name} exposes"),
        },
        C::InspectImage(image) => Profile {
            effect: Effect::Read,
            needs: Some(Capability::Images),
            paths: Vec::new(),
            texts: Vec::new(),
            variables: &[],
            yields: Yields::Only(OutputKind::Digest),
            sentence: format!("look up the id of the image {image}"),
        },
        C::RequireLabel(label) => Profile {
            effect: Effect::Read,
            needs: Some(Capability::Images),
            paths: Vec::new(),
            texts: Vec::new(),
            variables: &[],
            yields: Yields::Nothing,
            sentence: format!(
                "see that the image {} has the label {}={}",
                label.image, label.label, label.value
            ),
        },
        C::Tag(tag) => Profile {
            effect: Effect::Write,
            needs: Some(Capability::Images),
            paths: Vec::new(),
            texts: Vec::new(),
            variables: &[],
            yields: Yields::Nothing,
            sentence: format!("tag the image {} as {}", tag.image, tag.reference),
        },
        C::RemoveImage(image) => Profile {
            effect: Effect::Write,
            needs: Some(Capability::Images),
            paths: Vec::new(),
            texts: Vec::new(),
            variables: &[],
            yields: Yields::Nothing,
            sentence: format!("remove the image {image}"),
        },
        C::PruneImages(filter) => Profile {
            effect: Effect::Write,
            needs: Some(Capability::Images),
            paths: Vec::new(),
            texts: Vec::new(),
            variables: &[],
            yields: Yields::Nothing,
            sentence: format!(
                "remove {} images with the labels {}",
                if filter.all { "unused" } else { "untagged" },
                pairs(&filter.labels)
            ),
        },
        C::CopyFromImage(copy) => Profile {
            effect: Effect::Write,
            needs: Some(Capability::Containers),
            paths: vec![&copy.directory],
            texts: Vec::new(),
            variables: &[],
            yields: Yields::Nothing,
            sentence: format!(
                "copy {} out of the image {} to {}",
                copy.source, copy.image, copy.directory
            ),
        },
        C::ListContainers(list) => Profile {
            effect: Effect::Read,
            needs: Some(Capability::Containers),
            paths: Vec::new(),
            texts: Vec::new(),
            variables: &[],
            yields: Yields::Nothing,
            sentence: format!("list the containers with the labels {}", pairs(&list.labels)),
        },
        C::ListImages(repository) => Profile {
            effect: Effect::Read,
            needs: Some(Capability::Images),
            paths: Vec::new(),
            texts: Vec::new(),
            variables: &[],
            yields: Yields::Nothing,
            sentence: format!("list the images of {repository}"),
        },
        C::EnsureNetwork(network) => Profile {
            effect: Effect::Write,
            needs: Some(Capability::Networks),
            paths: Vec::new(),
            texts: Vec::new(),
            variables: &[],
            yields: Yields::Nothing,
            sentence: format!("make the network {} unless it is there", network.name),
        },
        C::RemoveNetwork(name) => Profile {
            effect: Effect::Write,
            needs: Some(Capability::Networks),
            paths: Vec::new(),
            texts: Vec::new(),
            variables: &[],
            yields: Yields::Nothing,
            sentence: format!("remove the network {name}"),
        },
        // What it does only the engine plugin knows, and says when it lowers it.
        C::Other(other) => Profile {
            effect: Effect::Write,
            needs: Some(Capability::Containers),
            paths: Vec::new(),
            texts: Vec::new(),
            variables: &[],
            yields: Yields::Printed,
            sentence: format!("have the engine do `{}`", other.name),
        },
    }
}

/// The texts of a container.
pub fn container(spec: &ContainerSpec) -> Vec<(Slot, &Text)> {
    let words = spec.labels.iter().map(|(_, text)| text).chain(&spec.volumes).chain(&spec.user);
    let words = words.chain(spec.options.iter().filter_map(|option| option.value.as_ref()));
    let words = words.chain(&spec.command).map(|text| (Slot::Word, text));
    words.chain(values(&spec.env)).collect()
}

fn server(name: Option<&str>) -> &str {
    name.unwrap_or("the engine's default registry")
}

fn pairs(labels: &[(String, String)]) -> String {
    let pairs: Vec<String> = labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join(", ")
}
