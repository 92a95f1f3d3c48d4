//! Starts one master (`ssh -M -f -N`) and knows what its failure means.

use super::control::{ControlDirectory, Files};
use super::error::{ConnectError, ConnectFailure, read_end, tail};
use super::mux::Leash;
use super::target::Target;
use rustix::process::{Pid, Signal, kill_process_group};
use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

/// A jump or proxy command that talks without end may fill this much of a file, in bytes.
const STDERR_CAP: u64 = 256 * 1024;
/// How often the cap is looked at.
const TICK: Duration = Duration::from_millis(200);
/// Waits before the second, third, … try of a host that closes connections before the login,
/// each ± 50 %.
const RETRY_AFTER: [Duration; 4] = [
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_millis(1000),
    Duration::from_millis(2000),
];
/// A person at the terminal has this long for passphrase, PIN or touch.
const PERSON_LIMIT: Duration = Duration::from_secs(300);

/// How connections are made.
#[derive(Debug, Clone)]
pub struct Options {
    /// Directories for the control sockets, absolute; the first usable one is taken (runtime
    /// directory, then temporary directories).
    pub control_dirs: Vec<PathBuf>,
    /// Time for TCP and sshd's first line.
    pub connect_timeout: Duration,
    /// Time for one whole try, the login included.
    pub login_timeout: Duration,
    /// A person sits at the terminal: each failed host gets one more try that may ask questions.
    pub interactive: bool,
    /// How long a master outlives a run that was killed. Whole seconds, at least 2
    /// (ssh counts in seconds, so less could end before this process has attached).
    pub linger: Duration,
    /// Connects under way at once.
    pub connects: usize,
    /// The ssh program.
    pub program: PathBuf,
    /// A failure shows what ssh wrote down for debugging, too.
    pub debug: bool,
}

impl Default for Options {
    /// 10 s to connect, 60 s to log in, nobody at the terminal, 10 s to linger, 16 connects
    /// at once, `ssh` of the PATH, and no control directory: the caller names it.
    fn default() -> Self {
        Self {
            control_dirs: Vec::new(),
            connect_timeout: Duration::from_secs(10),
            login_timeout: Duration::from_secs(60),
            interactive: false,
            linger: Duration::from_secs(10),
            connects: 16,
            program: "ssh".into(),
            debug: false,
        }
    }
}

/// A running master.
#[derive(Debug)]
pub(super) struct Master {
    pub leash: Leash,
    pub files: Files,
}

/// A try that failed.
#[derive(Debug)]
pub(super) struct Failed {
    pub error: ConnectError,
    /// sshd closed the connection before the login began: it has too many of them.
    refused_early: bool,
    /// Somebody answered, so that a person's answers might help.
    pub person_may_help: bool,
}

/// Starts a master without asking anything. A server that has too many connections is asked again,
/// at most 5 times in all; any other failure is final, so that no host key or login problem is
/// hammered.
///
/// `slot` gives the right to connect and takes it back when its value is dropped; none is held
/// while waiting.
pub(super) async fn start<S, F>(
    target: &Target,
    options: &Options,
    directory: &ControlDirectory,
    slot: impl Fn() -> F,
) -> Result<Master, Failed>
where
    F: Future<Output = S>,
{
    let mut waits = RETRY_AFTER.iter();
    loop {
        let held = slot().await;
        let tried = try_once(target, options, directory.next(), true).await;
        drop(held);
        match (tried, waits.next()) {
            (Err(failed), Some(wait)) if failed.refused_early => {
                sleep(wait.mul_f64(0.5 + fastrand::f64())).await
            }
            (tried, _) => return tried,
        }
    }
}

/// Starts a master that may ask questions on the terminal. One try.
pub(super) async fn start_with_person(
    target: &Target,
    options: &Options,
    directory: &ControlDirectory,
) -> Result<Master, Failed> {
    try_once(target, options, directory.next(), false).await
}

async fn try_once(
    target: &Target,
    options: &Options,
    files: Files,
    batch: bool,
) -> Result<Master, Failed> {
    let fail = |failure, detail: String| Failed {
        error: ConnectError::explain(target, failure, detail),
        refused_early: false,
        person_may_help: false,
    };
    let mut command = Command::new(&options.program);
    command.args(master_args(target, options, &files, batch)).kill_on_drop(true);
    let mut noise = None;
    if batch {
        let stderr = OpenOptions::new().append(true).create_new(true).open(&files.stderr);
        let stderr = stderr.and_then(|file| Ok((file.try_clone()?, file)));
        let (ours, theirs) =
            stderr.map_err(|error| fail(ConnectFailure::ControlDirectory, error.to_string()))?;
        noise = Some(ours);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(theirs);
        // Its own process group: Ctrl-C at the terminal must not reach a jump's ssh, or the lock
        // could not be released over the connection any more.
        command.process_group(0);
        // The ssh of a jump that ssh_config asks for knows nothing of BatchMode; this keeps it off
        // the terminal.
        command.env("SSH_ASKPASS", "false").env("SSH_ASKPASS_REQUIRE", "force");
    }
    let mut child = command.spawn().map_err(|error| {
        fail(ConnectFailure::NoProgram, format!("{}: {error}", options.program.display()))
    })?;
    let group = child.id().filter(|_| batch).and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
    let mut group = Group(group);
    let limit = if batch { options.login_timeout } else { PERSON_LIMIT };
    let Some(code) = wait(&mut child, noise.as_ref(), limit).await else {
        return Err(fail(ConnectFailure::TimedOut, said(&files, options.debug)));
    };
    if code != Some(0) {
        return Err(explain(target, &files, options.debug));
    }
    let leash = Leash::attach(&files.socket).await;
    let leash = leash.map_err(|error| {
        fail(ConnectFailure::Other, format!("no answer on {}: {error}", files.socket.display()))
    })?;
    // The master has left the group, the jump that serves it has not.
    group.0 = None;
    // Nobody reads the words of a jump any more; the master's own log stays.
    let _ = std::fs::remove_file(&files.stderr);
    Ok(Master { leash, files })
}

fn master_args(target: &Target, options: &Options, files: &Files, batch: bool) -> Vec<OsString> {
    let mut args = target.args(&options.program, batch);
    let mut add = |words: &[&str]| args.extend(words.iter().map(OsString::from));
    add(&["-M", "-f", "-N", "-o", "ServerAliveInterval=15", "-o", "ServerAliveCountMax=3"]);
    add(&["-o", &format!("ControlPersist={}", options.linger.as_secs().max(2))]);
    add(&["-o", &format!("ConnectTimeout={}", options.connect_timeout.as_secs().max(1))]);
    // Forwards in ssh_config are meant for people; two runs at once would fight for their ports.
    add(&["-o", "ClearAllForwardings=yes"]);
    if batch {
        // With ControlPersist ssh throws the words of a jump or proxy command away, except with -v.
        add(&["-v", "-E"]);
        args.push(files.log.clone().into());
    }
    args.extend([
        "-S".into(),
        files.socket.clone().into(),
        "--".into(),
        OsString::from(&target.host),
    ]);
    args
}

/// The exit code (`None` inside: ended by a signal), or `None` after `limit`. Keeps the file
/// `noise` under its cap.
async fn wait(child: &mut Child, noise: Option<&File>, limit: Duration) -> Option<Option<i32>> {
    let deadline = Instant::now() + limit;
    loop {
        tokio::select! {
            status = child.wait() => return Some(status.ok().and_then(|status| status.code())),
            () = sleep(TICK) => {}
        }
        if Instant::now() >= deadline {
            return None;
        }
        if let Some(file) = noise
            && file.metadata().is_ok_and(|metadata| metadata.len() > STDERR_CAP)
        {
            // The writers append, so they go on at the new end.
            let _ = file.set_len(0);
        }
    }
}

fn explain(target: &Target, files: &Files, debug: bool) -> Failed {
    let (log, noise) = (read_end(&files.log), read_end(&files.stderr));
    let failure = match ConnectFailure::guess(&noise) {
        ConnectFailure::Other => ConnectFailure::guess(&log),
        // The jump host gave the reason; what ssh itself says then is only that the jump ended.
        told => told,
    };
    // ssh exits with 255 for everything. It names the phase in its log, and only this one is worth
    // another try: the connection ended before sshd said its first line. Behind a jump that is so
    // for each failure of the jump, thus the jump must have said the same or nothing.
    let early = "kex_exchange_identification";
    let refused_early =
        log.contains(early) && (tail(&files.stderr).is_empty() || noise.contains(early));
    let answered = |text: &str| {
        text.contains("Remote protocol version") || text.contains("Executing proxy command")
    };
    Failed {
        error: ConnectError::explain(target, failure, said(files, debug)),
        refused_early,
        person_may_help: answered(&log) || answered(&noise),
    }
}

/// What ssh said, the words of a jump first.
fn said(files: &Files, debug: bool) -> String {
    let read = |file| if debug { read_end(file).trim_end().to_string() } else { tail(file) };
    let words = [read(&files.stderr), read(&files.log)];
    words.iter().filter(|part| !part.is_empty()).map(String::as_str).collect::<Vec<_>>().join("\n")
}

/// Ends a try's whole process group (ssh and its jump) when the try failed or is given up.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // The group may be empty already.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}
