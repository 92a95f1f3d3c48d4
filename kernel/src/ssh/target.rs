//! One host as `ssh` is told about it.

use super::quote::{quote, quote_words};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Where to connect and what the configuration says about the way there.
///
/// Everything that is not set here is left to the user's own ssh_config, agent and known_hosts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Target {
    /// Host name, address (IPv6 without brackets) or alias of ssh_config.
    pub host: String,
    /// Login name; always passed, so that ssh_config cannot change whose containers are deployed.
    pub user: String,
    /// TCP port, 22 or ssh_config's when unset.
    pub port: Option<u16>,
    /// Jump hosts as ProxyJump writes them: `[user@]host[:port]`, several with commas, or `none`.
    pub proxy: Option<String>,
    /// ProxyCommand, with ssh's own `%h` and `%p`.
    pub proxy_command: Option<String>,
    /// Private key files, offered in this order; `~` means what it means to ssh.
    pub keys: Vec<PathBuf>,
    /// Offer only `keys` (or those of ssh_config), not everything the agent holds.
    pub keys_only: bool,
    /// Read this file instead of the user's and the system's ssh_config.
    pub config_file: Option<PathBuf>,
}

impl Target {
    /// The arguments of `ssh` that describe the way to this host: all but the program, the host and
    /// a command.
    ///
    /// `program` is the ssh that a jump in batch mode is made with. With `batch` nothing may ask a
    /// question, neither here nor at the last jump host (OpenSSH does not hand `BatchMode` on to
    /// the ssh that it starts for a jump).
    pub fn args(&self, program: &Path, batch: bool) -> Vec<OsString> {
        let mut args = Vec::new();
        if batch {
            option(&mut args, "BatchMode=yes");
        }
        option(&mut args, "ForwardAgent=no");
        self.way(&mut args);
        match &self.proxy {
            Some(jumps) if batch && jumps != "none" => {
                option(&mut args, self.batch_jump(program, jumps))
            }
            Some(jumps) => option(&mut args, format!("ProxyJump={jumps}")),
            None => {}
        }
        args
    }

    /// The command that a person types to see what this connection does, on one line.
    pub fn by_hand(&self) -> String {
        let mut args = Vec::new();
        if let Some(jumps) = &self.proxy {
            args.extend(["-J".into(), jumps.into()]);
        }
        self.way(&mut args);
        args.extend([OsString::from(&self.host), "true".into()]);
        let words = args.iter().map(|word| word.to_string_lossy());
        format!("ssh {}", quote_words(words))
    }

    /// The host as known_hosts names it: `host`, or `[host]:port` for another port than 22.
    pub fn known_hosts_name(&self) -> String {
        match self.port {
            None | Some(22) => self.host.clone(),
            Some(port) => format!("[{}]:{port}", self.host),
        }
    }

    fn way(&self, args: &mut Vec<OsString>) {
        if let Some(file) = &self.config_file {
            args.extend(["-F".into(), file.into()]);
        }
        args.extend(["-l".into(), OsString::from(&self.user)]);
        if let Some(port) = self.port {
            args.extend(["-p".into(), port.to_string().into()]);
        }
        if let Some(command) = &self.proxy_command {
            option(args, format!("ProxyCommand={command}"));
        }
        for key in &self.keys {
            args.extend(["-i".into(), key.into()]);
        }
        if self.keys_only {
            option(args, "IdentitiesOnly=yes");
        }
    }

    /// What OpenSSH itself makes of ProxyJump (readconf.c), with `BatchMode` and `-v` added, so
    /// that a jump host that refuses us says why and is not offered empty passwords.
    fn batch_jump(&self, program: &Path, jumps: &str) -> String {
        let mut words = vec![
            program.to_string_lossy().into_owned(),
            "-v".into(),
            "-o".into(),
            "BatchMode=yes".into(),
        ];
        if let Some(file) = &self.config_file {
            words.extend(["-F".into(), file.to_string_lossy().into_owned()]);
        }
        let last = match jumps.rsplit_once(',') {
            Some((before, last)) => {
                words.extend(["-J".into(), before.into()]);
                last
            }
            None => jumps,
        };
        let destination = match last.starts_with("ssh://") {
            true => last.to_owned(),
            false => format!("ssh://{last}"),
        };
        let known = quote_words(words).replace('%', "%%");
        let destination = quote(&destination).replace('%', "%%");
        format!("ProxyCommand={known} -W '[%h]:%p' -- {destination}")
    }
}

fn option(args: &mut Vec<OsString>, text: impl Into<OsString>) {
    args.extend(["-o".into(), text.into()]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(target: &Target, batch: bool) -> String {
        let args = target.args(Path::new("ssh"), batch);
        args.iter().map(|arg| arg.to_string_lossy()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn only_what_is_set_is_passed() {
        let target = Target { host: "web".into(), user: "root".into(), ..Target::default() };
        assert_eq!(line(&target, true), "-o BatchMode=yes -o ForwardAgent=no -l root");
        assert_eq!(line(&target, false), "-o ForwardAgent=no -l root");
        assert_eq!(target.by_hand(), "ssh -l root web true");
        assert_eq!(target.known_hosts_name(), "web");
    }

    #[test]
    fn everything_set() {
        let target = Target {
            host: "::1".into(),
            user: "deploy".into(),
            port: Some(2222),
            proxy: Some("a,root@b:22".into()),
            keys: vec!["~/.ssh/one key".into()],
            keys_only: true,
            config_file: Some("50%/c".into()),
            ..Target::default()
        };
        let way = "-F 50%/c -l deploy -p 2222 -i ~/.ssh/one key -o IdentitiesOnly=yes";
        assert_eq!(
            line(&target, false),
            format!("-o ForwardAgent=no {way} -o ProxyJump=a,root@b:22")
        );
        let jump =
            "ProxyCommand=ssh -v -o BatchMode=yes -F '50%%/c' -J a -W '[%h]:%p' -- ssh://root@b:22";
        assert_eq!(
            line(&target, true),
            format!("-o BatchMode=yes -o ForwardAgent=no {way} -o {jump}")
        );
        assert_eq!(
            target.by_hand(),
            "ssh -J a,root@b:22 -F '50%/c' -l deploy -p 2222 -i '~/.ssh/one key' -o IdentitiesOnly=yes ::1 true"
        );
        assert_eq!(target.known_hosts_name(), "[::1]:2222");
    }
}
