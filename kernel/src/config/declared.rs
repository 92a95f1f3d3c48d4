//! What the owners of values declare about them with words of their schemas: secrets, hosts and
//! what a build takes. The kernel knows none of these keys by name.

use super::marks::Use;
use super::ownership::{self, Owner};
use super::tree::{Node, Tree};
use crate::model::project::{HostSpec, Project};

/// Everything that is declared about a file without errors, in the order of the file.
#[derive(Default)]
pub struct Declared {
    /// Names of secrets, sorted, each once.
    pub secrets: Vec<String>,
    /// What stands where the name of a secret belongs and cannot be one: it may be the secret
    /// itself, as `secret: [<%= ENV["DB"] %>]` puts it there.
    pub misplaced: Vec<String>,
    /// Pointer and text of each value that is secret although it stands in the file.
    pub values: Vec<(String, String)>,
    /// Hosts that are part of the project whether or not they carry a role.
    pub hosts: Vec<String>,
    /// Whether what is not committed is built too, so that it makes a version of its own.
    pub uncommitted: bool,
}

/// True if a secret can have this name.
fn is_secret_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))
}

impl Declared {
    /// Reads the file with the schemas of all owners, the kernel included.
    pub fn read(tree: &Tree, owners: &[Owner]) -> Self {
        let mut declared = Self::default();
        for mark in ownership::marks(tree, owners) {
            let Some(text) = tree.get(&mark.pointer).and_then(Node::text) else { continue };
            match mark.to {
                Use::Secret => declared.values.push((mark.pointer, text)),
                Use::SecretName if is_secret_name(&text) => declared.secrets.push(text),
                Use::SecretName => declared.misplaced.push(text),
                Use::Host => declared.hosts.push(text),
                Use::Uncommitted => declared.uncommitted = true,
            }
        }
        declared.secrets.sort();
        declared.secrets.dedup();
        declared
    }

    /// Adds the secrets, and behind the hosts with roles those without, each once.
    pub fn add_to(&self, project: &mut Project) {
        project.secrets_declared.clone_from(&self.secrets);
        for name in &self.hosts {
            if project.host(name).is_none() {
                let host = HostSpec { name: name.clone(), roles: Vec::new(), tags: Vec::new() };
                project.hosts.push(host);
            }
        }
    }
}
