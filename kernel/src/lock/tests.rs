//! Locks and fences, as the shells of real hosts see them.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

use super::{Details, LEASE_S, LockAnswer, script};
use crate::model::paths::Paths;
use crate::ssh::Chunk;
use crate::ssh::frame::{self, Frame, Frames};

mod acquire;
mod fence;
mod release;
mod renew;

const MARK: &str = "4d61726b";

/// Words that start a shell which reads its script from stdin.
const SHELLS: &[&[&str]] = &[&["sh", "-s"], &["bash", "--posix", "-s"], &["busybox", "sh", "-s"]];

/// A host of one directory.
struct Bench {
    home: tempfile::TempDir,
    shell: &'static [&'static str],
    paths: Paths,
}

/// Runs a test once per shell that this machine has.
fn each_shell(test: impl Fn(Bench)) {
    let path = std::env::var_os("PATH").unwrap_or_default();
    for shell in SHELLS {
        if std::env::split_paths(&path).any(|dir| dir.join(shell[0]).is_file()) {
            let home = tempfile::tempdir().unwrap();
            test(Bench { home, shell, paths: Paths::new(".kamal", "shop", Some("eu")) });
        }
    }
}

/// A script that is at work.
struct Running {
    child: Child,
    out: BufReader<ChildStdout>,
}

impl Running {
    /// The words of the next event; none at the end.
    fn event(&mut self) -> Option<Vec<String>> {
        let mut line = Vec::new();
        while self.out.read_until(b'\n', &mut line).unwrap() > 0 {
            let frame = Frames::new(MARK).read(&Chunk::Stdout(std::mem::take(&mut line))).pop();
            if let Some(Frame::Event(words)) = frame {
                return Some(words);
            }
        }
        None
    }

    /// The next answer; none at the end.
    fn answer(&mut self) -> Option<LockAnswer> {
        while let Some(words) = self.event() {
            if let Some(answer) = LockAnswer::read(&words) {
                return Some(answer);
            }
        }
        None
    }

    /// All answers up to the end.
    fn answers(mut self) -> Vec<LockAnswer> {
        let answers = std::iter::from_fn(|| self.answer()).collect();
        self.child.wait().unwrap();
        answers
    }

    fn say(&mut self, line: &str) {
        self.child.stdin.as_mut().unwrap().write_all(line.as_bytes()).unwrap();
    }
}

impl Bench {
    /// Starts a script of these parts and leaves its stdin open.
    fn start(&self, parts: &str) -> Running {
        let mut command = Command::new(self.shell[0]);
        command.args(&self.shell[1..]).current_dir(self.home.path()).env("HOME", self.home.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.process_group(0).spawn().unwrap();
        let mut errors = child.stderr.take().unwrap();
        std::thread::spawn(move || {
            let mut text = String::new();
            let _ = errors.read_to_string(&mut text);
            if !text.is_empty() {
                eprintln!("{text}");
            }
        });
        let text = format!("{}{parts}ev done\nexit\n}}\n", frame::preamble(MARK));
        let mut running = Running { out: BufReader::new(child.stdout.take().unwrap()), child };
        running.say(&text);
        running
    }

    /// What a script of these parts says.
    fn run(&self, parts: &str) -> Vec<LockAnswer> {
        self.start(parts).answers()
    }

    /// A try of a run to get the lock, without waiting.
    fn acquire(&self, run_id: &str) -> Vec<LockAnswer> {
        self.run(&script::acquire(&self.paths, run_id, &details(run_id), 0))
    }

    fn path(&self, path: &str) -> PathBuf {
        self.home.path().join(path)
    }

    fn text(&self, path: &str) -> Option<String> {
        std::fs::read_to_string(self.path(path)).ok()
    }

    fn put(&self, path: &str, content: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    /// The details of whoever has the lock.
    fn owner(&self) -> Option<String> {
        let text = self.text(&self.paths.lock_details())?;
        Some(Details::decode(&text).owner().to_string())
    }

    /// Run, boot and deadline of the lease.
    fn lease(&self) -> Option<(String, String, i64)> {
        let text = self.text(&self.paths.lease())?;
        let words: Vec<&str> = text.split_whitespace().collect();
        Some((words[0].into(), words[1].into(), words[2].parse().unwrap()))
    }

    /// Writes the lease anew.
    fn set_lease(&self, run_id: &str, boot: &str, deadline: i64) {
        self.put(&self.paths.lease(), &format!("{run_id} {boot} {deadline}\n"));
    }
}

fn details(run_id: &str) -> Details {
    Details::new(&format!("Jo {run_id}"), "2026-02-03T04:05:06Z", "v2", "it's \"mine\" — 日本")
}

fn acquired() -> Vec<LockAnswer> {
    vec![LockAnswer::Acquired { taken_over_from: None }]
}

/// Hundredths of a second since the boot.
fn uptime() -> i64 {
    let text = std::fs::read_to_string("/proc/uptime").unwrap();
    let seconds = text.split_whitespace().next().unwrap().replace('.', "");
    seconds.parse().unwrap()
}

fn boot() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap().trim().to_string()
}
