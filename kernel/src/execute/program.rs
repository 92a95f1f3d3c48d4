//! The body of one step as a shell function.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::model::plan::{PlannedStep, Process, Program};
use crate::model::wit::{OutputKind, Part};
use crate::ssh::quote;

use super::env_file::EnvFile;
use super::shell::Bindings;
use super::trip::ScriptError;
use super::wait;

/// A function body, and what it yields.
pub(super) struct Body {
    pub text: String,
    pub yields: Option<OutputKind>,
    /// True: it leaves that in `$y`. False: it prints it.
    pub sets_y: bool,
}

/// Writes the body of a step, with the check of its paths before it.
pub(super) fn body(step: &PlannedStep, bindings: &Bindings) -> Result<Body, ScriptError> {
    let body = act(step, bindings)?;
    Ok(Body { text: refuse_links(&step.unlinked) + &body.text, ..body })
}

fn act(step: &PlannedStep, bindings: &Bindings) -> Result<Body, ScriptError> {
    let limit_ms = step.spec.time_limit_ms;
    let silent = |text: String| Ok(Body { text, yields: None, sets_y: false });
    match &step.program {
        Program::Processes { processes, yields, abort: _ } => {
            let mut text = String::new();
            for (i, process) in processes.iter().enumerate() {
                // Only the last command's output is what the step yields.
                let aside = if yields.is_some() && i + 1 < processes.len() { " >&2" } else { "" };
                let _ = writeln!(text, "{}{aside} || return $?", run(process, limit_ms, bindings)?);
            }
            Ok(Body { text, yields: *yields, sets_y: false })
        }
        Program::Watch { argv, accept, reject, steady, steady_ms } => silent(wait::watch(
            &format!("lim 20 {}", bindings.words(argv)?),
            wait::Words { accept, reject, steady, steady_ms: *steady_ms },
            limit_ms,
        )),
        Program::Http { wait, fail_fast } => Ok(Body {
            text: wait::http(wait, fail_fast.as_ref(), limit_ms, bindings)?,
            yields: wait.port_after.as_ref().map(|_| OutputKind::Port),
            sets_y: true,
        }),
        Program::Until(process) => {
            silent(wait::until(&run(process, limit_ms, bindings)?, limit_ms))
        }
        Program::Delay { ms } => silent(format!("sleep {}.{:03}\n", ms / 1000, ms % 1000)),
        Program::WriteFile { path, content, mode } => {
            silent(write(path, &bindings.inner(content)?, *mode))
        }
        Program::Upload { path, content, mode } => {
            // A shell word holds no NUL, so the bytes travel encoded.
            let bytes = content.bytes().ok_or(ScriptError::Unsupported)?;
            silent(place(
                path,
                &format!("printf '%s' '{}' | base64 -d", BASE64.encode(bytes)),
                *mode,
            ))
        }
        Program::WriteEnvFile { path, vars, client_variables } => {
            let file = EnvFile::new(vars, client_variables, bindings)?;
            let mut text = write(path, &quote(&file.text), 0o600);
            let dir = format!("{path}.d");
            let _ = writeln!(text, "rm -rf -- {} || return", quote(&dir));
            for (name, value) in &file.exact {
                text.push_str(&write(&format!("{dir}/{name}"), &quote(value), 0o600));
            }
            silent(text)
        }
        Program::MakeDirectory { path } => silent(format!("mkdir -p -- {}\n", quote(path))),
        Program::MergeDirectory { from, to } => silent(merge(from, to)),
        Program::AppendLine { path, line } => silent(format!(
            "{}printf '%s\\n' {} >>{}\n",
            parent(path),
            bindings.inner(line)?,
            quote(path)
        )),
        Program::RemoveFile { path } => silent(format!("rm -f -- {}\n", quote(path))),
        Program::RemoveDirectory { path } => silent(format!("rm -rf -- {}\n", quote(path))),
        Program::Say { text } => silent(format!("printf '%s\\n' {}\n", quote(text))),
        // The client runs hooks itself: one in a script is a mistake of ours.
        Program::Hook { .. } => Err(ScriptError::Unsupported),
    }
}

/// Fails before anything is done if one of the paths is a symbolic link.
fn refuse_links(paths: &[String]) -> String {
    if paths.is_empty() {
        return String::new();
    }
    let paths: Vec<String> = paths.iter().map(|path| quote(path)).collect();
    format!(
        "for windlass_ in {}; do if [ -L \"$windlass_\" ]; then printf '%s is a symbolic link: a \
         plugin that is not bundled must not follow one\\n' \"$windlass_\" >&2; return 73; fi; done\n",
        paths.join(" ")
    )
}

/// How long each command may take that ends what a step has left running.
const ABORT_LIMIT_MS: u32 = 30_000;

/// What follows the end of a step's function, whose code is `$c`, if it ran processes. Which code
/// a process has that was ended at its limit depends on how it took that and on the tool that
/// ended it, so the clock decides; `$B` is when the step began. Empty for other programs.
pub(super) fn aftermath(step: &PlannedStep, bindings: &Bindings) -> Result<String, ScriptError> {
    let Program::Processes { abort, .. } = &step.program else { return Ok(String::new()) };
    // `timeout` has whole seconds, the clock hundredths: a tenth covers what is cut off.
    let limit = u64::from(step.spec.time_limit_ms.div_ceil(1000)) * 100 - 10;
    let mut text = format!("case $c in 137|143) up; [ $((U-B)) -lt {limit} ] || c=124;; esac\n");
    if !abort.is_empty() {
        text.push_str("if [ $c = 124 ] || { [ $c != 0 ] && [ -n \"$I\" ]; }; then {\n");
        for process in abort {
            let _ = writeln!(
                text,
                "{} || printf 'what this step left running could not be ended\\n'",
                run(process, ABORT_LIMIT_MS, bindings)?
            );
        }
        text.push_str("} </dev/null >&2 9>&-; fi\n");
    }
    Ok(text)
}

/// How long what ends a step's remains may take in all.
pub(super) fn abort_limit_ms(step: &PlannedStep) -> u64 {
    match &step.program {
        Program::Processes { abort, .. } => abort.len() as u64 * u64::from(ABORT_LIMIT_MS),
        _ => 0,
    }
}

/// One process: its environment and stdin, a time limit, and which codes mean success.
fn run(process: &Process, limit_ms: u32, bindings: &Bindings) -> Result<String, ScriptError> {
    let mut command = format!("lim {} {}", limit_ms.div_ceil(1000), bindings.words(&process.argv)?);
    if let Some(stdin) = &process.stdin {
        command = format!("printf '%s' {} | {command}", bindings.inner(stdin)?);
    }
    if !process.env.is_empty() {
        refuse_collision(process)?;
        command = format!("( {}{command} )", bindings.exports(&process.env)?);
    }
    if process.success.iter().any(|code| *code != 0) {
        let codes: Vec<String> = process.success.iter().map(i32::to_string).collect();
        command = format!(
            "{{ {command}; c=$?; case $c in {}) :;; 0) false;; *) (exit $c);; esac; }}",
            codes.join("|")
        );
    }
    Ok(command)
}

/// A variable that is exported for the process must not be one that its command line reads
/// from the host: the exported value, perhaps a secret, would stand in the command line.
fn refuse_collision(process: &Process) -> Result<(), ScriptError> {
    for part in process.argv.iter().flatten() {
        if let Part::HostEnv(name) = part
            && process.env.iter().any(|var| var.name == *name)
        {
            return Err(ScriptError::SecretInCommand { name: name.clone() });
        }
    }
    Ok(())
}

/// Writes a file atomically.
fn write(path: &str, content: &str, mode: u16) -> String {
    place(path, &format!("printf '%s' {content}"), mode)
}

/// Puts what a command prints into a file atomically. The temporary file is private from its
/// first byte.
fn place(path: &str, command: &str, mode: u16) -> String {
    let temporary = quote(&format!("{path}.windlass-new"));
    format!(
        "{}( umask 077; {command} >{temporary} ) && chmod {mode:o} {temporary} && \
         mv -f -- {temporary} {} || return\n",
        parent(path),
        quote(path)
    )
}

/// Links into one directory what it lacks of another. Where `cp` knows `--update=none` that is
/// asked for, since from coreutils 9.2 to 9.4 `-n` fails when there is something to skip.
fn merge(from: &str, to: &str) -> String {
    let (from, to) = (quote(from), quote(to));
    format!(
        "mkdir -p -- {to} || return\n[ -d {from} ] || return 0\n\
         if cp --update=none --version >/dev/null 2>&1; then cp -rlT --update=none -- {from} {to}\n\
         else cp -rlnT -- {from} {to}; fi\n"
    )
}

/// Makes the directory that a path is in.
fn parent(path: &str) -> String {
    match path.rsplit_once('/') {
        Some((parent, _)) if !parent.is_empty() => {
            format!("mkdir -p -- {} || return\n", quote(parent))
        }
        _ => String::new(),
    }
}
