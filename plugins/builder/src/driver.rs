//! What builds the image: Kamal's table of builders, with one row of ours.

use windlass_sdk::steps::error_at;
use windlass_sdk::types::{Context, Problem};

use crate::settings::{BuildMachine, Builder};

/// What builds the image.
#[derive(Debug)]
pub enum Driver {
    /// The engine of this machine, for its own architecture or the one that is named.
    Engine { platform: Option<String> },
    /// buildx with the builder that it uses by default: for what the engine alone cannot do.
    Buildx { platform: Option<String> },
    /// buildx with a builder of our own.
    Own(Instance),
}

/// A builder of buildx.
#[derive(Debug)]
pub struct Instance {
    pub name: String,
    /// What the image is built for; empty = for the architecture of the builder.
    pub platforms: Vec<String>,
    /// The engines that build, each for its architecture. Empty: the one of this machine.
    pub nodes: Vec<Node>,
}

/// An engine that is part of a builder.
#[derive(Debug)]
pub struct Node {
    pub arch: String,
    /// Its URL; none is the engine of this machine.
    pub host: Option<String>,
}

impl Driver {
    /// The row of the table for these settings. Kamal builds for two architectures unless told
    /// otherwise; here that must be asked for, since it needs buildx and emulation.
    pub fn of(context: &Context, builder: &Builder) -> Result<Self, Problem> {
        let own = |kind: &str, platforms: Vec<String>, nodes: Vec<Node>| {
            let name = format!("kamal-{}-{kind}", context.service);
            Self::Own(Instance { name, platforms, nodes })
        };
        let local_arch = builder.local.as_ref().and_then(|local| local.arch.clone());
        if builder.multiarch != Some(false)
            && let Some(remote) = &builder.remote
        {
            let remote = node(remote, "/builder/remote", true)?;
            let Some(local) = &builder.local else {
                let platforms = vec![platform(&remote.arch)];
                return Ok(own("native-remote", platforms, vec![remote]));
            };
            let local = node(local, "/builder/local", false)?;
            let platforms = vec![platform(&local.arch), platform(&remote.arch)];
            return Ok(own("multiarch-remote", platforms, vec![local, remote]));
        }
        if builder.multiarch == Some(true) {
            let both = || vec![platform("amd64"), platform("arm64")];
            let platforms = local_arch.map_or_else(both, |arch| vec![platform(&arch)]);
            return Ok(own("multiarch", platforms, Vec::new()));
        }
        let wanted = local_arch.filter(|_| builder.multiarch.is_none()).map(|a| platform(&a));
        Ok(if builder.cache(&context.repository).is_some() {
            own("native-cached", wanted.into_iter().collect(), Vec::new())
        } else if builder.secrets.is_empty() && builder.ssh.is_none() {
            Self::Engine { platform: wanted }
        } else {
            Self::Buildx { platform: wanted }
        })
    }
}

impl Instance {
    /// The name of Docker's context for a node.
    pub fn context(&self, node: &Node) -> String {
        format!("{}-{}", self.name, node.arch.replace('/', "-"))
    }
}

fn platform(arch: &str) -> String {
    format!("linux/{arch}")
}

fn node(machine: &BuildMachine, pointer: &str, remote: bool) -> Result<Node, Problem> {
    let missing = |key: &str, example: &str| Problem {
        help: Some(format!("add `{key}: {example}`")),
        ..error_at(pointer, format!("this builder has no `{key}`"))
    };
    let arch = machine.arch.clone().ok_or_else(|| missing("arch", "arm64"))?;
    if remote && machine.host.is_none() {
        return Err(missing("host", "ssh://user@host"));
    }
    Ok(Node { arch, host: machine.host.clone() })
}
