//! The forms in which a secret's text may turn up in output.

use std::collections::BTreeSet;
use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

/// Every form of `value`, and of each of its lines, as bytes. What is shorter
/// than `shortest`, before or after encoding, would hit ordinary text: left out.
pub fn forms(value: &str, shortest: usize) -> BTreeSet<Vec<u8>> {
    // A terminal, a log or a container may change or drop the final line break.
    let trimmed = value.trim_end_matches(['\n', '\r']);
    let mut texts = vec![value.to_owned(), trimmed.to_owned()];
    if trimmed.contains('\n') {
        let unix = trimmed.replace("\r\n", "\n");
        texts.extend([unix.replace('\n', "\r\n"), unix]);
        texts.extend(value.lines().map(|line| line.trim().to_owned()));
    }
    let mut found = BTreeSet::new();
    texts.retain(|text| text.len() >= shortest);
    texts.iter().for_each(|text| add(text, &mut found));
    found.retain(|form| form.len() >= shortest);
    found
}

fn add(text: &str, found: &mut BTreeSet<Vec<u8>>) {
    let mut keep = |form: String| {
        found.insert(form.into_bytes());
    };
    keep(text.to_owned());
    for offset in 0..3 {
        keep(base64(text.as_bytes(), offset, &STANDARD));
        keep(base64(text.as_bytes(), offset, &URL_SAFE));
    }
    for engine in [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD] {
        keep(engine.encode(text));
    }
    for upper in [false, true] {
        keep(hex(text, upper));
        keep(percent(text, upper, "%20"));
        keep(percent(text, upper, "+"));
    }
    let json = serde_json::Value::from(text).to_string();
    let json = &json[1..json.len() - 1];
    keep(json.to_owned());
    keep(json.replace('/', "\\/"));
    keep(ascii_json(json));
    // Inside another JSON string, as logs of logs have it.
    keep(json.replace('\\', "\\\\").replace('"', "\\\""));
    keep(format!("{text:?}").trim_matches('"').to_owned());
    keep(text.replace('\'', "'\\''"));
    keep(text.replace('\'', "'\"'\"'"));
    keep(escaped(text, |letter| "\"$`\\".contains(letter)));
    keep(escaped(text, |letter| "\"$`\\!".contains(letter)));
    keep(escaped(text, |letter| {
        letter.is_ascii() && !letter.is_ascii_alphanumeric() && !"_-./:,@%+=".contains(letter)
    }));
    keep(escaped(text, |letter| {
        letter.is_ascii() && !letter.is_ascii_alphanumeric() && letter != '_'
    }));
    keep(dollar_quoted(text));
}

/// Base64 of `bytes` after `offset` unknown bytes: the characters that depend
/// on `bytes` alone.
fn base64(bytes: &[u8], offset: usize, engine: &impl Engine) -> String {
    let mut all = vec![0; offset];
    all.extend_from_slice(bytes);
    engine.encode(&all)[(offset * 8).div_ceil(6)..all.len() * 8 / 6].to_owned()
}

fn hex(text: &str, upper: bool) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        let _ = if upper { write!(out, "{byte:02X}") } else { write!(out, "{byte:02x}") };
        out
    })
}

fn percent(text: &str, upper: bool, space: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        let _ = match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                write!(out, "{}", char::from(byte))
            }
            b' ' => write!(out, "{space}"),
            byte if upper => write!(out, "%{byte:02X}"),
            byte => write!(out, "%{byte:02x}"),
        };
        out
    })
}

fn ascii_json(text: &str) -> String {
    text.chars().fold(String::new(), |mut out, letter| {
        if letter.is_ascii() {
            out.push(letter);
        } else {
            let mut units = [0; 2];
            for unit in letter.encode_utf16(&mut units) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
        out
    })
}

fn escaped(text: &str, special: impl Fn(char) -> bool) -> String {
    text.chars()
        .flat_map(|letter| special(letter).then_some('\\').into_iter().chain([letter]))
        .collect()
}

/// Bash's `$'…'`, without the outer quotes.
fn dollar_quoted(text: &str) -> String {
    text.chars().fold(String::new(), |mut out, letter| {
        match letter {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\\' | '\'' => out.extend(['\\', letter]),
            letter => out.push(letter),
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_at_every_offset() {
        // `openssl base64` of "abcde", "xabcde" and "xyabcde".
        assert_eq!(base64(b"abcde", 0, &STANDARD), "YWJjZG");
        assert!("eGFiY2Rl".contains(&base64(b"abcde", 1, &STANDARD)));
        assert!("eHlhYmNkZQ==".contains(&base64(b"abcde", 2, &STANDARD)));
        assert_eq!(base64(b"abcde", 1, &STANDARD), "FiY2Rl");
    }

    #[test]
    fn other_forms() {
        assert_eq!(hex("aZ\n", false), "615a0a");
        assert_eq!(percent("a b/é", true, "+"), "a+b%2F%C3%A9");
        assert_eq!(ascii_json("é😀"), "\\u00e9\\ud83d\\ude00");
        assert_eq!(escaped("a$b", |letter| letter == '$'), "a\\$b");
    }
}
