//! Waits: loops that run on the host, ask for a fact and stop at a time limit.
//!
//! A wait that ends without its fact has the code 124, as `timeout` has; one that can never
//! hold any more has 1. What was answered last is printed, once per change.

use std::fmt::Write as _;

use crate::model::plan::FailFast;
use crate::model::wit::HttpWait;
use crate::ssh::quote;

use super::shell::Bindings;
use super::trip::ScriptError;

/// How long to wait before asking again, in seconds.
const AGAIN: &str = "0.15";

/// What the first word of an answer means.
pub(super) struct Words<'a> {
    pub accept: &'a [String],
    pub reject: &'a [String],
    pub steady: &'a [String],
    pub steady_ms: u32,
}

/// The head of every loop: the deadline, and giving up when the script was asked to stop.
fn head(limit_ms: u32) -> String {
    format!("up; d=$((U+{})); was=; since=$U\nwhile :; do\n", limit_ms / 10)
}

fn tail() -> String {
    format!(
        "[ -z \"$I\" ] || return 130\nup; if [ $U -ge $d ]; then \
         printf 'timed out; last answer: %s\\n' \"$now\" >&2; return 124; fi\n\
         sleep {AGAIN}\ndone\n"
    )
}

/// Asks with a command until the first word of its line decides.
pub(super) fn watch(command: &str, words: Words, limit_ms: u32) -> String {
    let mut text = head(limit_ms);
    let _ = writeln!(text, "now=$({command} 2>/dev/null) || now=gone\nup");
    text.push_str("[ \"$now\" = \"$was\" ] || { since=$U; printf 'state: %s\\n' \"$now\" >&2; }\n");
    text.push_str("was=$now\ncase ${now%% *} in\n");
    if let Some(pattern) = pattern(words.accept) {
        let _ = writeln!(text, "{pattern}) return 0;;");
    }
    if let Some(pattern) = pattern(words.reject) {
        let _ = writeln!(text, "{pattern}) return 1;;");
    }
    if let Some(pattern) = pattern(words.steady) {
        let _ = writeln!(
            text,
            "{pattern}) [ $((U-since)) -lt {} ] || return 0;;",
            words.steady_ms / 10
        );
    }
    text.push_str("esac\n");
    text.push_str(&tail());
    text
}

fn pattern(words: &[String]) -> Option<String> {
    let quoted: Vec<String> = words.iter().map(|word| quote(word)).collect();
    (!quoted.is_empty()).then(|| quoted.join("|"))
}

/// Runs a command until it succeeds.
pub(super) fn until(command: &str, limit_ms: u32) -> String {
    format!("{}{command} && return 0\nnow=\"code $?\"\n{}", head(limit_ms), tail())
}

/// Asks a URL until the answer matches, and leaves the port that it yields in `$y`: in a
/// substitution it would not see a request to stop.
/// The host may have curl, bash or a netcat: whichever
/// is there asks for HTTP/1.0, so that the answer comes in one piece, and is read raw.
pub(super) fn http(
    wait: &HttpWait,
    fail_fast: Option<&FailFast>,
    limit_ms: u32,
    bindings: &Bindings,
) -> Result<String, ScriptError> {
    let mut text =
        format!("u={}\nt={}\n", bindings.word(&wait.url)?, limit_ms.div_ceil(1000).min(5));
    if let Some(contains) = &wait.contains {
        let _ = writeln!(text, "want={}", bindings.word(contains)?);
    }
    for (i, absent) in wait.absent.iter().enumerate() {
        let _ = writeln!(text, "no{i}={}", bindings.word(absent)?);
    }
    if let Some(after) = &wait.port_after {
        let _ = writeln!(text, "after={}", bindings.word(after)?);
    }
    text.push_str(FETCH);
    text.push_str("k=0\n");
    text.push_str(&head(limit_ms));
    text.push_str("now=$(fetch 2>/dev/null | head -c 262144 | tr -d '\\000\\r')\n");
    text.push_str("l=${now%%\"$n\"*}; st=${l#HTTP/* }; st=${st%% *}\n");
    text.push_str("case $l:$st in HTTP/*:[1-5][0-9][0-9]) :;; *) st=0; l='no answer';; esac\n");
    text.push_str("[ \"$l\" = \"$was\" ] || printf 'asked %s: %s\\n' \"$u\" \"$l\" >&2\nwas=$l\n");
    let _ = writeln!(
        text,
        "ok=y; [ $st -ge {} ] && [ $st -le {} ] || ok=",
        wait.status_from.max(1),
        wait.status_to
    );
    if wait.contains.is_some() {
        text.push_str("case $now in *\"$want\"*) :;; *) ok=;; esac\n");
    }
    for i in 0..wait.absent.len() {
        let _ = writeln!(text, "case $now in *\"$no{i}\"*) ok=;; esac");
    }
    if wait.port_after.is_some() {
        text.push_str(
            "r=${now#*\"$after\"}; [ \"$r\" != \"$now\" ] || ok=; r=${r%%[!0-9]*}; \
             [ -n \"$r\" ] || ok=\n",
        );
        text.push_str("if [ -n \"$ok\" ]; then y=$r; return 0; fi\n");
    } else {
        text.push_str("[ -z \"$ok\" ] || return 0\n");
    }
    if let Some(FailFast { argv, words }) = fail_fast
        && let Some(pattern) = pattern(words)
    {
        // About once a second: asking an engine costs the host more than asking a URL.
        let _ = writeln!(
            text,
            "k=$((k+1)); if [ $((k%7)) -eq 1 ]; then\n\
             life=$(lim 20 {} 2>/dev/null) || life=gone\n\
             case ${{life%% *}} in {pattern}) printf 'state: %s\\n' \"$life\" >&2; return 1;; esac\nfi",
            bindings.words(argv)?
        );
    }
    // What is told at the end is the status line and the start of the answer's body.
    text.push_str("now=\"$l $(printf '%s' \"$now\" | sed '1,/^$/d' | head -c 300)\"\n");
    text.push_str(&tail());
    Ok(text)
}

/// `fetch` prints the raw answer to a GET of `$u`. The login user's settings of curl are left
/// out, redirects are answers, and braces are not read as several URLs.
const FETCH: &str = r#"n='
'
h=${u#http://}; p=/${h#*/}; [ "$p" != "/$h" ] || p=/; h=${h%%/*}
o=${h##*:}; [ "$o" != "$h" ] || o=80
a=${h%:*}; a=${a#\[}; a=${a%\]}
fetch() {
if command -v curl >/dev/null; then curl --disable --silent --include --http1.0 --noproxy '*' --proto '=http,https' --no-location --globoff --max-time $t -- "$u"
elif command -v bash >/dev/null; then lim $t bash -c 'exec 3<>"/dev/tcp/$1/$2" && printf "GET %s HTTP/1.0\r\nHost: %s\r\n\r\n" "$3" "$4" >&3 && exec cat <&3' fetch "$a" "$o" "$p" "$h"
elif command -v nc >/dev/null; then printf 'GET %s HTTP/1.0\r\nHost: %s\r\n\r\n' "$p" "$h" | lim $t nc "$a" "$o"
else printf 'HTTP/1.0 000 this host has neither curl nor bash nor nc to ask with\r\n\r\n'; fi
}
"#;
