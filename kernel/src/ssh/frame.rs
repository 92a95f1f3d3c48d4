//! How a script and the kernel talk: framed events on stdout, what commands print on stderr.
//!
//! Every event is one line that begins with the script's random mark; a line of that shape
//! on stderr names the step whose output follows. Lines without the mark are not ours.

use super::channel::{Channel, Chunk, Exit};
use super::error::SshError;
use super::session::Session;

/// A line may have this many bytes: facts of a crowded host come as one.
const MAX_LINE: usize = 32 * 1024 * 1024;
/// A line of output is cut after this many bytes.
const MAX_TEXT: usize = 16 * 1024;

/// What every script starts with: the mark, the clock, and a time limit for commands.
///
/// HUP and PIPE are ignored, so that a lost client does not stop a script half-way; TERM
/// asks it to stop at the next safe point. Times are hundredths of a second since the boot.
/// `lim` uses no variables: it runs among those that a command is given.
pub fn preamble(mark: &str) -> String {
    format!(
        "{{\nLC_ALL=C; export LC_ALL; unset CDPATH; umask 022\ntrap '' HUP PIPE\ntrap 'I=1' TERM\n\
         M={mark}; F=; I=\n\
         ev() {{ printf '%s %s\\n' \"$M\" \"$*\"; }}\n\
         up() {{ read -r U x </proc/uptime; U=${{U%.*}}${{U#*.}}; }}\n\
         if timeout --foreground 1 true 2>/dev/null; then lim() {{ timeout --foreground -k 5 \"$@\"; }}\n\
         elif timeout -k 1 1 true 2>/dev/null; then lim() {{ timeout -k 5 \"$@\"; }}\n\
         elif timeout 1 true 2>/dev/null; then lim() {{ timeout \"$@\"; }}\n\
         else lim() {{ shift; \"$@\"; }}; fi\n"
    )
}

/// One thing that a script said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// The words of an event, without the mark.
    Event(Vec<String>),
    /// A line that a command printed, under the number of the step it belongs to.
    Text { step: Option<usize>, line: String },
}

/// Turns chunks into frames.
#[derive(Debug)]
pub struct Frames {
    mark: String,
    out: Vec<u8>,
    err: Vec<u8>,
    step: Option<usize>,
}

impl Frames {
    /// Reads frames of the script that was given this mark.
    pub fn new(mark: &str) -> Self {
        Self { mark: format!("{mark} "), out: Vec::new(), err: Vec::new(), step: None }
    }

    /// The frames that a chunk completes.
    pub fn read(&mut self, chunk: &Chunk) -> Vec<Frame> {
        let mut frames = Vec::new();
        match chunk {
            Chunk::Stdout(bytes) => {
                for line in lines(&mut self.out, bytes, MAX_LINE) {
                    // Whatever else stands on stdout (a login banner, say) is not ours.
                    if let Some(event) = line.strip_prefix(&self.mark) {
                        frames.push(Frame::Event(event.split(' ').map(String::from).collect()));
                    }
                }
            }
            Chunk::Stderr(bytes) => {
                for line in lines(&mut self.err, bytes, MAX_TEXT) {
                    match line.strip_prefix(&self.mark).and_then(|n| n.trim().parse().ok()) {
                        Some(step) => self.step = Some(step),
                        None => frames.push(Frame::Text { step: self.step, line }),
                    }
                }
            }
        }
        frames
    }

    /// The frame of a last line without newline.
    pub fn end(&mut self) -> Vec<Frame> {
        if self.err.is_empty() {
            return Vec::new();
        }
        self.read(&Chunk::Stderr(b"\n".to_vec()))
    }
}

/// Complete lines out of a buffer and the next bytes; a line beyond `cap` is cut.
fn lines(buffer: &mut Vec<u8>, bytes: &[u8], cap: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for &byte in bytes {
        if byte == b'\n' {
            let line = std::mem::take(buffer);
            lines.push(String::from_utf8_lossy(&line).trim_end_matches('\r').to_string());
        } else if buffer.len() < cap {
            buffer.push(byte);
        }
    }
    lines
}

/// Runs a script in one round trip and hands over what it says, as it says it.
///
/// `on` is called in order; the exit comes when both streams have ended.
pub async fn run(
    session: &Session,
    text: &str,
    mark: &str,
    mut on: impl FnMut(Frame) + Send,
) -> Result<Exit, SshError> {
    let mut channel = session.channel().await?;
    match channel.write_all(text.as_bytes()).await {
        // The end tells more than the refused input does.
        Ok(()) | Err(SshError::StdinClosed { .. }) => {}
        Err(error) => return Err(error),
    }
    channel.close_stdin();
    Ok(read(channel, mark, &mut on).await)
}

async fn read(mut channel: Channel, mark: &str, on: &mut (impl FnMut(Frame) + Send)) -> Exit {
    let mut frames = Frames::new(mark);
    while let Some(chunk) = channel.next().await {
        frames.read(&chunk).into_iter().for_each(&mut *on);
    }
    frames.end().into_iter().for_each(&mut *on);
    channel.wait().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_cut_anywhere() {
        let mut frames = Frames::new("MK");
        let mut seen = Vec::new();
        for byte in b"noise\nMK begin 3\nMK x" {
            seen.extend(frames.read(&Chunk::Stdout(vec![*byte])));
        }
        for byte in b"MK 3\nhello\r\nMK is not a number\nlast" {
            seen.extend(frames.read(&Chunk::Stderr(vec![*byte])));
        }
        seen.extend(frames.end());
        let text = |line: &str| Frame::Text { step: Some(3), line: line.into() };
        assert_eq!(
            seen,
            vec![
                Frame::Event(vec!["begin".into(), "3".into()]),
                text("hello"),
                text("MK is not a number"),
                text("last"),
            ]
        );
    }
}
