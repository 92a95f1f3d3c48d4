//! Observation: every plugin's questions and the kernel's own, in one script per host.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use base64::Engine as _;

use crate::model::paths::Paths;
use crate::model::wit::{FileState, Output};
use crate::ssh::quote;

/// A question as the host is asked it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Ask {
    /// A command; then, if given, a second one with the words that the first printed.
    Command { command: Vec<String>, each: Option<Vec<String>> },
    /// Mode, size and digest of a path.
    File(String),
    /// Names in a directory.
    Directory(String),
    /// Names in an env file.
    EnvNames(String),
}

/// A host's answer to an [`Ask`].
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    Output(Output),
    File(Option<FileState>),
    Directory(Option<Vec<String>>),
    EnvNames(Option<Vec<String>>),
}

/// What the kernel itself wants to know of a host.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct KernelFacts {
    pub home: String,
    /// The fence's number; 0 = no run has set one yet.
    pub fence: u64,
    /// The lock's details in Kamal's base64, if there is a lock.
    pub lock: Option<String>,
    /// Seconds that the lock's lease still has; none = it never ends.
    pub lease: Option<i64>,
    /// The last lines of the history.
    pub history: Vec<String>,
}

/// The questions as a part of a script: to be put behind a preamble. Numbers the answers
/// from 0 in the order of `asks`.
pub fn script(asks: &[Ask], paths: &Paths) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "ev home \"$(printf '%s' \"$HOME\" | base64 | tr -d '\\n')\"");
    let _ = writeln!(
        text,
        "n=0; [ ! -r {0} ] || read -r n <{0} || :; ev number \"${{n:-0}}\"",
        quote(&paths.guard())
    );
    let _ = writeln!(
        text,
        "if [ -d {0} ]; then ev lock \"$(cat -- {1} 2>/dev/null | tr -d '\\n')\"; \
         if [ -r {2} ] && read -r r b d <{2}; then up; read -r boot </proc/sys/kernel/random/boot_id; \
         [ \"$b\" = \"$boot\" ] && ev lease $((d-U)) || ev lease -1; fi; fi",
        quote(&paths.lock()),
        quote(&paths.lock_details()),
        quote(&paths.lease())
    );
    let _ = writeln!(
        text,
        "if [ -f {0} ]; then ev history \"$(tail -n 200 {0} | base64 | tr -d '\\n')\"; fi",
        quote(&paths.history())
    );
    // The answer and its code in one variable; the dot keeps trailing newlines.
    text.push_str("reply() { ev answer \"$1\" \"${x##*.}\" \"$(printf '%s' \"${x%.*}\" | base64 | tr -d '\\n')\"; }\n");
    // `up` changes x, so what a command took is counted when its answer is out.
    text.push_str("Q=0; took() { up; Q=$((Q+U-q)); }\n");
    for (n, ask) in asks.iter().enumerate() {
        match ask {
            Ask::Command { command, each: None } => {
                let _ = writeln!(
                    text,
                    "up; q=$U; x=$(lim 30 {}; printf '.%s' $?); reply {n}; took",
                    words(command)
                );
            }
            Ask::Command { command, each: Some(each) } => {
                let _ = writeln!(
                    text,
                    "up; q=$U; if w=$(lim 30 {}); then set -f; if [ -n \"$w\" ]; then \
                     x=$(lim 30 {} $w; printf '.%s' $?); else x=.0; fi; set +f; else x=.$?; fi; reply {n}; took",
                    words(command),
                    words(each)
                );
            }
            Ask::File(path) => {
                let path = quote(path);
                let _ = writeln!(
                    text,
                    "if [ -f {path} ]; then ev file {n} $(stat -c '%a %s' -- {path}) \
                     $(sha256sum -- {path} | cut -c1-64); else ev file {n}; fi"
                );
            }
            Ask::Directory(path) => {
                let path = quote(path);
                let _ = writeln!(
                    text,
                    "if [ -d {path} ]; then x=$(ls -1A -- {path}; printf '.%s' $?); ev dir {n} \
                     \"$(printf '%s' \"${{x%.*}}\" | base64 | tr -d '\\n')\"; else ev dir {n}; fi"
                );
            }
            // A value must not leave the host, so what is no name before a `=` is not told.
            // The dot tells an empty file from none; the names hold nothing that a shell expands.
            Ask::EnvNames(path) => {
                let path = quote(path);
                let _ = writeln!(
                    text,
                    "if [ -f {path} ]; then x=$(sed -n 's/^[[:blank:]]*\\([A-Za-z0-9_.-]\\{{1,\\}}\\)=.*/\\1/p' {path}) \
                     && ev names {n} . $x; else ev names {n}; fi"
                );
            }
        }
    }
    text.push_str("ev took $Q\n");
    text
}

fn words(argv: &[String]) -> String {
    crate::ssh::quote_words(argv)
}

/// Collects a host's answers from the events of its script.
#[derive(Debug, Default)]
pub struct Answers {
    pub facts: KernelFacts,
    pub replies: BTreeMap<usize, Reply>,
    /// How long the commands took, in milliseconds, to within 10 ms each.
    pub took_ms: u64,
}

impl Answers {
    /// Takes the words of one event; false if it is none of ours.
    pub fn take(&mut self, words: &[String]) -> bool {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["home", home] => self.facts.home = text(home),
            ["number", number] => self.facts.fence = number.parse().unwrap_or(0),
            ["lock", details @ ..] => self.facts.lock = Some(details.join("")),
            // Hundredths of a second, as /proc/uptime has them.
            ["lease", left] => {
                self.facts.lease = left.parse::<i64>().ok().map(|left| left.div_euclid(100));
            }
            ["history", lines] => {
                self.facts.history = text(lines).lines().map(String::from).collect();
            }
            ["answer", n, code, stdout @ ..] => {
                let output = Output {
                    exit_code: code.parse().unwrap_or(-1),
                    stdout: bytes(stdout.first().unwrap_or(&"")),
                };
                self.insert(n, Reply::Output(output));
            }
            ["took", hundredths] => self.took_ms = hundredths.parse().unwrap_or(0) * 10,
            ["file", n] => self.insert(n, Reply::File(None)),
            ["file", n, mode, size, digest] => {
                let state = FileState {
                    mode: u16::from_str_radix(mode, 8).unwrap_or(0),
                    size: size.parse().unwrap_or(0),
                    digest: digest.to_string(),
                };
                self.insert(n, Reply::File(Some(state)));
            }
            ["dir", n] => self.insert(n, Reply::Directory(None)),
            ["dir", n, names] => {
                let mut names: Vec<String> = text(names).lines().map(String::from).collect();
                names.sort();
                self.insert(n, Reply::Directory(Some(names)));
            }
            ["names", n] => self.insert(n, Reply::EnvNames(None)),
            ["names", n, ".", names @ ..] => {
                let mut names: Vec<String> = names.iter().map(ToString::to_string).collect();
                names.sort();
                names.dedup();
                self.insert(n, Reply::EnvNames(Some(names)));
            }
            _ => return false,
        }
        true
    }

    fn insert(&mut self, n: &str, reply: Reply) {
        if let Ok(n) = n.parse() {
            self.replies.insert(n, reply);
        }
    }
}

fn bytes(encoded: &str) -> Vec<u8> {
    base64::engine::general_purpose::STANDARD.decode(encoded).unwrap_or_default()
}

fn text(encoded: &str) -> String {
    String::from_utf8_lossy(&bytes(encoded)).into_owned()
}
