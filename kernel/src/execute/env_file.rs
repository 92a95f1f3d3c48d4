//! Env files in Docker's format, and what that format cannot carry.

use crate::model::wit::EnvVar;

use super::script::ScriptError;
use super::shell::Scope;

/// One argument or variable of a process may have this many bytes (Linux, MAX_ARG_STRLEN).
const MAX_VALUE: usize = 128 * 1024 - 1;
/// Docker reads the file by lines of less than this many bytes.
const MAX_LINE: usize = 64 * 1024;
/// Names under which an exact value cannot be handed to the engine's client, since the
/// client or its loader would read it.
const READ_BY_CLIENT: &[&str] = &["PATH", "HOME", "IFS", "ENV", "SHELLOPTS", "PS4"];

/// An env file as it will be written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct EnvFile {
    /// `NAME=value` lines; a value that a line cannot carry stands escaped, as Kamal does it.
    pub text: String,
    /// Values that must arrive exactly through a file of their own.
    pub exact: Vec<(String, String)>,
}

impl EnvFile {
    /// Resolves the values. Errors name the variable, never its value.
    pub fn new(vars: &[EnvVar], scope: &Scope) -> Result<Self, ScriptError> {
        let mut text = String::new();
        let mut exact = Vec::new();
        for var in vars {
            let value = scope.reveal(&var.value)?;
            check(&var.name, &value)?;
            if plain(&var.name, &value) {
                text.push_str(&format!("{}={value}\n", var.name));
            } else {
                if !exportable(&var.name) {
                    return Err(ScriptError::Value {
                        name: var.name.clone(),
                        why: "has a value of several lines, which Docker's env files cannot \
                              carry, under a name that the docker client reads itself; give it \
                              another name"
                            .into(),
                    });
                }
                text.push_str(&format!("{}={}\n", var.name, escape(&value)));
                exact.push((var.name.clone(), value));
            }
        }
        if text.is_empty() {
            text.push('\n');
        }
        Ok(Self { text, exact })
    }
}

fn check(name: &str, value: &str) -> Result<(), ScriptError> {
    let fail = |why: &str| Err(ScriptError::Value { name: name.into(), why: why.into() });
    if name.is_empty() || name.contains(['=', '\n', '\0']) || name.starts_with('#') {
        return fail("has a name that no environment can hold");
    }
    if value.contains('\0') {
        return fail("has a NUL byte, which no environment can hold");
    }
    if name.len() + 1 + value.len() > MAX_VALUE {
        return fail("is larger than 128 KiB, the most that Linux passes to a process");
    }
    Ok(())
}

/// True if a line of Docker's format carries the value unchanged.
fn plain(name: &str, value: &str) -> bool {
    !value.contains('\n') && !value.ends_with('\r') && name.len() + value.len() + 2 < MAX_LINE
}

/// True if the value can be exported for the docker client without changing the client.
fn exportable(name: &str) -> bool {
    let shell = !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let upper = name.to_ascii_uppercase();
    shell
        && !READ_BY_CLIENT.contains(&name)
        && !name.starts_with("DOCKER_")
        && !name.starts_with("LD_")
        && !upper.ends_with("_PROXY")
}

/// One line that stands for several: what Kamal writes for a multi-line value.
fn escape(value: &str) -> String {
    value.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r")
}
