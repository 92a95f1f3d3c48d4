//! One connected host.

use super::control::Files;
use super::error::{SshError, tail};
use super::master::Options;
use super::target::Target;
use rustix::process::{Pid, Signal, kill_process};
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::process::Command;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};

/// Channels at once: sshd's MaxSessions is 10, and a console must still fit in.
const CHANNELS: usize = 8;
/// The one command that is ever executed; the script arrives on its stdin, whatever the login shell
/// is.
const COMMAND: &str = "exec sh -s";
/// How long a master may take to open a channel or to say that it is alive.
const OPEN_LIMIT: Duration = Duration::from_secs(60);
const ALIVE_LIMIT: Duration = Duration::from_secs(5);
/// How long an `ssh` that was asked to end may take.
const END_LIMIT: Duration = Duration::from_secs(5);
/// Tries to open a channel that the server refuses, and the wait between them, ± 50 %.
const OPEN_TRIES: u32 = 10;
const OPEN_AGAIN: Duration = Duration::from_millis(200);

/// A process at the other end.
pub(super) type Child = openssh::Child<Arc<openssh::Session>>;

/// One connected host. Cheap to clone; all clones share connection, channel limit and counter.
#[derive(Debug, Clone)]
pub struct Session {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    target: Target,
    program: PathBuf,
    files: Files,
    mux: Arc<openssh::Session>,
    slots: Arc<Semaphore>,
    trips: AtomicU64,
}

impl Session {
    pub(super) fn new(target: Target, options: &Options, files: Files) -> Self {
        // `resume_mux` does not end the master on drop; the pool does.
        let mux = openssh::Session::resume_mux(
            files.socket.clone().into(),
            Some(files.log.clone().into()),
        );
        let shared = Shared {
            target,
            program: options.program.clone(),
            files,
            mux: Arc::new(mux),
            slots: Arc::new(Semaphore::new(CHANNELS)),
            trips: AtomicU64::new(0),
        };
        Self { shared: Arc::new(shared) }
    }

    /// The host as configured.
    pub fn host(&self) -> &str {
        &self.shared.target.host
    }

    /// Where this session leads.
    pub fn target(&self) -> &Target {
        &self.shared.target
    }

    /// Channels opened so far, which is what sshd counts as sessions ([`Session::interactive`]
    /// aside).
    pub fn round_trips(&self) -> u64 {
        self.shared.trips.load(Ordering::Relaxed)
    }

    /// Starts a remote `sh`, in one of the places that there are for them; see
    /// [`Session::channel`].
    pub(super) async fn start(&self) -> Result<(Child, Option<OwnedSemaphorePermit>), SshError> {
        // The semaphore is never closed.
        let slot = self.shared.slots.clone().acquire_owned().await.ok();
        let mut tries = 1;
        loop {
            let mut command = self.shared.mux.clone().arc_raw_command(COMMAND);
            command
                .stdin(openssh::Stdio::piped())
                .stdout(openssh::Stdio::piped())
                .stderr(openssh::Stdio::piped());
            let refusal = match timeout(OPEN_LIMIT, command.spawn()).await {
                Ok(Ok(child)) => {
                    self.shared.trips.fetch_add(1, Ordering::Relaxed);
                    return Ok((child, slot));
                }
                Ok(Err(error)) => error,
                Err(_) => return Err(self.lost("ssh did not answer within 60 s")),
            };
            if !self.alive().await {
                return Err(self.lost(""));
            }
            if tries == OPEN_TRIES {
                return Err(SshError::NoSession {
                    host: self.host().into(),
                    detail: causes(&refusal),
                });
            }
            // The remote end of a channel that was dropped may still count as a session.
            tries += 1;
            sleep(OPEN_AGAIN.mul_f64(0.5 + fastrand::f64())).await;
        }
    }

    /// Runs a command on a terminal of the host, on the same connection (`ssh -t`), with this
    /// process's own stdin, stdout and stderr. `argv_remote` is one line for the login shell,
    /// already quoted.
    ///
    /// Waits as long as the person stays, or until `end` comes, and then gives no status. The
    /// status is that of ssh: the remote exit code, or 255 if the connection was lost.
    pub async fn interactive(
        &self,
        argv_remote: &str,
        end: impl Future<Output = ()>,
    ) -> Result<Option<ExitStatus>, SshError> {
        let Shared { target, program, files, .. } = &*self.shared;
        let mut command = Command::new(program);
        if let Some(file) = &target.config_file {
            command.arg("-F").arg(file);
        }
        command.arg("-S").arg(&files.socket);
        // Without a master ssh would silently make a new connection, by other rules; this makes it
        // fail instead.
        for option in
            ["ControlMaster=no", "ProxyCommand=false", "RemoteCommand=none", "ForwardAgent=no"]
        {
            command.arg("-o").arg(option);
        }
        command.args(["-x", "-t", "-l", &target.user, "--", &target.host, argv_remote]);
        command
            .stdin(Stdio::inherit())
            .stdout(Stdio::inherit())
            .stderr(Stdio::inherit())
            .kill_on_drop(true);
        let failed = |error: std::io::Error| SshError::NoProgram {
            host: target.host.clone(),
            program: program.display().to_string(),
            detail: error.to_string(),
        };
        let mut child = command.spawn().map_err(failed)?;
        tokio::select! {
            status = child.wait() => return status.map(Some).map_err(failed),
            () = end => {}
        }
        // Asked to end, ssh leaves the user's terminal as it found it; killed, it would not.
        if let Some(pid) = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?)) {
            let _ = kill_process(pid, Signal::TERM);
        }
        let _ = timeout(END_LIMIT, child.wait()).await;
        Ok(None)
    }

    /// Whether the master still answers on its socket. At most 5 s.
    pub async fn alive(&self) -> bool {
        matches!(timeout(ALIVE_LIMIT, self.shared.mux.check()).await, Ok(Ok(())))
    }

    /// The error for a connection that ended, with the last words of the master.
    pub(super) fn lost(&self, reason: &str) -> SshError {
        let mut detail = tail(&self.shared.files.log);
        if !reason.is_empty() {
            detail = format!("{detail}\n{reason}").trim_start().to_owned();
        }
        let help = format!("is the server up? Try {}", self.shared.target.by_hand());
        SshError::Lost { host: self.host().into(), detail, help }
    }
}

/// An error and what caused it, on one line.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}
