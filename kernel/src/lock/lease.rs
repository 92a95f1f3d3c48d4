//! The renewal of a lease, over a channel of its own.

use tokio::sync::mpsc;

use crate::ssh::Channel;
use crate::ssh::frame::{Frame, Frames};

use super::{LockAnswer, RENEW_S};

/// The running renewal of a lease. Dropping it ends the renewal.
pub struct Renewal {
    told: mpsc::Receiver<String>,
    task: tokio::task::JoinHandle<()>,
}

impl Renewal {
    /// Renews from now on; the channel's script is that of [`super::script::renew`], whose events
    /// carry `mark`.
    pub fn start(channel: Channel, mark: String) -> Self {
        let (tell, told) = mpsc::channel(1);
        Self { told, task: tokio::spawn(renew(channel, mark, tell)) }
    }

    /// Resolves when the lease is not ours any more, with the reason; never while it is.
    pub async fn ended(&mut self) -> String {
        match self.told.recv().await {
            Some(why) => why,
            None => std::future::pending().await,
        }
    }
}

impl Drop for Renewal {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Sends a line every [`RENEW_S`] seconds and expects an answer to each in the same time.
async fn renew(mut channel: Channel, mark: String, tell: mpsc::Sender<String>) {
    let mut frames = Frames::new(&mark);
    let every = std::time::Duration::from_secs(RENEW_S);
    let mut tick = tokio::time::interval(every);
    tick.tick().await;
    let mut answered = true;
    let why = loop {
        tokio::select! {
            _ = tick.tick() => {
                if !answered {
                    break "the primary host has not answered for 10 s".to_string();
                }
                answered = false;
                if let Err(error) = channel.write_all(b"beat\n").await {
                    break error.to_string();
                }
            }
            chunk = channel.next() => {
                let Some(chunk) = chunk else { break "the connection was cut".to_string() };
                for frame in frames.read(&chunk) {
                    let Frame::Event(words) = frame else { continue };
                    match LockAnswer::read(&words) {
                        Some(LockAnswer::Renewed) => answered = true,
                        Some(LockAnswer::Lost) => {
                            let _ = tell.send("another deploy has taken over the lock".into()).await;
                            return;
                        }
                        _ => {}
                    }
                }
            }
        }
    };
    let _ = tell.send(why).await;
}
