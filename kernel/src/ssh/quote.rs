//! Quoting for POSIX shells, in this one place.

/// Words that a shell would read as grammar where a command may begin.
const RESERVED: &[&str] = &[
    "!", "case", "coproc", "do", "done", "elif", "else", "esac", "fi", "for", "function", "if",
    "in", "select", "then", "time", "until", "while",
];

/// Quotes one word, so that a POSIX `sh` reads it back unchanged, as one word, in any position.
///
/// Simple words stay as they are; everything else stands in single quotes. `text` must hold no NUL:
/// no shell and no argument vector can carry one. The caller puts a blank between the word and a
/// redirection that follows it.
pub fn quote(text: &str) -> String {
    if is_plain(text) && !text.contains('=') && !RESERVED.contains(&text) {
        return text.to_owned();
    }
    enclose(text)
}

fn enclose(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// [`quote`] for bytes that need not be UTF-8.
pub fn quote_bytes(bytes: &[u8]) -> Vec<u8> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return quote(text).into_bytes();
    }
    let mut quoted = vec![b'\''];
    for &byte in bytes {
        match byte {
            b'\'' => quoted.extend_from_slice(br"'\''"),
            _ => quoted.push(byte),
        }
    }
    quoted.push(b'\'');
    quoted
}

/// Quotes each word and joins them with single blanks: one command of a script.
///
/// Behind the first word neither `A=b` nor `if` mean anything to a shell, so they stay readable
/// there.
pub fn quote_words<I>(words: I) -> String
where
    I: IntoIterator,
    I::Item: AsRef<str>,
{
    let mut line = String::new();
    for word in words {
        let word = word.as_ref();
        if line.is_empty() {
            line = quote(word);
            continue;
        }
        line.push(' ');
        match is_plain(word) {
            true => line.push_str(word),
            false => line.push_str(&enclose(word)),
        }
    }
    line
}

/// Whether every shell takes the word literally, unless it stands where a command begins. `%` and
/// `~` never do (jobs, home directories), nor does a leading `=` (zsh).
fn is_plain(word: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_@+:,./-=".contains(&byte);
    !word.is_empty() && !word.starts_with('=') && word.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Write;
    use std::process::{Command, Stdio};

    /// Every POSIX shell of this machine, `sh` first.
    fn shells() -> Vec<Vec<&'static str>> {
        let all = [
            vec!["sh"],
            vec!["dash"],
            vec!["bash", "--posix"],
            vec!["busybox", "sh"],
            vec!["ksh"],
            vec!["zsh"],
        ];
        let found: Vec<_> = all
            .into_iter()
            .filter(|argv| {
                Command::new(argv[0])
                    .args(&argv[1..])
                    .args(["-c", ":"])
                    .output()
                    .is_ok_and(|o| o.status.success())
            })
            .collect();
        assert_eq!(found.first(), Some(&vec!["sh"]), "this machine has no sh");
        found
    }

    /// What `shell` makes of the quoted words when they arrive in a script on stdin.
    fn read_back(shell: &[&str], words: &[Vec<u8>]) -> Vec<Vec<u8>> {
        let mut script = b"printf '%s\\0' ".to_vec();
        for word in words {
            script.extend(quote_bytes(word));
            script.push(b' ');
        }
        script.push(b'\n');
        let mut child = Command::new(shell[0])
            .args(&shell[1..])
            .arg("-s")
            .env("LC_ALL", "C")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(&script).unwrap();
        let out = child.wait_with_output().unwrap();
        assert!(out.status.success());
        out.stdout.split(|byte| *byte == 0).map(<[u8]>::to_vec).take(words.len()).collect()
    }

    fn nasty() -> impl Strategy<Value = Vec<u8>> {
        let special = proptest::sample::select(
            b"'\"\\$`!*?[]{}()<>|&;#~=%^ \t\n\r\x01\x7f\x81\x88\xff\xc3-".to_vec(),
        );
        prop_oneof![
            proptest::collection::vec(1u8.., 0..40),
            proptest::collection::vec(special, 0..12),
            any::<String>().prop_map(|text| text
                .into_bytes()
                .into_iter()
                .filter(|byte| *byte != 0)
                .collect()),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn every_shell_reads_every_word_back(words in proptest::collection::vec(nasty(), 1..30)) {
            for shell in shells() {
                prop_assert_eq!(&read_back(&shell, &words), &words, "{:?}", shell);
            }
        }
    }

    #[test]
    fn every_single_byte_survives_alone_and_doubled() {
        let words: Vec<Vec<u8>> =
            (1..=255u8).flat_map(|byte| [vec![byte], vec![byte, byte], vec![b'a', byte]]).collect();
        for shell in shells() {
            assert_eq!(read_back(&shell, &words), words, "{shell:?}");
        }
    }

    #[test]
    fn simple_words_stay_readable() {
        for word in ["docker", "/usr/bin/env", "user@host", "1.10", "-t"] {
            assert_eq!(quote(word), word);
        }
        let words = ["if", "", "it's", "A=b", "=a", "if", "~", "é"];
        assert_eq!(quote_words(words), r"'if' '' 'it'\''s' A=b '=a' if '~' 'é'");
        assert_eq!(quote("A=b"), "'A=b'");
    }
}
