//! Any bytes, quoted, come back from the machine's own `sh` unchanged. One shell reads them all:
//! a word that escaped its quotes would be the end of it.

#![no_main]

use std::cell::RefCell;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use libfuzzer_sys::fuzz_target;
use windlass_fuzz::quote::{quote, quote_bytes, quote_words};

struct Shell {
    _child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

thread_local! {
    static SHELL: RefCell<Shell> = RefCell::new(start());
}

fn start() -> Shell {
    let mut child = Command::new("sh")
        .arg("-s")
        .env("LC_ALL", "C")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("this machine has a sh");
    let input = child.stdin.take().expect("it was asked for");
    let output = BufReader::new(child.stdout.take().expect("it was asked for"));
    Shell { _child: child, input, output }
}

/// What the shell makes of a word.
fn read_back(quoted: &[u8]) -> Vec<u8> {
    SHELL.with_borrow_mut(|shell| {
        let line = [b"printf '%s\\0' ".as_slice(), quoted, b"\n"].concat();
        shell.input.write_all(&line).expect("the shell lives");
        let mut word = Vec::new();
        shell.output.read_until(0, &mut word).expect("the shell lives");
        assert_eq!(word.pop(), Some(0), "the shell ended");
        word
    })
}

fuzz_target!(|bytes: &[u8]| {
    // No shell and no argument vector can carry a NUL.
    if bytes.contains(&0) {
        return;
    }
    assert_eq!(read_back(&quote_bytes(bytes)), bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        assert_eq!(read_back(quote(text).as_bytes()), bytes);
        // Behind the first word more stands without quotes.
        let line = quote_words(["x", text]);
        let word = line.strip_prefix("x ").expect("a plain word stays as it is");
        assert_eq!(read_back(word.as_bytes()), bytes);
    }
});
