//! A `docker` command line in the making: what may stand in an argv, and what has to be
//! exported instead.

use windlass_sdk::names::is_exportable;
use windlass_sdk::texts::text;
use windlass_sdk::types::{EnvVar, LoweredCommand, Part, Text};

/// A command line and the variables exported for it.
pub struct Draft {
    argv: Vec<Text>,
    env: Vec<EnvVar>,
}

impl Draft {
    /// `docker` and these words.
    pub fn docker(words: &[&str]) -> Self {
        Self::of(&["docker"]).words(words)
    }

    /// These words.
    pub fn of(words: &[&str]) -> Self {
        Self { argv: Vec::new(), env: Vec::new() }.words(words)
    }

    /// Further words that are known here.
    pub fn words(mut self, words: &[&str]) -> Self {
        self.argv.extend(words.iter().map(|word| text(*word)));
        self
    }

    /// An option and its value.
    pub fn option(self, name: &str, value: &str) -> Self {
        self.words(&[name, value])
    }

    /// An option and its value, if there is one.
    pub fn maybe(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.option(name, value),
            None => self,
        }
    }

    /// An option without value, if it holds.
    pub fn switch(self, name: &str, on: bool) -> Self {
        if on { self.words(&[name]) } else { self }
    }

    /// A word that may hold more than literals.
    pub fn text(mut self, word: &Text) -> Self {
        self.argv.push(word.clone());
        self
    }

    /// A word that stands where `docker` also takes options: a name, a reference, a path.
    pub fn operand(self, word: &str) -> Result<Self, String> {
        operand(word)?;
        Ok(self.words(&[word]))
    }

    /// `OPTION NAME=VALUE`. A value that an argv must not carry is exported, and the option
    /// names the variable only: `docker` then takes it from its own environment.
    pub fn assign(mut self, option: &str, name: &str, value: &Text) -> Result<Self, String> {
        if name.is_empty() || name.contains(['=', '\0', '\n']) {
            return Err(format!("`{}` cannot be the name of a variable", name.escape_debug()));
        }
        if value.iter().all(|part| matches!(part, Part::Literal(_) | Part::HostEnv(_))) {
            return Ok(self.pair(option, name, value));
        }
        if !is_exportable(name) {
            return Err(format!(
                "`{name}` cannot have this value: it has to be exported around `docker`, which \
                 reads a variable of this name itself, or no shell accepts the name"
            ));
        }
        self.env.retain(|var| var.name != name);
        self.env.push(EnvVar { name: name.to_string(), value: value.clone() });
        Ok(self.option(option, name))
    }

    /// `OPTION NAME=VALUE`, all of it in the argv.
    pub fn pair(self, option: &str, name: &str, value: &Text) -> Self {
        let mut word = text(format!("{name}="));
        word.extend(value.iter().cloned());
        self.words(&[option]).text(&joined(&word))
    }

    /// The command, unless a word of it would pick up what is exported for it.
    pub fn done(self) -> Result<LoweredCommand, String> {
        let taken = self.argv.iter().flatten().find_map(|part| match part {
            Part::HostEnv(name) if self.env.iter().any(|var| &var.name == name) => Some(name),
            _ => None,
        });
        match taken {
            Some(name) => Err(format!(
                "`${{{name}}}` cannot refer to a variable of the server, since `{name}` is \
                 exported with a secret value for the same container"
            )),
            None => Ok(LoweredCommand {
                argv: self.argv,
                env: self.env,
                stdin: None,
                success: Vec::new(),
            }),
        }
    }
}

/// Refuses what `docker` would not take as a name, a reference or a path.
pub fn operand(word: &str) -> Result<(), String> {
    if word.is_empty() || word.starts_with('-') {
        return Err(format!(
            "`{}` cannot be a name, a reference or a path: docker would read it as something else",
            word.escape_debug()
        ));
    }
    Ok(())
}

/// The same text with neighbouring literals as one.
fn joined(text: &Text) -> Text {
    let mut out: Text = Vec::new();
    for part in text {
        match (out.last_mut(), part) {
            (Some(Part::Literal(before)), Part::Literal(more)) => before.push_str(more),
            _ => out.push(part.clone()),
        }
    }
    out
}
