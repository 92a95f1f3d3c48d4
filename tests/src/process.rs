//! Running local programs: bounded in time, output captured, failures explained.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// One program to run.
#[derive(Clone)]
pub struct Cmd {
    program: OsString,
    args: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    clear_env: bool,
    dir: Option<PathBuf>,
    stdin: Option<Vec<u8>>,
    limit: Duration,
}

/// What it said.
#[derive(Debug, Clone)]
pub struct Output {
    /// The exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    pub took: Duration,
}

impl Output {
    pub fn success(&self) -> bool {
        self.code == Some(0)
    }

    /// Both streams, for messages.
    pub fn all(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }

    /// Insists that it said all of this, on whichever stream.
    pub fn expect(&self, clues: &[&str]) -> Result<()> {
        let all = self.all();
        match clues.iter().find(|clue| !all.contains(**clue)) {
            Some(clue) => bail!("{clue:?} is missing in:\n{all}"),
            None => Ok(()),
        }
    }
}

/// A started program whose output is being collected.
pub struct Running {
    child: Child,
    title: String,
    started: Instant,
    stdout: Stream,
    stderr: Stream,
}

/// A pipe that is being read.
struct Stream {
    bytes: Arc<Mutex<Vec<u8>>>,
    reader: thread::JoinHandle<()>,
}

impl Cmd {
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        Self {
            program: program.as_ref().into(),
            args: Vec::new(),
            env: Vec::new(),
            clear_env: false,
            dir: None,
            stdin: None,
            limit: Duration::from_secs(60),
        }
    }

    /// A shell line.
    pub fn sh(line: &str) -> Self {
        Self::new("sh").args(["-c", line])
    }

    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().into());
        self
    }

    pub fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().into()));
        self
    }

    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.env.push((name.as_ref().into(), value.as_ref().into()));
        self
    }

    /// Inherits nothing from this process's environment.
    pub fn clear_env(mut self) -> Self {
        self.clear_env = true;
        self
    }

    pub fn dir(mut self, dir: impl AsRef<Path>) -> Self {
        self.dir = Some(dir.as_ref().into());
        self
    }

    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = Some(bytes.into());
        self
    }

    /// Ended (with everything it started) after this time; 60 s if not set.
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Runs to the end. An error means that it could not start or took too long.
    pub fn output(&self) -> Result<Output> {
        self.start()?.finish(self.limit)
    }

    /// Runs to the end and returns stdout; any exit code but 0 is an error that
    /// shows the end of what was printed.
    pub fn ok(&self) -> Result<String> {
        let output = self.output()?;
        if !output.success() {
            let said = tail(output.all().trim(), 30);
            bail!("`{self}` failed ({}):\n{said}", describe_code(output.code));
        }
        Ok(output.stdout)
    }

    /// Whether it exits with 0; false also when it cannot be started.
    pub fn succeeds(&self) -> bool {
        self.output().is_ok_and(|output| output.success())
    }

    /// Runs to the end with this process's own terminal; any exit code but 0 is
    /// an error.
    pub fn show(&self) -> Result<()> {
        let mut command = self.command();
        let mut child =
            command.spawn().with_context(|| format!("cannot start `{self}`: is it installed?"))?;
        let status = wait(&mut child, &self.to_string(), self.limit)?;
        if !status.success() {
            bail!("`{self}` failed ({})", describe_code(status.code()));
        }
        Ok(())
    }

    /// Starts it in its own process group, so that it can be ended with its
    /// children, and collects its output in the background.
    pub fn start(&self) -> Result<Running> {
        let mut command = self.command();
        command
            .stdin(if self.stdin.is_some() { Stdio::piped() } else { Stdio::null() })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        let mut child =
            command.spawn().with_context(|| format!("cannot start `{self}`: is it installed?"))?;
        if let (Some(bytes), Some(mut pipe)) = (self.stdin.clone(), child.stdin.take()) {
            // A program may end without reading everything; its exit code tells.
            thread::spawn(move || drop(pipe.write_all(&bytes)));
        }
        let stdout = Stream::of(child.stdout.take());
        let stderr = Stream::of(child.stderr.take());
        Ok(Running { child, title: self.to_string(), started: Instant::now(), stdout, stderr })
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.args);
        if self.clear_env {
            command.env_clear();
        }
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        if let Some(dir) = &self.dir {
            command.current_dir(dir);
        }
        command
    }
}

impl Running {
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal (`KILL`, `INT`, `STOP` …) to the program and its children.
    pub fn signal_group(&self, name: &str) -> Result<()> {
        self.signal(name, &format!("-{}", self.pid()))
    }

    /// Sends a signal to the program alone; children learn nothing of it.
    pub fn signal_one(&self, name: &str) -> Result<()> {
        self.signal(name, &self.pid().to_string())
    }

    fn signal(&self, name: &str, target: &str) -> Result<()> {
        // A process that ended already needs no signal: `kill` saying so is fine.
        let status = Command::new("kill")
            .args(["-s", name, "--", target])
            .stderr(Stdio::null())
            .status()
            .context("cannot start `kill`")?;
        if !status.success() && self.is_alive() {
            bail!("could not send SIG{name} to {target} (`{}`)", self.title);
        }
        Ok(())
    }

    /// Whether it still runs.
    pub fn is_alive(&self) -> bool {
        std::fs::read_to_string(format!("/proc/{}/stat", self.pid()))
            .is_ok_and(|stat| !stat.contains(") Z "))
    }

    /// What it has printed until now, stdout and then stderr.
    pub fn so_far(&self) -> String {
        self.stdout.text() + &self.stderr.text()
    }

    /// Waits for its end, from now on for at most `limit`, and returns what it said.
    pub fn finish(mut self, limit: Duration) -> Result<Output> {
        let status = wait(&mut self.child, &self.title, limit);
        let took = self.started.elapsed();
        let stdout = self.stdout.end();
        let stderr = self.stderr.end();
        let status = status
            .map_err(|error| error.context(format!("it had said:\n{}", tail(&stderr, 20))))?;
        Ok(Output { code: status.code(), stdout, stderr, took })
    }
}

impl fmt::Display for Cmd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.program.to_string_lossy())?;
        for arg in &self.args {
            let text = arg.to_string_lossy();
            let shown: String = text.chars().take(120).collect();
            let more = if shown.len() < text.len() { "…" } else { "" };
            write!(f, " {}{more}", shlex::try_quote(&shown).unwrap_or("?".into()))?;
        }
        Ok(())
    }
}

/// The last `lines` lines of `text`.
pub fn tail(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

fn describe_code(code: Option<i32>) -> String {
    code.map_or("ended by a signal".into(), |code| format!("exit code {code}"))
}

impl Stream {
    fn of(pipe: Option<impl Read + Send + 'static>) -> Self {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&bytes);
        let reader = thread::spawn(move || {
            let Some(mut pipe) = pipe else { return };
            let mut buffer = [0; 16 * 1024];
            // An error ends the stream like its end does.
            while let Ok(count @ 1..) = pipe.read(&mut buffer) {
                sink.lock().unwrap_or_else(PoisonError::into_inner).extend(&buffer[..count]);
            }
        });
        Self { bytes, reader }
    }

    fn text(&self) -> String {
        let bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Everything, once the program has ended. A child that outlives it (an ssh
    /// master, a daemon) keeps the pipe open: then what came until now has to do.
    fn end(&self) -> String {
        let end = Instant::now() + Duration::from_secs(2);
        while !self.reader.is_finished() && Instant::now() < end {
            thread::sleep(Duration::from_millis(2));
        }
        self.text()
    }
}

fn wait(child: &mut Child, title: &str, limit: Duration) -> Result<ExitStatus> {
    let started = Instant::now();
    let mut pause = Duration::from_millis(1);
    loop {
        if let Some(status) = child.try_wait().context("waiting for a program failed")? {
            return Ok(status);
        }
        if started.elapsed() > limit {
            let group = format!("-{}", child.id());
            let _ = Command::new("kill").args(["-s", "KILL", "--", &group]).status();
            let _ = child.kill();
            let _ = child.wait();
            bail!("`{title}` was still running after {} s and was ended", limit.as_secs());
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_takes_too_long_is_ended_with_its_children() {
        let started = Instant::now();
        let error = Cmd::sh("sleep 30 & sleep 30")
            .limit(Duration::from_millis(200))
            .output()
            .expect_err("longer than its limit");
        assert!(started.elapsed() < Duration::from_secs(25), "{error:#}");
    }

    #[test]
    fn a_failure_shows_what_the_program_said() {
        let error = Cmd::sh("echo no such thing >&2; exit 7").ok().expect_err("exit code 7");
        let text = format!("{error:#}");
        assert!(text.contains("exit code 7") && text.contains("no such thing"), "{text}");
    }

    #[test]
    fn input_arrives() {
        assert_eq!(Cmd::new("cat").stdin("a\nb").ok().expect("cat works"), "a\nb");
    }
}
