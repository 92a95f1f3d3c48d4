//! What the kernel itself must know about a project: its topology and the few
//! settings that steer a run. Plain data; everything else in deploy.yml belongs
//! to plugins and travels in [`Project::config`].

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A loaded `config/deploy.yml` with its destination merged in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Project {
    pub service: String,
    pub destination: Option<String>,
    /// Repository name without the registry's server.
    pub image: String,
    /// Empty until the caller knows it (option, environment or git).
    pub version: String,
    /// Every host, once: those that carry a role in the order of `roles`, then those that
    /// owners of other keys declare.
    pub hosts: Vec<HostSpec>,
    /// By name, but the primary role first.
    pub roles: Vec<RoleSpec>,
    pub primary_role: String,
    /// First host of the primary role; the lock lives there.
    pub primary_host: String,
    pub ssh: SshSettings,
    /// State directory on the hosts; relative to the SSH user's home.
    pub run_directory: String,
    pub boot: Boot,
    pub hooks_path: PathBuf,
    /// Every secret that deploy.yml names, sorted, once; empty until its owners have declared
    /// them.
    pub secrets_declared: Vec<String>,
    /// The whole resolved tree.
    pub config: serde_json::Value,
    pub windlass: WindlassSettings,
}

impl Project {
    /// The role of this name.
    pub fn role(&self, name: &str) -> Option<&RoleSpec> {
        self.roles.iter().find(|role| role.name == name)
    }

    /// The host of this name.
    pub fn host(&self, name: &str) -> Option<&HostSpec> {
        self.hosts.iter().find(|host| host.name == name)
    }
}

/// One host and what runs there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostSpec {
    pub name: String,
    pub roles: Vec<String>,
    /// All tags of the host, whichever role gave them, in order.
    pub tags: Vec<String>,
}

/// One role and where it runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RoleSpec {
    pub name: String,
    pub hosts: Vec<String>,
    /// Tags by host, as this role lists them: a host may differ between roles.
    pub tags: BTreeMap<String, Vec<String>>,
    pub primary: bool,
    /// The role's own map; `{}` for a role that is only a list of hosts.
    pub config: serde_json::Value,
}

/// The `ssh:` and `sshkit:` sections. What is absent stays with ssh_config(5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SshSettings {
    pub user: String,
    pub port: Option<u16>,
    pub proxy: Option<String>,
    pub proxy_command: Option<String>,
    pub keys: Vec<String>,
    /// Private keys as text. Never printed.
    #[serde(skip)]
    pub key_data: KeyData,
    pub keys_only: bool,
    pub log_level: Option<String>,
    pub max_concurrent_starts: Option<u32>,
}

impl Default for SshSettings {
    fn default() -> Self {
        Self {
            user: "root".to_owned(),
            port: None,
            proxy: None,
            proxy_command: None,
            keys: Vec::new(),
            key_data: KeyData::default(),
            keys_only: false,
            log_level: None,
            max_concurrent_starts: None,
        }
    }
}

/// Private key texts that keep themselves out of debug output.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct KeyData(pub Vec<String>);

impl std::fmt::Debug for KeyData {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeyData({} hidden)", self.0.len())
    }
}

/// How many hosts boot at a time, and the pause between groups.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Boot {
    pub limit: Option<BootLimit>,
    /// Seconds between groups; 0 unless configured.
    pub wait: u64,
}

impl Boot {
    /// Hosts per group out of `hosts`; all of them without a limit, never 0.
    pub fn group_size(&self, hosts: usize) -> usize {
        let size = match self.limit {
            None => hosts,
            Some(BootLimit::Count(count)) => count as usize,
            Some(BootLimit::Percent(percent)) => hosts * usize::from(percent) / 100,
        };
        size.max(1)
    }
}

/// `boot.limit`: `3` or `"25%"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BootLimit {
    Count(u32),
    Percent(u8),
}

/// The root key `x-windlass`, which Kamal ignores.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct WindlassSettings {
    pub plugins: BTreeMap<String, PluginSpec>,
    pub gate: GatePosition,
    /// Seconds to wait for somebody else's lock, if configured.
    pub lock_wait: Option<u64>,
}

/// One entry of `x-windlass.plugins`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PluginSpec {
    /// A path, an `oci://` reference or a bundled name; none means the bundled
    /// plugin of the entry's own name.
    pub component: Option<String>,
    pub grants: Vec<String>,
    /// `null` when the entry has none.
    pub settings: serde_json::Value,
}

/// Where the other roles wait for the first good primary container.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GatePosition {
    /// Before they stop their old container.
    #[default]
    Retire,
    /// Before they start their new one, as Kamal 1.9 does.
    Start,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn group_sizes() {
        let boot = |limit| Boot { limit, wait: 0 };
        assert_eq!(boot(None).group_size(9), 9);
        assert_eq!(boot(Some(BootLimit::Count(4))).group_size(9), 4);
        assert_eq!(boot(Some(BootLimit::Percent(25))).group_size(9), 2);
        assert_eq!(boot(Some(BootLimit::Percent(1))).group_size(9), 1);
    }

    #[test]
    fn keys_stay_hidden() {
        let ssh = SshSettings { key_data: KeyData(vec!["PEM".into()]), ..Default::default() };
        assert!(!format!("{ssh:?}").contains("PEM"));
        assert!(!serde_json::to_string(&ssh).unwrap().contains("PEM"));
    }
}
