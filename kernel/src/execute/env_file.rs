//! Env files in Docker's format, and what that format cannot carry.

use crate::model::variable::is_name;
use crate::model::wit::EnvVar;

use super::shell::Bindings;
use super::trip::ScriptError;

/// One argument or variable of a process may have this many bytes (Linux, MAX_ARG_STRLEN).
const MAX_VALUE: usize = 128 * 1024 - 1;
/// Docker reads the file by lines of less than this many bytes.
const MAX_LINE: usize = 64 * 1024;
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
    pub fn new(
        vars: &[EnvVar],
        client_variables: &[String],
        bindings: &Bindings,
    ) -> Result<Self, ScriptError> {
        let mut text = String::new();
        let mut exact = Vec::new();
        for var in vars {
            let value = bindings.reveal(&var.value)?;
            check(&var.name, &value)?;
            if plain(&var.name, &value) {
                text.push_str(&format!("{}={value}\n", var.name));
            } else {
                if !exportable(&var.name, client_variables) {
                    return Err(ScriptError::Value {
                        name: var.name.clone(),
                        why: "has a value of several lines, which env files cannot carry, \
                              under a name that the engine's client reads itself; give it \
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

/// True if the value can be exported for the engine's client without changing the client.
fn exportable(name: &str, client_variables: &[String]) -> bool {
    is_name(name) && !client_variables.iter().any(|pattern| matches(pattern, name))
}

/// Whether a name matches one of `engine.client-variables`: `*` at either end is any text, and
/// case does not count.
fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.to_ascii_uppercase(), name.to_ascii_uppercase());
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(end), _) => name.ends_with(end),
        (None, Some(start)) => name.starts_with(start),
        (None, None) => name == pattern,
    }
}

/// One line that stands for several: what Kamal writes for a multi-line value.
fn escape(value: &str) -> String {
    value.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r")
}
