//! The standard streams of this process, which may have lost their reader.
//!
//! A pager that is closed must neither break off a deploy half-way nor keep a command going that
//! only tells something: so a failed write is no error here, and whoever must know asks.

use std::io::Write;
use std::os::fd::OwnedFd;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::Interest;
use tokio::net::unix::pipe::Sender;

/// A stream that prints nothing more once nobody reads it.
pub struct Stream {
    writer: Mutex<Box<dyn Write + Send>>,
    closed: AtomicBool,
}

impl Stream {
    /// A stream that prints into `writer`.
    pub fn new(writer: impl Write + Send + 'static) -> Self {
        Self { writer: Mutex::new(Box::new(writer)), closed: AtomicBool::new(false) }
    }

    /// Prints the text, unless the stream is closed; tells whether somebody still reads.
    pub fn print(&self, text: &str) -> bool {
        if !self.is_closed() {
            let mut writer = self.writer.lock().expect("no panic while held");
            let written = writer.write_all(text.as_bytes()).and_then(|()| writer.flush());
            self.closed.store(written.is_err(), Ordering::Relaxed);
        }
        !self.is_closed()
    }

    /// True if a write has failed.
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }
}

/// Comes back when nobody reads any more what is written to the descriptor: never, if it is a
/// file or a terminal.
pub async fn until_closed(descriptor: std::io::Result<OwnedFd>) {
    // Unchecked, since a check would make writes to it not block, for whoever shares it. A file
    // cannot be waited for.
    if let Ok(descriptor) = descriptor
        && let Ok(pipe) = Sender::from_owned_fd_unchecked(descriptor)
        && pipe.ready(Interest::ERROR).await.is_ok()
    {
        return;
    }
    std::future::pending().await
}

/// The standard output, to wait for its end.
pub fn stdout() -> std::io::Result<OwnedFd> {
    use std::os::fd::AsFd as _;
    std::io::stdout().as_fd().try_clone_to_owned()
}

/// Whether standard error is a terminal that may be coloured.
pub fn color() -> bool {
    use std::io::IsTerminal as _;
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn the_end_of_a_pipe_is_seen_before_anything_is_written() {
        let (reader, writer) = std::io::pipe().unwrap();
        let mut end = std::pin::pin!(until_closed(Ok(writer.into())));
        assert!(tokio::time::timeout(Duration::from_millis(100), &mut end).await.is_err());
        drop(reader);
        tokio::time::timeout(Duration::from_secs(10), end).await.unwrap();
    }

    #[tokio::test]
    async fn a_file_has_no_end() {
        let file = tempfile::tempfile().unwrap();
        let end = until_closed(Ok(file.into()));
        assert!(tokio::time::timeout(Duration::from_millis(100), end).await.is_err());
    }
}
