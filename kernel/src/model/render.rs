//! Steps as people read them: what each does, word by word.
//!
//! For eyes: what runs on a host is quoted elsewhere. A literal is quoted as one would type it,
//! so that it cannot pass for a placeholder such as `<secret NAME>`, and what a terminal would
//! obey or hide is written as an escape, so that a plugin cannot show one command and plan
//! another.

use super::outputs;
use super::plan::{FailFast, PlannedStep, Process, Program};
use super::wit::{Condition, EnvVar, HttpWait, Part, Text};

/// Columns after which a command goes on in the next line.
const WIDTH: usize = 100;

/// What a step does and how it is taken back. Long commands are folded before an option.
pub fn does(step: &PlannedStep) -> String {
    let mut text = fold(&program(&step.program));
    if let Some(undo) = &step.undo {
        text += &format!("\nundo: {}", fold(&program(undo)));
    }
    text
}

/// The terms on which a step runs: its time limit, what it depends on, how often it happens,
/// whether it may fail.
pub fn terms(step: &PlannedStep) -> String {
    let mut terms = vec![format!("within {}", time(step.spec.time_limit_ms))];
    match &step.spec.when {
        Condition::Always => {}
        Condition::Ok(id) => terms.push(format!("only if {id} succeeds")),
        Condition::Failed(id) => terms.push(format!("only if {id} fails")),
    }
    terms.extend(step.spec.block.iter().map(|block| format!("in block {block}")));
    terms.extend(step.spec.once.then(|| "once for the run".to_string()));
    terms.extend(step.spec.may_fail.then(|| "may fail".to_string()));
    terms.join(", ")
}

/// Why a step is there, and what it adds to the host's audit log.
pub fn reasons(step: &PlannedStep) -> String {
    let mut text = format!("because {}", visible(&step.spec.why).replace('\n', "\n  "));
    if let Some(audit) = &step.spec.audit {
        text += &format!("\naudit: {}", visible(audit));
    }
    text
}

/// The text with `margin` before each line.
pub fn indent(text: &str, margin: &str) -> String {
    text.lines().map(|line| format!("{margin}{line}\n")).collect()
}

/// What a program does, as words, each as one would type it.
pub fn program(program: &Program) -> Vec<String> {
    match program {
        Program::Processes { processes, yields, abort } => {
            let mut words = sequence(processes);
            words.extend(yields.map(|kind| format!("(yields {})", outputs::name(kind))));
            if !abort.is_empty() {
                words.push("on time-out:".to_string());
                words.extend(sequence(abort));
            }
            words
        }
        Program::Watch { argv, accept, reject, steady, steady_ms } => {
            let mut words = vec!["ask:".to_string()];
            words.extend(argv.iter().map(word));
            words.push(format!("until {}", one_of(accept)));
            if !steady.is_empty() {
                words.push(format!("or {} for {}", one_of(steady), time(*steady_ms)));
            }
            words.extend((!reject.is_empty()).then(|| format!("unless {}", one_of(reject))));
            words
        }
        Program::Http { wait, fail_fast } => http(wait, fail_fast.as_ref()),
        Program::Until(command) => {
            let mut words = vec!["repeat:".to_string()];
            words.extend(process(command));
            words.push("until it succeeds".to_string());
            words
        }
        Program::Delay { ms } => vec![format!("wait {}", time(*ms))],
        Program::WriteFile { path, content, mode } => {
            let mut words = vec!["write".to_string(), quoted(path), format!("(mode {mode:04o})")];
            words.extend(input(content));
            words
        }
        Program::Upload { path, content, mode } => {
            let digest: String = content.digest().chars().take(12).collect();
            vec![format!("upload {} (mode {mode:04o}, sha256 {digest})", quoted(path))]
        }
        Program::WriteEnvFile { path, vars, client_variables: _ } => {
            let mut words = vec!["write".to_string(), quoted(path), "(env file)".to_string()];
            words.extend(vars.iter().map(assignment));
            words
        }
        Program::MakeDirectory { path } => vec![format!("make directory {}", quoted(path))],
        Program::MergeDirectory { from, to } => {
            vec![format!("link into {} what it lacks of {}", quoted(to), quoted(from))]
        }
        Program::AppendLine { path, line } => {
            let mut words = vec!["append to".to_string(), quoted(path)];
            words.extend(input(line));
            words
        }
        Program::RemoveFile { path } => vec![format!("remove {}", quoted(path))],
        Program::RemoveDirectory { path } => vec![format!("remove directory {}", quoted(path))],
        Program::Hook { name } => vec![format!("hook {}", quoted(name))],
        Program::Say { text } => vec![format!("say {}", quoted(text))],
    }
}

/// Processes in order, each after the success of the one before.
fn sequence(processes: &[Process]) -> Vec<String> {
    let commands: Vec<Vec<String>> = processes.iter().map(process).collect();
    commands.join(&"&&".to_string())
}

fn process(process: &Process) -> Vec<String> {
    let mut words: Vec<String> = process.env.iter().map(assignment).collect();
    words.extend(process.argv.iter().map(word));
    words.extend(process.stdin.iter().flat_map(input));
    if !matches!(process.success[..], [] | [0]) {
        let codes: Vec<String> = process.success.iter().map(ToString::to_string).collect();
        words.push(format!("(success: {})", codes.join("|")));
    }
    words
}

fn http(wait: &HttpWait, fail_fast: Option<&FailFast>) -> Vec<String> {
    let mut words = vec![format!("GET {}", word(&wait.url))];
    words.push(match (wait.status_from, wait.status_to) {
        (from, to) if from == to => format!("until {from}"),
        (from, to) => format!("until {from}-{to}"),
    });
    words.extend(wait.contains.iter().map(|text| format!("contains {}", word(text))));
    words.extend(wait.absent.iter().map(|text| format!("without {}", word(text))));
    words.extend(wait.port_after.iter().map(|text| format!("(yields port after {})", word(text))));
    if let Some(fail_fast) = fail_fast {
        words.push("unless".to_string());
        words.extend(fail_fast.argv.iter().map(word));
        words.push(format!("says {}", one_of(&fail_fast.words)));
    }
    words
}

fn assignment(var: &EnvVar) -> String {
    format!(
        "{}={}",
        quoted(&var.name),
        if var.value.is_empty() { String::new() } else { word(&var.value) }
    )
}

fn input(text: &Text) -> [String; 2] {
    ["<<<".to_string(), word(text)]
}

fn one_of(words: &[String]) -> String {
    words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join("|")
}

fn time(ms: u32) -> String {
    if ms.is_multiple_of(1000) { format!("{} s", ms / 1000) } else { format!("{ms} ms") }
}

/// A text as one word: literals quoted, everything that is only known later by name.
fn word(text: &Text) -> String {
    let mut shown = String::new();
    let mut literal = String::new();
    for part in text {
        let later = match part {
            Part::Literal(more) => {
                literal += more;
                continue;
            }
            Part::Secret(name) => format!("<secret {}>", quoted(name)),
            Part::HostEnv(name) => format!("${{{}}}", visible(name)),
            Part::OutputOf(output) => {
                format!("<{} of {}>", outputs::name(output.kind), quoted(&output.step))
            }
            Part::HostFile(path) => format!("<file {}>", quoted(path)),
            Part::Other(other) => format!("<{} {}>", quoted(&other.name), quoted(&other.data)),
        };
        if !literal.is_empty() {
            shown += &quoted(&std::mem::take(&mut literal));
        }
        shown += &later;
    }
    if shown.is_empty() || !literal.is_empty() {
        shown += &quoted(&literal);
    }
    shown
}

/// A literal as one would type it.
fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_@%+=:,./-".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_string();
    }
    if text.chars().any(is_hidden) {
        return format!("$'{}'", visible(&text.replace('\\', "\\\\").replace('\'', "\\'")));
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// The text with escapes in the place of what a terminal would obey or hide.
fn visible(text: &str) -> String {
    let show = |c: char| match c {
        c if !is_hidden(c) => c.to_string(),
        c => format!("\\u{:04x}", u32::from(c)),
    };
    text.chars().map(show).collect()
}

/// Control characters, and those that turn the direction of writing or have no width.
fn is_hidden(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t')
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// The words as lines of limited width. A line ends before an option, so that none is torn from
/// its value.
fn fold(words: &[String]) -> String {
    let begins = |word: &String| {
        word.starts_with('-')
            || ["&&", "<<<", "until", "unless", "on time-out:"].iter().any(|w| word.starts_with(w))
    };
    let mut text = String::new();
    let mut column = 0;
    for chunk in words.chunk_by(|_, next| !begins(next)) {
        let chunk = chunk.join(" ").replace('\n', "\n  ");
        let first = chunk.lines().next().unwrap_or_default().chars().count();
        if column > 0 && column + 1 + first > WIDTH {
            text += " \\\n  ";
            column = 2;
        } else if column > 0 {
            text.push(' ');
            column += 1;
        }
        text += &chunk;
        column = match chunk.rsplit_once('\n') {
            Some((_, last)) => last.chars().count(),
            None => column + first,
        };
    }
    text
}

#[cfg(test)]
#[path = "render_tests.rs"]
mod tests;
