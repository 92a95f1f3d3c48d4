//! What can go wrong on the way to a server, said so that a person knows what to type next.

use super::target::Target;
use crate::model::diagnostic::{Diagnostic, Kind};
use std::path::Path;
use thiserror::Error;

/// Lines and bytes of ssh's own words that an error carries.
const TAIL_LINES: usize = 16;
const TAIL_BYTES: u64 = 32 * 1024;

/// Why there is no connection. Derived from ssh's words, for the explanation only; nothing is
/// decided by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectFailure {
    /// known_hosts has no key for the host (or the jump host).
    HostKeyUnknown,
    /// known_hosts has another key than the host showed.
    HostKeyChanged,
    /// No key or other credential was accepted.
    Denied,
    /// Nothing listens on that port.
    Refused,
    /// No answer within the limit.
    TimedOut,
    /// The name has no address.
    NameUnknown,
    /// The server closes connections before it says a word, again and again.
    TooMany,
    /// The `ssh` program could not be started.
    NoProgram,
    /// No private directory for control sockets.
    ControlDirectory,
    /// Anything else; `detail` has ssh's words.
    Other,
}

/// A host that could not be connected to.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}{}{}", summary(host, *failure), if detail.is_empty() { "" } else { "\n" }, indent(detail))]
pub struct ConnectError {
    /// The host as configured; empty if the failure is not one host's.
    pub host: String,
    pub failure: ConnectFailure,
    /// The last lines that ssh wrote, without debug lines; may be empty.
    pub detail: String,
    /// What to type next.
    pub help: String,
}

/// A connected host that could not be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SshError {
    /// The master is gone or does not answer.
    #[error("the connection to {host} was lost{}{}", if detail.is_empty() { "" } else { "\n" }, indent(detail))]
    Lost { host: String, detail: String, help: String },
    /// The server opened no further session although the connection stands.
    #[error("{host} refuses another session on this connection: {detail}")]
    NoSession { host: String, detail: String },
    /// The remote shell reads no more; [`super::Channel::wait`] says why.
    #[error("the script on {host} ended before it had read all of its input")]
    StdinClosed { host: String },
    /// The remote shell wrote more than fits in memory before it read its input.
    #[error("the script on {host} wrote more than {limit} bytes before it read its input")]
    Flood { host: String, limit: usize },
    /// The `ssh` program could not be started, for an interactive command.
    #[error("{program} could not be started for {host}: {detail}")]
    NoProgram { host: String, program: String, detail: String },
}

impl ConnectError {
    /// Explains a failed attempt from the lines that `ssh` wrote.
    pub(super) fn explain(target: &Target, failure: ConnectFailure, detail: String) -> Self {
        let by_hand = target.by_hand();
        let help = match failure {
            ConnectFailure::HostKeyUnknown => {
                format!(
                    "connect once by hand, compare the fingerprint and accept the key: {by_hand}"
                )
            }
            ConnectFailure::HostKeyChanged => format!(
                "only if you know that the server was reinstalled, forget its old key with \
                 `ssh-keygen -R {}`, then: {by_hand}",
                super::quote::quote(&target.known_hosts_name())
            ),
            ConnectFailure::Denied => format!(
                "try {by_hand}; is the user right (ssh: user), is the key loaded (ssh-add -l) or named (ssh: keys), \
                 and is it in that user's authorized_keys?"
            ),
            ConnectFailure::Refused => {
                format!("is sshd running there, on this port (ssh: port)? Try {by_hand}")
            }
            ConnectFailure::TimedOut => {
                format!(
                    "is the server up, or is a firewall, or a missing ssh: proxy, in the way? Try {by_hand}"
                )
            }
            ConnectFailure::NameUnknown => {
                format!("is the name right, or missing in ~/.ssh/config? Try {by_hand}")
            }
            ConnectFailure::TooMany => format!(
                "sshd there (or on the jump host) has too many logins under way (MaxStartups) or blocks this \
                 address; try again, or {by_hand}"
            ),
            ConnectFailure::NoProgram => "install the OpenSSH client".into(),
            ConnectFailure::ControlDirectory | ConnectFailure::Other => format!("try {by_hand}"),
        };
        Self { host: target.host.clone(), failure, detail, help }
    }
}

impl From<ConnectError> for Diagnostic {
    fn from(error: ConnectError) -> Self {
        let diagnostic = Self::new(Kind::Connection, error.to_string()).help([error.help]);
        if error.host.is_empty() { diagnostic } else { diagnostic.about(error.host) }
    }
}

impl SshError {
    /// The host as configured.
    pub fn host(&self) -> &str {
        match self {
            Self::Lost { host, .. }
            | Self::NoSession { host, .. }
            | Self::StdinClosed { host }
            | Self::Flood { host, .. }
            | Self::NoProgram { host, .. } => host,
        }
    }

    /// What to type next.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Lost { help, .. } => Some(help.clone()),
            Self::NoSession { host, .. } => Some(format!(
                "sshd on {host} allows too few (MaxSessions in its sshd_config, 10 by default), \
                 or its process limit is reached"
            )),
            Self::NoProgram { .. } => Some("install the OpenSSH client".into()),
            Self::StdinClosed { .. } | Self::Flood { .. } => None,
        }
    }
}

impl ConnectFailure {
    /// Guesses from ssh's words.
    pub(super) fn guess(words: &str) -> Self {
        let known = [
            ("IDENTIFICATION HAS CHANGED", Self::HostKeyChanged),
            ("Host key verification failed", Self::HostKeyUnknown),
            ("Permission denied", Self::Denied),
            ("Too many authentication failures", Self::Denied),
            ("Connection refused", Self::Refused),
            ("Could not resolve hostname", Self::NameUnknown),
            ("timed out", Self::TimedOut),
            ("No route to host", Self::TimedOut),
            ("Network is unreachable", Self::TimedOut),
            ("kex_exchange_identification", Self::TooMany),
        ];
        known
            .iter()
            .find(|(text, _)| words.contains(text))
            .map_or(Self::Other, |(_, failure)| *failure)
    }
}

/// The last lines of a file that ssh writes, without debug lines and its version; empty if there is
/// no file.
pub(super) fn tail(file: &Path) -> String {
    let text = read_end(file);
    let spoken = |line: &&str| {
        let line = line.trim();
        !line.is_empty()
            && !line.starts_with("debug")
            && !line.starts_with("OpenSSH_")
            && !line.starts_with("Authenticated to ")
            && !line.starts_with("Transferred: ")
            && !line.starts_with("Bytes per second: ")
    };
    let lines: Vec<&str> = text.lines().filter(spoken).map(str::trim_end).collect();
    lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
}

/// The last 32 KiB of a file as text, from the first whole line on; empty if it cannot be read.
pub(super) fn read_end(file: &Path) -> String {
    use std::io::{Read, Seek, SeekFrom};
    let read = || -> std::io::Result<Vec<u8>> {
        let mut file = std::fs::File::open(file)?;
        let start = file.metadata()?.len().saturating_sub(TAIL_BYTES);
        file.seek(SeekFrom::Start(start))?;
        let mut bytes = Vec::new();
        file.take(TAIL_BYTES).read_to_end(&mut bytes)?;
        if start > 0 {
            // Half a debug line would not be recognised as one.
            let line = bytes.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            bytes.drain(..line);
        }
        Ok(bytes)
    };
    String::from_utf8_lossy(&read().unwrap_or_default()).into_owned()
}

fn summary(host: &str, failure: ConnectFailure) -> String {
    let why = match failure {
        ConnectFailure::HostKeyUnknown => "its host key is not known here",
        ConnectFailure::HostKeyChanged => "its host key has changed",
        ConnectFailure::Denied => "the login was refused",
        ConnectFailure::Refused => "the connection was refused",
        ConnectFailure::TimedOut => "no answer in time",
        ConnectFailure::NameUnknown => "the name is unknown",
        ConnectFailure::TooMany => "it closes connections before the login",
        ConnectFailure::NoProgram => "ssh could not be started",
        ConnectFailure::ControlDirectory => return "no directory for ssh's control sockets".into(),
        ConnectFailure::Other => "ssh failed",
    };
    format!("cannot connect to {host}: {why}")
}

fn indent(text: &str) -> String {
    text.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_is_what_ssh_says_to_people() {
        let file = std::env::temp_dir().join(format!("wle-{:08x}", fastrand::u32(..)));
        let mut text = "OpenSSH_9.2p1\r\ndebug1: x\r\nfirst words\r\n".to_owned();
        std::fs::write(&file, &text).unwrap();
        assert_eq!(tail(&file), "first words");
        text.push_str(&"debug1: channel 2: new mux-control\r\n".repeat(2000));
        text.push_str("Timeout, server web not responding.\r\n");
        std::fs::write(&file, &text).unwrap();
        assert_eq!(tail(&file), "Timeout, server web not responding.");
        std::fs::remove_file(&file).unwrap();
        assert_eq!(tail(&file), "");
    }
}
