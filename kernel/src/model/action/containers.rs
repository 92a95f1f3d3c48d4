//! The rows of what can be wanted of an engine.

use crate::model::capability::Capability;
use crate::model::plan::Effect;
use crate::model::wit::{ContainerAction, ContainerSpec, OutputKind, Text};

use super::{Profile, Slot, Yields, argv, row, values};

/// The row of a container action.
pub(super) fn profile(action: &ContainerAction) -> Profile<'_> {
    use Capability::{Containers, Images, Networks, Registry};
    use ContainerAction as C;
    use Effect::{Read, Stage, User, Write};
    match action {
        C::Login(login) => Profile {
            texts: vec![(Slot::User, &login.username), (Slot::Value, &login.password)],
            ..row(Stage, Registry, format!("log in to {}", server(login.server.as_deref())))
        },
        C::Logout(name) => row(Stage, Registry, format!("log out of {}", server(name.as_deref()))),
        C::Pull(image) => row(Stage, Images, format!("pull the image {image}")),
        C::Push(image) => row(Stage, Images, format!("push the image {image}")),
        // An engine passes a build argument by name and exports its value.
        C::Build(build) => Profile {
            texts: build.arguments.iter().map(|(_, value)| (Slot::Value, value)).collect(),
            ..row(Stage, Images, format!("build the image {}", build.tags.join(", ")))
        },
        C::Run(spec) => {
            let said = format!("start the container {} of the image {}", spec.name, spec.image);
            let yields = Yields::Only(OutputKind::ContainerId);
            Profile { yields, ..of_a_container(Write, spec, said) }
        }
        C::RunOnce(once) => {
            let spec = &once.container;
            let said = format!("run a container of the image {} until it ends", spec.image);
            Profile { yields: Yields::Printed, ..of_a_container(User, spec, said) }
        }
        C::Rename(rename) => row(
            Write,
            Containers,
            format!("rename the container {} to {}", rename.container, rename.name),
        ),
        C::Start(name) => row(Write, Containers, format!("start the container {name} again")),
        C::Stop(stop) => row(Write, Containers, format!("stop the container {}", stop.container)),
        C::Remove(stop) => {
            row(Write, Containers, format!("stop and remove the container {}", stop.container))
        }
        C::Exec(exec) => Profile {
            texts: argv(&exec.argv).into_iter().chain(values(&exec.env)).collect(),
            variables: &exec.env,
            yields: Yields::Printed,
            ..row(User, Containers, format!("run a command in the container {}", exec.container))
        },
        C::Logs(logs) => {
            row(Read, Containers, format!("show the log of the container {}", logs.container))
        }
        C::HealthLog(name) => row(
            Read,
            Containers,
            format!("show what the health check of the container {name} answered"),
        ),
        C::InspectAddress(name) => Profile {
            yields: Yields::Only(OutputKind::IpAddress),
            ..row(Read, Containers, format!("look up the address of the container {name}"))
        },
        C::InspectPort(name) => Profile {
            yields: Yields::Only(OutputKind::Port),
            ..row(Read, Containers, format!("look up the port that the container {name} exposes"))
        },
        C::InspectImage(image) => Profile {
            yields: Yields::Only(OutputKind::Digest),
            ..row(Read, Images, format!("look up the id of the image {image}"))
        },
        C::RequireLabel(label) => row(
            Read,
            Images,
            format!(
                "check that the image {} has the label {}={}",
                label.image, label.label, label.value
            ),
        ),
        C::Tag(tag) => {
            row(Write, Images, format!("tag the image {} as {}", tag.image, tag.reference))
        }
        C::RemoveImage(image) => row(Write, Images, format!("remove the image {image}")),
        C::PruneImages(filter) => {
            let which = if filter.all { "unused" } else { "untagged" };
            let labels = pairs(&filter.labels);
            row(Write, Images, format!("remove {which} images with the labels {labels}"))
        }
        C::CopyFromImage(copy) => Profile {
            paths: vec![&copy.directory],
            ..row(
                Write,
                Containers,
                format!(
                    "copy {} out of the image {} to {}",
                    copy.source, copy.image, copy.directory
                ),
            )
        },
        C::ListContainers(list) => row(
            Read,
            Containers,
            format!("list the containers with the labels {}", pairs(&list.labels)),
        ),
        C::ListImages(repository) => row(Read, Images, format!("list the images of {repository}")),
        C::EnsureNetwork(network) => {
            row(Write, Networks, format!("make the network {} unless it is there", network.name))
        }
        C::RemoveNetwork(name) => row(Write, Networks, format!("remove the network {name}")),
        // What it does only the engine plugin knows, and says when it lowers it.
        C::Other(other) => Profile {
            yields: Yields::Printed,
            ..row(Write, Containers, format!("have the engine do `{}`", other.name))
        },
    }
}

/// The row of an action that starts a container.
fn of_a_container(effect: Effect, spec: &ContainerSpec, sentence: String) -> Profile<'_> {
    Profile {
        texts: container(spec),
        variables: &spec.env,
        ..row(effect, Capability::Containers, sentence)
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
