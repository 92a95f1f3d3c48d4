//! The leash on a master: one open connection to its control socket.
//!
//! While the leash is open the master counts a client and stays, however long the run is silent;
//! when this process ends in any way, also by SIGKILL, the kernel closes the leash and
//! `ControlPersist` ends the master. The messages are those of OpenSSH's PROTOCOL.mux, version 4.

use rustix::process::{Pid, Signal, kill_process};
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const HELLO: u32 = 1;
const VERSION: u32 = 4;
const ALIVE_CHECK: u32 = 0x1000_0004;
const TERMINATE: u32 = 0x1000_0005;
const ALIVE: u32 = 0x8000_0005;
/// Far more than any message that is expected here.
const LONGEST_MESSAGE: u32 = 4096;

/// How long a master may take to answer on its own socket.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);

/// The open connection to one master, and its process id. Dropping it asks the master to end and
/// does not wait.
#[derive(Debug)]
pub(super) struct Leash {
    stream: UnixStream,
    pid: Pid,
}

impl Leash {
    /// Connects to the master behind `socket` and asks for its process id. At most 5 s.
    pub async fn attach(socket: &Path) -> io::Result<Self> {
        let asked = async {
            let mut stream = tokio::net::UnixStream::connect(socket).await?;
            stream.write_all(&message(HELLO, VERSION)).await?;
            stream.write_all(&message(ALIVE_CHECK, 0)).await?;
            let pid = loop {
                let length = stream.read_u32().await?;
                if length > LONGEST_MESSAGE {
                    return Err(io::Error::new(
                        io::ErrorKind::InvalidData,
                        "not a control socket of ssh",
                    ));
                }
                let mut body = vec![0; length as usize];
                stream.read_exact(&mut body).await?;
                let word = |at: usize| {
                    body.get(at..at + 4)
                        .map(|four| u32::from_be_bytes(four.try_into().unwrap_or_default()))
                };
                if word(0) == Some(ALIVE) {
                    let pid =
                        word(8).and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw);
                    break pid.ok_or(io::ErrorKind::InvalidData)?;
                }
            };
            Ok(Self { stream: stream.into_std()?, pid })
        };
        tokio::time::timeout(ANSWER_LIMIT, asked).await.map_err(|_| io::ErrorKind::TimedOut)?
    }

    /// The master's process id.
    #[cfg(test)]
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// Closes the leash without a word, as the kernel does after SIGKILL.
    #[cfg(test)]
    pub fn cut(&self) {
        self.stream.shutdown(std::net::Shutdown::Both).unwrap();
    }

    /// Ends the master: `ssh -O exit` in one message, SIGKILL if it has not closed its end within
    /// `limit`. Blocks.
    pub fn end(mut self, limit: Duration) {
        if self.ask_to_end(limit).is_err() {
            // The socket is still open, so the process id cannot have been given to somebody else.
            let _ = kill_process(self.pid, Signal::KILL);
        }
    }

    fn ask_to_end(&mut self, limit: Duration) -> io::Result<()> {
        let deadline = Instant::now() + limit;
        self.stream.set_nonblocking(false)?;
        self.stream.set_write_timeout(Some(limit))?;
        match self.stream.write_all(&message(TERMINATE, 1)) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            written => written?,
        }
        let mut rest = [0; 256];
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            self.stream.set_read_timeout(Some(left))?;
            match self.stream.read(&mut rest) {
                Ok(0) => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return Ok(()),
                Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
                _ => {}
            }
        }
    }
}

impl Drop for Leash {
    fn drop(&mut self) {
        // Not blocking: twelve bytes always fit, and a master that is gone needs no message.
        let _ = self.stream.write_all(&message(TERMINATE, 2));
    }
}

fn message(kind: u32, argument: u32) -> [u8; 12] {
    let mut bytes = [0; 12];
    for (slot, word) in bytes.chunks_exact_mut(4).zip([8, kind, argument]) {
        slot.copy_from_slice(&word.to_be_bytes());
    }
    bytes
}
