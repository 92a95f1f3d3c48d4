//! Keys, known hosts and an `ssh_config` of the fleet's own, so that the user's
//! files stay untouched: OpenSSH reads `~/.ssh` of the account whatever HOME says,
//! hence the wrapper program that adds `-F`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::process::Cmd;

/// The files, all below one directory.
#[derive(Debug, Clone)]
pub struct SshFiles {
    pub dir: PathBuf,
}

impl SshFiles {
    pub fn new(dir: &Path) -> Self {
        Self { dir: dir.join("ssh") }
    }

    pub fn key(&self) -> PathBuf {
        self.dir.join("id_ed25519")
    }

    pub fn config(&self) -> PathBuf {
        self.dir.join("config")
    }

    /// A directory to put first in PATH: its `ssh` uses the fleet's configuration.
    pub fn bin(&self) -> PathBuf {
        self.dir.join("bin")
    }

    /// The public key, made on first use.
    pub fn public_key(&self) -> Result<String> {
        fs::create_dir_all(self.bin())
            .with_context(|| format!("cannot create {}", self.bin().display()))?;
        fs::set_permissions(&self.dir, fs::Permissions::from_mode(0o700))?;
        if !self.key().exists() {
            Cmd::new("ssh-keygen")
                .args(["-q", "-t", "ed25519", "-N", "", "-C", "windlass-fleet", "-f"])
                .arg(self.key())
                .ok()?;
        }
        let path = self.key().with_extension("pub");
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
    }

    /// Writes configuration, known hosts and the wrapper for hosts given as name,
    /// address and host key.
    pub fn write(&self, hosts: &[(String, String, String)]) -> Result<()> {
        let mut config = String::from("# The fleet's hosts; use it with `ssh -F FILE web-1`.\n");
        let mut known = String::new();
        for (name, address, key) in hosts {
            config.push_str(&format!("Host {name}\n  HostName {address}\n  User root\n"));
            known.push_str(&format!("{name},{address} {}\n", key.trim()));
        }
        let known_hosts = self.dir.join("known_hosts");
        config.push_str(&format!(
            "Host *\n  IdentityFile {}\n  IdentitiesOnly yes\n  UserKnownHostsFile {}\n  \
             StrictHostKeyChecking yes\n  ConnectTimeout 10\n",
            self.key().display(),
            known_hosts.display()
        ));
        fs::write(&known_hosts, known)?;
        fs::write(self.config(), config)?;
        let wrapper = self.bin().join("ssh");
        let ssh = real_ssh(&self.bin())?;
        fs::write(
            &wrapper,
            format!("#!/bin/sh\nexec {} -F {} \"$@\"\n", quote(&ssh), quote(&self.config())),
        )?;
        fs::set_permissions(&wrapper, fs::Permissions::from_mode(0o755))?;
        Ok(())
    }
}

fn quote(path: &Path) -> String {
    let text = path.to_string_lossy();
    shlex::try_quote(&text).map_or_else(|_| text.to_string(), |quoted| quoted.into_owned())
}

fn real_ssh(without: &Path) -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .filter(|dir| dir != without)
        .map(|dir| dir.join("ssh"))
        .find(|ssh| ssh.is_file())
        .context("there is no ssh in PATH; install openssh-client")
}
