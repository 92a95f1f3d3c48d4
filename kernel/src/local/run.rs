//! Runs one program to its end, in its own process group.

use super::error::LocalError;
use rustix::process::{Pid, Signal, kill_process_group};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, sleep_until, timeout};

/// Bytes handed to the sink at once, at most.
const CHUNK: usize = 64 * 1024;
/// After its end a program's children may hold its output open; this long we read on.
const AFTER_END: Duration = Duration::from_millis(500);
/// Bytes that Linux lets an ordinary user's pipe hold.
const LARGEST_PIPE: usize = 1024 * 1024;
/// Between the request to end and the kill.
const GRACE: Duration = Duration::from_secs(2);

/// What to run.
#[derive(Debug, Clone, Default)]
pub struct Command {
    /// Program and arguments; no shell is involved. A program without `/` is looked up in the PATH.
    pub argv: Vec<OsString>,
    /// Variables set for the program, over those of this process.
    pub env: BTreeMap<OsString, OsString>,
    /// Variables of this process that the program does not get. `env` wins.
    pub env_removed: Vec<OsString>,
    /// Working directory; this process's own if unset.
    pub cwd: Option<PathBuf>,
    /// Bytes for stdin; `None` is an empty stdin.
    pub stdin: Option<Vec<u8>>,
    /// The program and all that it started in its group are ended after this long: SIGTERM, 2 s
    /// later SIGKILL.
    pub time_limit: Option<Duration>,
}

/// Where a piece of output came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    Stdout,
    Stderr,
}

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Its exit code, 0 to 255.
    Code(i32),
    /// The signal that ended it.
    Signal(i32),
}

impl Command {
    /// A command without environment changes, input or limit.
    pub fn new<I>(argv: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<OsString>,
    {
        Self { argv: argv.into_iter().map(Into::into).collect(), ..Self::default() }
    }

    /// The program's name for messages.
    fn program(&self) -> String {
        self.argv.first().map(|program| program.to_string_lossy().into_owned()).unwrap_or_default()
    }
}

impl Exit {
    /// Whether the exit code is 0.
    pub fn ok(self) -> bool {
        self == Self::Code(0)
    }

    fn of(status: ExitStatus) -> Self {
        use std::os::unix::process::ExitStatusExt;
        match (status.code(), status.signal()) {
            (Some(code), _) => Self::Code(code),
            (None, signal) => Self::Signal(signal.unwrap_or(0)),
        }
    }
}

/// Runs `command` and hands every piece of output (1 byte to 64 KiB, cut anywhere) to `sink` as it
/// comes; the sink decides how much to keep.
///
/// The program has its own process group, so Ctrl-C at the terminal reaches only this process, and
/// no terminal to read from. Dropping the future kills the group. Output of children that outlive
/// the program is read for another half second.
pub async fn run(
    command: Command,
    mut sink: impl FnMut(Stream, &[u8]),
) -> Result<Exit, LocalError> {
    let program = command.program();
    let mut child = spawn(&command)?;
    let group = Group(child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?)));
    let lost =
        |error: io::Error| LocalError::Lost { program: program.clone(), detail: error.to_string() };

    let (mut stdin, mut stdout, mut stderr) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let input = command.stdin.unwrap_or_default();
    let mut left = input.as_slice();
    let (mut out_buffer, mut err_buffer) = (vec![0; CHUNK], vec![0; CHUNK]);
    let mut ended: Option<ExitStatus> = None;
    let mut timed_out = false;
    let mut deadline = command.time_limit.map(|limit| Instant::now() + limit);
    while ended.is_none() || stdout.is_some() || stderr.is_some() {
        if left.is_empty() {
            stdin = None;
        }
        tokio::select! {
            written = feed(&mut stdin, left), if stdin.is_some() => match written {
                Ok(count) if count > 0 => left = &left[count..],
                // A program need not read its input.
                _ => left = &[],
            },
            count = fill(&mut stdout, &mut out_buffer), if stdout.is_some() => match count {
                0 => stdout = None,
                count => sink(Stream::Stdout, &out_buffer[..count]),
            },
            count = fill(&mut stderr, &mut err_buffer), if stderr.is_some() => match count {
                0 => stderr = None,
                count => sink(Stream::Stderr, &err_buffer[..count]),
            },
            status = child.wait(), if ended.is_none() => {
                ended = Some(status.map_err(lost)?);
                left = &[];
                let soon = Instant::now() + AFTER_END;
                deadline = Some(deadline.map_or(soon, |deadline| deadline.min(soon)));
            }
            () = sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => match (ended, timed_out) {
                (Some(_), _) => {
                    // What lies in the pipes already was written in time.
                    let (mut out, mut err) = (0, 0);
                    while let Some(count) = at_once(&mut stdout, &mut out_buffer, &mut out).await {
                        sink(Stream::Stdout, &out_buffer[..count]);
                    }
                    while let Some(count) = at_once(&mut stderr, &mut err_buffer, &mut err).await {
                        sink(Stream::Stderr, &err_buffer[..count]);
                    }
                    break;
                }
                (None, false) => {
                    timed_out = true;
                    group.signal(Signal::TERM);
                    deadline = Some(Instant::now() + GRACE);
                }
                (None, true) => {
                    group.signal(Signal::KILL);
                    deadline = None;
                }
            },
        }
    }
    if timed_out {
        // What ignored SIGTERM in the group goes with it, on drop.
        let limit = command.time_limit.unwrap_or_default();
        return Err(LocalError::TimedOut { program, limit });
    }
    group.release();
    ended.map(Exit::of).ok_or_else(|| lost(io::ErrorKind::Other.into()))
}

fn spawn(command: &Command) -> Result<tokio::process::Child, LocalError> {
    let program = command.program();
    let Some((first, rest)) = command.argv.split_first() else {
        return Err(LocalError::NotFound { program });
    };
    let mut process = tokio::process::Command::new(first);
    process
        .args(rest)
        .process_group(0)
        .kill_on_drop(true)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    process.stdin(if command.stdin.is_some() { Stdio::piped() } else { Stdio::null() });
    for name in &command.env_removed {
        process.env_remove(name);
    }
    process.envs(&command.env);
    if let Some(directory) = &command.cwd {
        if !directory.is_dir() {
            return Err(LocalError::NoDirectory { program, directory: directory.clone() });
        }
        process.current_dir(directory);
    }
    process.spawn().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => LocalError::NotFound { program },
        _ => LocalError::NotStarted { program, detail: error.to_string() },
    })
}

async fn feed(stdin: &mut Option<tokio::process::ChildStdin>, bytes: &[u8]) -> io::Result<usize> {
    match stdin {
        Some(stdin) => stdin.write(bytes).await,
        None => Ok(0),
    }
}

async fn fill<R: AsyncReadExt + Unpin>(stream: &mut Option<R>, buffer: &mut [u8]) -> usize {
    match stream {
        Some(stream) => stream.read(buffer).await.unwrap_or(0),
        None => 0,
    }
}

/// What can be read without waiting, as long as `taken` is less than the largest pipe holds: a
/// flood ends too.
async fn at_once<R: AsyncReadExt + Unpin>(
    stream: &mut Option<R>,
    buffer: &mut [u8],
    taken: &mut usize,
) -> Option<usize> {
    if *taken >= LARGEST_PIPE {
        return None;
    }
    let count = timeout(Duration::ZERO, fill(stream, buffer)).await.ok()?;
    *taken += count;
    (count > 0).then_some(count)
}

/// Kills the process group on drop, unless released.
struct Group(Option<Pid>);

impl Group {
    fn signal(&self, signal: Signal) {
        if let Some(group) = self.0 {
            // The group may be empty already.
            let _ = kill_process_group(group, signal);
        }
    }

    fn release(mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}
