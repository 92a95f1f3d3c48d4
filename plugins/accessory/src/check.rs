//! What is wrong with the settings of accessories, beyond their schema.

use windlass_sdk::names::nearest;
use windlass_sdk::run_options::reserved;
use windlass_sdk::shell;
use windlass_sdk::steps::error_at;
use windlass_sdk::types::{Context, Problem};

use crate::files;
use crate::settings::{Accessory, Settings};

/// All findings, in the order of the file.
pub fn check(context: &Context) -> Vec<Problem> {
    let settings = match Settings::of(context) {
        Ok(settings) => settings,
        Err(problem) => return vec![problem],
    };
    let mut found = Vec::new();
    for (index, accessory) in settings.accessories.iter().enumerate() {
        one(&settings, accessory, &mut found);
        let same = |other: &&Accessory| other.service == accessory.service;
        if let Some(other) = settings.accessories[..index].iter().find(same) {
            let message = format!("`{}` is also the name of `{}`", accessory.service, other.name);
            let help = "give one of them another `service`";
            found.push(error_at(&accessory.pointer, message).help(help));
        }
    }
    found
}

fn one(settings: &Settings, accessory: &Accessory, found: &mut Vec<Problem>) {
    let section = &accessory.section;
    let places = [
        section.host.as_ref().map(|_| "host"),
        section.hosts.as_ref().map(|_| "hosts"),
        section.roles.as_ref().map(|_| "roles"),
    ];
    let places: Vec<&str> = places.into_iter().flatten().collect();
    if places.len() != 1 {
        let what = if places.is_empty() { "nothing".to_string() } else { places.join(" and ") };
        let message = format!(
            "`{}` needs exactly one of host, hosts and roles, found {what}",
            accessory.name
        );
        let help = "write `host: NAME`, `hosts: [NAME, …]` or `roles: [ROLE, …]`";
        found.push(error_at(&accessory.pointer, message).help(help));
    }
    if section.image.is_none() {
        let message = format!("`{}` has no image", accessory.name);
        found.push(error_at(&accessory.pointer, message).help("add `image: NAME:TAG`"));
    }
    let names: Vec<&str> = settings.roles.iter().map(|(name, _)| name.as_str()).collect();
    for (index, role) in section.roles.iter().flatten().enumerate() {
        if !names.contains(&role.as_str()) {
            let message = format!("there is no role `{}`", role.as_str());
            let help = nearest(role.as_str(), &names).map_or_else(
                || format!("roles under `servers`: {}", names.join(", ")),
                |near| format!("did you mean `{near}`?"),
            );
            let at = format!("{}/{index}", accessory.at("roles"));
            found.push(error_at(at, message).help(help));
        }
    }
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let service = &accessory.service;
    let begins = service.starts_with(|c: char| c.is_ascii_alphanumeric());
    if !begins || !service.chars().all(fits) || service.contains("..") {
        let message = format!("`{service}` cannot be the name of a container and a directory");
        let at = if section.service.is_some() {
            accessory.at("service")
        } else {
            accessory.pointer.clone()
        };
        found.push(error_at(at, message).help("use letters, digits, `-`, `_` and `.`"));
    }
    if section.labels.contains_key("service") {
        let message = "the label `service` is how Windlass finds the container again";
        let at = format!("{}/service", accessory.at("labels"));
        found.push(error_at(at, message).help("give it another name"));
    }
    found.extend(reserved(&section.options, &accessory.at("options")));
    if let Some(why) = section.cmd.as_ref().and_then(|cmd| shell::split(cmd.as_str()).err()) {
        found.push(error_at(accessory.at("cmd"), why).help(shell::HELP));
    }
    for (index, volume) in section.volumes.iter().enumerate() {
        if let Err(why) = shell::single(volume.as_str()) {
            let at = format!("{}/{index}", accessory.at("volumes"));
            let help = "write SOURCE:TARGET; ${NAME} stands for a variable of the server";
            found.push(error_at(at, why).help(help));
        }
    }
    found.extend(files::files(accessory).err());
    found.extend(files::directories(accessory).err());
    found.extend(accessory.env.doubtful(&accessory.at("env")));
}
