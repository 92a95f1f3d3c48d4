//! What is on a host, as `docker inspect` shows it: facts by name, without what differs
//! between any two containers, so that two hosts can be compared.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::host::Host;

/// Facts of one container, by name such as `label role` or `HostConfig.Privileged`.
pub type Facts = BTreeMap<String, String>;

/// A fact that two hosts do not share.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// The container's name, `app` for any container of a role, `images` for the list of them.
    pub of: String,
    pub fact: String,
    pub left: Option<String>,
    pub right: Option<String>,
}

/// Every container of a host by name, and its images as one more entry, `images`.
pub fn standing(host: &Host, repository: &str) -> Result<BTreeMap<String, Facts>> {
    let text = host.inside_cmd("docker ps --all --quiet | xargs -r docker inspect").ok()?;
    let all: Vec<Value> = match text.trim() {
        "" => Vec::new(),
        text => serde_json::from_str(text).context("docker inspect gives no JSON")?,
    };
    let mut standing: BTreeMap<String, Facts> =
        all.iter().map(|one| (masked(host, &at(one, "/Name")[1..]), facts(host, one))).collect();
    let images = ["image", "ls", "--no-trunc", "--format", "{{.Repository}}:{{.Tag}}\t{{.ID}}"];
    let images = host.docker(&[&images[..], &[repository]].concat())?;
    let pair = |line: &str| line.split_once('\t').map(|(name, id)| (name.into(), id.into()));
    standing.insert("images".to_string(), images.lines().filter_map(pair).collect());
    Ok(standing)
}

/// What is on one side only, or other on the other side.
pub fn differences(
    left: &BTreeMap<String, Facts>,
    right: &BTreeMap<String, Facts>,
) -> BTreeSet<Difference> {
    let mut found = BTreeSet::new();
    for name in left.keys().chain(right.keys()) {
        let facts = |side: &BTreeMap<String, Facts>| side.get(name).cloned().unwrap_or_default();
        let (l, r) = (facts(left), facts(right));
        let is_app = l.contains_key("label role") || r.contains_key("label role");
        for fact in l.keys().chain(r.keys()).filter(|fact| l.get(*fact) != r.get(*fact)) {
            found.insert(Difference {
                of: if is_app { "app".to_string() } else { name.clone() },
                fact: fact.clone(),
                left: l.get(fact).cloned(),
                right: r.get(fact).cloned(),
            });
        }
    }
    found
}

/// All of `Config` and `HostConfig`, mounts and networks. What is a map or a list of settings is
/// taken apart, so that one difference is one fact.
fn facts(host: &Host, one: &Value) -> Facts {
    let mut facts = Facts::new();
    let mut add = |name: String, value: &str| facts.insert(name, masked(host, value));
    add("image".into(), at(one, "/Image"));
    add("state".into(), at(one, "/State/Status"));
    for section in ["Config", "HostConfig"] {
        for (key, value) in one[section].as_object().into_iter().flatten() {
            match (key.as_str(), value) {
                ("Env", Value::Array(vars)) => {
                    for (name, value) in vars.iter().filter_map(|var| var.as_str()?.split_once('='))
                    {
                        add(format!("env {name}"), value);
                    }
                }
                ("Labels", Value::Object(labels)) => {
                    for (name, value) in labels {
                        add(format!("label {name}"), value.as_str().unwrap_or_default());
                    }
                }
                ("Cmd", Value::Array(words)) => {
                    let (arguments, command): (Vec<&str>, Vec<&str>) =
                        words.iter().filter_map(Value::as_str).partition(|w| w.starts_with("--"));
                    add("command".into(), &command.join(" "));
                    for argument in arguments {
                        let (name, value) = argument.split_once('=').unwrap_or((argument, "true"));
                        add(format!("argument {name}"), value);
                    }
                }
                // In no order; the mounts tell the same.
                ("Binds", _) => {}
                (_, Value::String(text)) => drop(add(format!("{section}.{key}"), text)),
                (_, value) => drop(add(format!("{section}.{key}"), &value.to_string())),
            }
        }
    }
    for mount in one["Mounts"].as_array().into_iter().flatten() {
        let (from, mode) = (at(mount, "/Source"), at(mount, "/Mode"));
        let writable = &mount["RW"];
        add(format!("mount {}", at(mount, "/Destination")), &format!("{from} {mode} {writable}"));
    }
    for (network, value) in one["NetworkSettings"]["Networks"].as_object().into_iter().flatten() {
        add(format!("network {network}"), &value["Aliases"].to_string());
    }
    facts
}

fn at<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The text without the host's name, with which hostnames begin, and without what is drawn at
/// random for each container: 12, 16 or 32 hexadecimal digits.
fn masked(host: &Host, text: &str) -> String {
    let hostname = text.strip_prefix(&format!("{}-", host.name));
    let is_hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    let mut masked = hostname.map(|_| "HOST-").unwrap_or_default().to_string();
    let mut rest = hostname.unwrap_or(text);
    while let Some(start) = rest.find(is_hex) {
        let (before, from) = rest.split_at(start);
        let length = from.find(|c| !is_hex(c)).unwrap_or(from.len());
        masked.push_str(before);
        masked.push_str(if [12, 16, 32].contains(&length) { "#" } else { &from[..length] });
        rest = &from[length..];
    }
    masked + rest
}
