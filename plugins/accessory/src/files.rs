//! Files and directories of an accessory: where they come from, where they lie on the host,
//! where the container sees them.

use windlass_sdk::steps::{error_at, step};
use windlass_sdk::texts::text;
use windlass_sdk::types::{self, Action, HostInfo, Phase, Problem, Step, Text};

use crate::settings::Accessory;

/// Mode of an uploaded file, as Kamal sets it: programs of the container's own users read
/// them, and some run them.
const MODE: u16 = 0o755;

/// `LOCAL:PATH`.
#[derive(Debug, PartialEq, Eq)]
pub struct Upload {
    /// On the user's machine.
    pub local: String,
    /// On the host, below the login user's home.
    pub remote: String,
    /// In the container.
    pub target: String,
    /// Its place in deploy.yml.
    pub pointer: String,
}

/// `DIRECTORY:PATH`.
#[derive(Debug, PartialEq, Eq)]
pub struct Directory {
    /// On the host: absolute, or below the login user's home.
    pub source: String,
    pub target: String,
    pub pointer: String,
}

/// The files of an accessory. A third part of an entry is ignored, as in Kamal.
pub fn files(accessory: &Accessory) -> Result<Vec<Upload>, Problem> {
    let one = |(index, entry): (usize, &windlass_sdk::scalar::Stringish)| {
        let pointer = format!("{}/{index}", accessory.at("files"));
        let (local, target) = pair(entry.as_str(), &pointer, "LOCAL_FILE:PATH_IN_CONTAINER")?;
        let remote = format!("{}/{}", accessory.service, target.trim_start_matches('/'));
        Ok(Upload { local, remote, target, pointer })
    };
    accessory.section.files.iter().enumerate().map(one).collect()
}

/// The directories of an accessory.
pub fn directories(accessory: &Accessory) -> Result<Vec<Directory>, Problem> {
    let one = |(index, entry): (usize, &windlass_sdk::scalar::Stringish)| {
        let pointer = format!("{}/{index}", accessory.at("directories"));
        let (source, target) = pair(entry.as_str(), &pointer, "DIRECTORY:PATH_IN_CONTAINER")?;
        let source = match source.starts_with('/') {
            true => source,
            false => format!("{}/{source}", accessory.service),
        };
        Ok(Directory { source, target, pointer })
    };
    accessory.section.directories.iter().enumerate().map(one).collect()
}

fn pair(entry: &str, pointer: &str, form: &str) -> Result<(String, String), Problem> {
    let refuse = |message: String| {
        let help = Some(format!("write `{form}`"));
        Err(Problem { help, ..error_at(pointer, message) })
    };
    let mut parts = entry.split(':');
    let (Some(source), Some(target)) = (parts.next(), parts.next()) else {
        return refuse(format!("`{entry}` has no `:`"));
    };
    if source.is_empty() || !target.starts_with('/') {
        return refuse(format!("`{entry}` does not lead to an absolute path of the container"));
    }
    let is_file = pointer.contains("/files/");
    let climbs = |path: &str| path.split('/').any(|part| part == "..");
    if climbs(target) || climbs(source) && !is_file {
        return refuse(format!("`{entry}` climbs with `..`"));
    }
    Ok((source.to_string(), target.to_string()))
}

/// The mounts, in Kamal's order: volumes, files, directories.
pub fn mounts(accessory: &Accessory, host: &HostInfo) -> Result<Vec<Text>, Problem> {
    let home = host.home.trim_end_matches('/');
    let absolute = |path: &str| match path.starts_with('/') {
        true => path.to_string(),
        false => format!("{home}/{path}"),
    };
    let mut mounts = Vec::new();
    for (index, volume) in accessory.section.volumes.iter().enumerate() {
        let at = format!("{}/{index}", accessory.at("volumes"));
        let volume = windlass_sdk::shell::single(volume.as_str());
        mounts.push(volume.map_err(|why| error_at(at, why))?);
    }
    for file in files(accessory)? {
        mounts.push(text(format!("{}:{}", absolute(&file.remote), file.target)));
    }
    for directory in directories(accessory)? {
        mounts.push(text(format!("{}:{}", absolute(&directory.source), directory.target)));
    }
    Ok(mounts)
}

/// Makes the directories.
pub fn make(accessory: &Accessory, host: &str, prefix: &str) -> Result<Vec<Step>, Problem> {
    let one = |(index, directory): (usize, Directory)| {
        let title = format!("Make the directory {}", directory.source);
        let action = Action::MakeDirectory(directory.source);
        let id = format!("{prefix}.directory-{}", index + 1);
        step(id, host, Phase::Prepare, title, action).why(directory.pointer)
    };
    Ok(directories(accessory)?.into_iter().enumerate().map(one).collect())
}

/// Uploads the files. The kernel reads them; templates see the accessory's clear values.
pub fn upload(accessory: &Accessory, host: &str, prefix: &str) -> Result<Vec<Step>, Problem> {
    let one = |(index, file): (usize, Upload)| {
        let title = format!("Upload {} to {}", file.local, file.remote);
        let is_template = file.local.ends_with("erb");
        let action = Action::Upload(types::Upload {
            path: file.remote,
            mode: MODE,
            source: file.local,
            template: is_template.then(|| accessory.env.clear.clone()),
        });
        let id = format!("{prefix}.file-{}", index + 1);
        step(id, host, Phase::Prepare, title, action).why(file.pointer)
    };
    Ok(files(accessory)?.into_iter().enumerate().map(one).collect())
}
