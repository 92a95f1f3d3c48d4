//! One remote shell: script in, chunks out, how it ended.

use super::error::SshError;
use super::session::{Child, Session};
use std::collections::VecDeque;
use std::io;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::OwnedSemaphorePermit;

/// Bytes of one chunk at most; a Linux pipe holds as many.
const CHUNK: usize = 64 * 1024;
/// Output that is kept while the input is being written, in bytes.
const AHEAD: usize = 16 * 1024 * 1024;

/// A running remote `sh -s`.
///
/// Dropping it does not end the remote process: OpenSSH's multiplexing has no signal. A script must
/// carry its own deadline.
#[derive(Debug)]
pub struct Channel {
    session: Session,
    child: Child,
    stdin: Option<openssh::ChildStdin>,
    stdout: Option<openssh::ChildStdout>,
    stderr: Option<openssh::ChildStderr>,
    /// Output that arrived while input was being written.
    ahead: VecDeque<Chunk>,
    ahead_bytes: usize,
    out_buffer: Vec<u8>,
    err_buffer: Vec<u8>,
    _slot: Option<OwnedSemaphorePermit>,
}

/// A piece of output, 1 byte to 64 KiB, cut anywhere (also within a character).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chunk {
    Stdout(Vec<u8>),
    Stderr(Vec<u8>),
}

/// How a remote shell ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exit {
    /// Its exit code, 0 to 255.
    Code(i32),
    /// It ended without a code, by a signal, while the connection stands. Which signal is not known
    /// here.
    Signal,
    /// The connection ended first; what the script did or still does is not known. Holds
    /// [`SshError::Lost`].
    ConnectionLost(SshError),
}

impl Session {
    /// Starts a remote `sh` that reads its script from stdin. At most 8 at once; a further one
    /// waits here.
    ///
    /// A server that refuses the session is asked again for about 2 s. Errors: [`SshError::Lost`],
    /// [`SshError::NoSession`].
    pub async fn channel(&self) -> Result<Channel, SshError> {
        let (child, slot) = self.start().await?;
        Ok(Channel::new(self.clone(), child, slot))
    }
}

impl Channel {
    fn new(session: Session, mut child: Child, slot: Option<OwnedSemaphorePermit>) -> Self {
        let (stdin, stdout, stderr) =
            (child.stdin().take(), child.stdout().take(), child.stderr().take());
        Self {
            session,
            child,
            stdin,
            stdout,
            stderr,
            ahead: VecDeque::new(),
            ahead_bytes: 0,
            out_buffer: vec![0; CHUNK],
            err_buffer: vec![0; CHUNK],
            _slot: slot,
        }
    }

    /// The host as configured.
    pub fn host(&self) -> &str {
        self.session.host()
    }

    /// Writes all of `bytes` to the remote shell's stdin. Output that arrives meanwhile is kept for
    /// [`Channel::next`], so that a script that writes before it has read everything cannot block
    /// both sides.
    ///
    /// Errors: [`SshError::StdinClosed`] if the shell (or the connection) ended, then read on and
    /// [`Channel::wait`]; [`SshError::Flood`] after 16 MiB of unread output. Not cancel safe: an
    /// unknown part may have been written.
    pub async fn write_all(&mut self, bytes: &[u8]) -> Result<(), SshError> {
        let Some(mut stdin) = self.stdin.take() else {
            return Err(SshError::StdinClosed { host: self.host().into() });
        };
        let mut left = bytes;
        while !left.is_empty() {
            if self.ahead_bytes > AHEAD {
                return Err(SshError::Flood { host: self.host().into(), limit: AHEAD });
            }
            tokio::select! {
                written = stdin.write(left) => match written {
                    Ok(count) if count > 0 => left = &left[count..],
                    _ => return Err(SshError::StdinClosed { host: self.host().into() }),
                },
                Some(chunk) = self.read() => {
                    self.ahead_bytes += chunk.bytes().len();
                    self.ahead.push_back(chunk);
                }
            }
        }
        self.stdin = Some(stdin);
        Ok(())
    }

    /// Ends the remote shell's stdin.
    pub fn close_stdin(&mut self) {
        self.stdin = None;
    }

    /// The next piece of output, as soon as it is there; `None` when both streams have ended.
    /// Cancel safe. The reader decides how much to keep; what it does not read holds the remote
    /// side back.
    pub async fn next(&mut self) -> Option<Chunk> {
        match self.ahead.pop_front() {
            Some(chunk) => {
                self.ahead_bytes -= chunk.bytes().len();
                Some(chunk)
            }
            None => self.read().await,
        }
    }

    /// Waits until the remote shell has ended. Unread output is lost, so read until `None` first;
    /// stdin is closed.
    pub async fn wait(self) -> Exit {
        let Self { session, child, stdin, stdout, stderr, _slot, .. } = self;
        drop((stdin, stdout, stderr));
        match child.wait().await {
            Ok(status) => match status.code() {
                Some(code) => Exit::Code(code),
                None => Exit::Signal,
            },
            // The crate takes the exit code 127 for a missing command; `exec sh -s` passes on what
            // the script said.
            Err(openssh::Error::Remote(error)) if error.kind() == io::ErrorKind::NotFound => {
                Exit::Code(127)
            }
            // No exit code came. The master reports none for a signal, and none when it ends
            // itself.
            Err(_) if session.alive().await => Exit::Signal,
            Err(_) => Exit::ConnectionLost(session.lost("")),
        }
    }

    /// Reads from whichever stream has something. A stream that fails has ended.
    async fn read(&mut self) -> Option<Chunk> {
        loop {
            let Self { stdout, stderr, out_buffer, err_buffer, .. } = self;
            tokio::select! {
                count = fill(stdout, out_buffer), if stdout.is_some() => match count {
                    0 => self.stdout = None,
                    count => return Some(Chunk::Stdout(self.out_buffer[..count].to_vec())),
                },
                count = fill(stderr, err_buffer), if stderr.is_some() => match count {
                    0 => self.stderr = None,
                    count => return Some(Chunk::Stderr(self.err_buffer[..count].to_vec())),
                },
                else => return None,
            }
        }
    }
}

impl Chunk {
    /// The bytes, of either stream.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Stdout(bytes) | Self::Stderr(bytes) => bytes,
        }
    }
}

async fn fill<R: AsyncReadExt + Unpin>(stream: &mut Option<R>, buffer: &mut [u8]) -> usize {
    match stream {
        Some(stream) => stream.read(buffer).await.unwrap_or(0),
        None => 0,
    }
}
