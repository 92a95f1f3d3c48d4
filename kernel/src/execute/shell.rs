//! Texts as words of a POSIX shell.

use crate::model::secret::SecretStore;
use crate::model::variable::is_name;
use crate::model::wit::{EnvVar, OutputKind, Part, Text};
use crate::ssh::quote;

use super::trip::{Outputs, ScriptError};

/// What a text may refer to while it is written into a script.
pub(super) struct Bindings<'a> {
    pub secrets: &'a SecretStore,
    pub outputs: &'a Outputs,
}

impl Bindings<'_> {
    /// One word of a command line. Secrets and files are refused here: a command line is
    /// visible to every process of the host.
    pub fn word(&self, text: &Text) -> Result<String, ScriptError> {
        let mut word = String::new();
        for part in text {
            match part {
                Part::Literal(literal) => word.push_str(&literal_word(literal)),
                Part::HostEnv(name) => word.push_str(&format!("\"${{{}-}}\"", variable(name)?)),
                Part::OutputOf(output) => word.push_str(&self.output(&output.step, output.kind)?),
                Part::Secret(name) => {
                    return Err(ScriptError::SecretInCommand { name: name.clone() });
                }
                Part::HostFile(_) | Part::Other(_) => return Err(ScriptError::Unsupported),
            }
        }
        Ok(if word.is_empty() { "''".to_string() } else { word })
    }

    /// A command line.
    pub fn words(&self, argv: &[Text]) -> Result<String, ScriptError> {
        Ok(argv.iter().map(|text| self.word(text)).collect::<Result<Vec<_>, _>>()?.join(" "))
    }

    /// One word for a builtin (`printf`, an assignment), which may hold everything but files.
    pub fn inner(&self, text: &Text) -> Result<String, ScriptError> {
        let mut word = String::new();
        for part in text {
            match part {
                Part::Secret(name) => {
                    word.push_str(&literal_word(self.secrets.get(name)?.expose()))
                }
                Part::HostFile(_) | Part::Other(_) => return Err(ScriptError::Unsupported),
                part => word.push_str(&self.word(&vec![part.clone()])?),
            }
        }
        Ok(if word.is_empty() { "''".to_string() } else { word })
    }

    /// Statements that export variables, for a subshell. A file's content is read byte for
    /// byte: the dot keeps the trailing newlines that a substitution would drop.
    pub fn exports(&self, vars: &[EnvVar]) -> Result<String, ScriptError> {
        let mut lines = String::new();
        for var in vars {
            let name = variable(&var.name)?;
            lines.push_str(&format!("{name}=\n"));
            for part in &var.value {
                match part {
                    Part::HostFile(path) => lines.push_str(&format!(
                        "windlass_=$(cat -- {} && printf .) || exit 66; {name}=\"${name}${{windlass_%.}}\"\n",
                        quote(path)
                    )),
                    part => lines.push_str(&format!(
                        "{name}=\"${name}\"{}\n",
                        self.inner(&vec![part.clone()])?
                    )),
                }
            }
            lines.push_str(&format!("export {name}\n"));
        }
        Ok(lines)
    }

    /// The text as it will be, as far as that is known here: for files the kernel writes.
    pub fn reveal(&self, text: &Text) -> Result<String, ScriptError> {
        let mut out = String::new();
        for part in text {
            match part {
                Part::Literal(literal) => out.push_str(literal),
                Part::Secret(name) => out.push_str(self.secrets.get(name)?.expose()),
                _ => return Err(ScriptError::Unsupported),
            }
        }
        Ok(out)
    }

    fn output(&self, step: &str, kind: OutputKind) -> Result<String, ScriptError> {
        match self.outputs.get(step) {
            Some(word) => Ok(word.clone()),
            None => Err(ScriptError::NoOutput { step: step.to_string(), kind }),
        }
    }
}

/// A literal inside a word that may go on: always one that the shell reads back unchanged.
fn literal_word(literal: &str) -> String {
    if literal.is_empty() { String::new() } else { quote(literal) }
}

/// The name of a shell variable, which must not come out as anything else.
fn variable(name: &str) -> Result<&str, ScriptError> {
    if is_name(name) { Ok(name) } else { Err(ScriptError::BadName { name: name.to_string() }) }
}
