//! Assets: each version's files on every host, so that a page of one version finds what it
//! refers to wherever the next request lands (`asset_path`).
//!
//! `assets/extracted/NAME` below the run directory holds what the image of the container NAME
//! has; `assets/volumes/NAME`, which the container has in the place of its own, holds that and
//! what the version beside it has. Kamal uses the same directories.

use windlass_sdk::names::id_part;
use windlass_sdk::steps::{absolute_run_directory, container, role_prefix, step};
use windlass_sdk::texts::text;
use windlass_sdk::types::{
    Action, ContainerAction, ContainerState, Context, DirectoryMerge, ImageCopy, Phase, Step, Text,
};

use crate::names;
use crate::settings::Settings;

/// A disk may be slow, and assets may be many.
const COPY_LIMIT_MS: u32 = 300_000;

/// Where the containers of a role have their assets; none if they are not bridged. Only those
/// that users reach need them.
fn target(settings: &Settings, role: &str) -> Option<String> {
    let own = settings.role(role).asset_path;
    let path = own.or_else(|| settings.asset_path.clone())?.0;
    (settings.is_public(role) && !path.trim().is_empty()).then(|| path.trim().to_string())
}

/// The directories of a container, below the run directory.
struct Directories {
    extracted: String,
    volume: String,
}

impl Directories {
    fn of(context: &Context, name: &str) -> Self {
        let assets = format!("{}/assets", context.run_directory.trim_end_matches('/'));
        Self {
            extracted: format!("{assets}/extracted/{name}"),
            volume: format!("{assets}/volumes/{name}"),
        }
    }
}

/// The directory of volumes as mounts spell it.
fn volumes(context: &Context, host: &str) -> Option<String> {
    let run = absolute_run_directory(context, context.host(host)?);
    Some(format!("{}/assets/volumes", run.trim_end_matches('/')))
}

/// The mount of a role's new container.
pub fn mount(context: &Context, settings: &Settings, host: &str, role: &str) -> Option<Text> {
    let target = target(settings, role)?;
    Some(text(format!("{}/{}:{target}", volumes(context, host)?, names::name(context, role))))
}

/// Under which name a container has its assets on the host: its own, unless it was renamed.
fn name_of<'a>(context: &Context, host: &str, container: &'a ContainerState) -> Option<&'a str> {
    let root = format!("{}/", volumes(context, host)?);
    let mut names = container.mounts.iter().filter_map(|mount| mount.source.strip_prefix(&root));
    names.find(|name| !name.is_empty() && !name.contains('/') && !name.starts_with('.'))
}

/// Fills the directories of the new container, and adds to those of the old ones what it has,
/// before any host starts it: from then on any host may be asked for anything.
pub fn share(
    context: &Context,
    settings: &Settings,
    host: &str,
    role: &str,
    old: &[ContainerState],
) -> Vec<Step> {
    let Some(path) = target(settings, role) else { return Vec::new() };
    let name = names::name(context, role);
    let new = Directories::of(context, &name);
    let image = names::image(context);
    let at = |id: String, title: String, action: Action| {
        step(format!("{}.assets-{id}", id_part(role)), host, Phase::Share, title, action)
            .role(role)
            .limit(COPY_LIMIT_MS)
            .why("asset_path")
    };
    let merge = |from: &str, to: &str| {
        let (source, target) = (from.to_string(), to.to_string());
        Action::MergeDirectory(DirectoryMerge { source, target })
    };
    let copy = container(ContainerAction::CopyFromImage(ImageCopy {
        image: image.clone(),
        container: format!("{}-assets", role_prefix(context, role)),
        source: path.clone(),
        directory: new.extracted.clone(),
    }));
    let mut steps = vec![
        at("copy".to_string(), format!("Copy the assets {path} out of {image}"), copy)
            .help(format!("check that the image has the directory {path}, which asset_path names")),
        at(
            "own".to_string(),
            format!("Copy the assets to {name}"),
            merge(&new.extracted, &new.volume),
        ),
    ];
    let named = old.iter().filter_map(|old| Some((old, name_of(context, host, old)?)));
    for (n, (old, theirs)) in named.filter(|(_, theirs)| *theirs != name).enumerate() {
        let theirs = Directories::of(context, theirs);
        let title = format!("Copy the assets to {} too", old.name);
        let to_old = at(format!("to-old-{n}"), title, merge(&new.extracted, &theirs.volume));
        let title = format!("Copy the assets of {} to {name}", old.name);
        let from_old = at(format!("from-old-{n}"), title, merge(&theirs.extracted, &new.volume));
        // As in Kamal: what an app of another user made there is no reason not to deploy.
        steps.extend([to_old.may_fail(), from_old.may_fail()]);
    }
    steps
}

/// Takes the directories of a container that does not come to stay: nothing but an undo, since
/// `share` has made them. Not those that a container of the same version has already.
pub fn hold(
    context: &Context,
    settings: &Settings,
    host: &str,
    role: &str,
    containers: &[ContainerState],
) -> Vec<Step> {
    let name = names::name(context, role);
    let is_taken = containers.iter().any(|c| name_of(context, host, c) == Some(&name));
    if target(settings, role).is_none() || is_taken {
        return Vec::new();
    }
    let Directories { extracted, volume } = Directories::of(context, &name);
    let hold = |id: &str, path: String| {
        let title = format!("Make sure that {path} is there");
        let id = format!("{}.assets-{id}", id_part(role));
        step(id, host, Phase::Prepare, title, Action::MakeDirectory(path.clone()))
            .role(role)
            .undo(Action::RemoveDirectory(path))
            .why("asset_path")
    };
    vec![hold("extracted", extracted), hold("volume", volume)]
}

/// Removes the directories of containers that go, unless one that stays has them too.
pub fn remove(
    context: &Context,
    host: &str,
    gone: &[&ContainerState],
    containers: &[ContainerState],
    names_in_use: &[String],
) -> Vec<Step> {
    let stays = |c: &&ContainerState| !gone.iter().any(|gone| gone.id == c.id);
    let staying: Vec<&str> =
        containers.iter().filter(stays).filter_map(|c| name_of(context, host, c)).collect();
    let mut names: Vec<&str> = Vec::new();
    for name in gone.iter().filter_map(|c| name_of(context, host, c)) {
        let in_use = names_in_use.iter().any(|used| used == name) || staying.contains(&name);
        if !in_use && !names.contains(&name) {
            names.push(name);
        }
    }
    let both = |name: &&str| {
        let Directories { extracted, volume } = Directories::of(context, name);
        [("extracted", extracted), ("volume", volume)].map(|(kind, path)| {
            let id = format!("assets-{kind}.{}", id_part(name));
            let title = format!("Remove {path}");
            step(id, host, Phase::Cleanup, title, Action::RemoveDirectory(path))
                .may_fail()
                .why("its container is gone")
        })
    };
    names.iter().flat_map(both).collect()
}
