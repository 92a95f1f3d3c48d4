//! The one table of actions: what the kernel must have decided about each before a plugin may
//! ask for it.
//!
//! Effects, grants, the checks of answers, the text of plans and the tests read it, and nothing
//! else decides about an action. Every row says what it does, to whom, and what it takes, and no arm
//! is a wildcard: an action that is added to the contract does not compile until its row is written.

mod containers;
mod waits;

use crate::model::capability::Capability;
use crate::model::wit::{Action, Command, EnvVar, OutputKind, Text};

use super::plan::Effect;

/// Where a text stands; decides which parts it may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    /// The program of an argv.
    Program,
    /// A later word of an argv, or what becomes part of one: labels, volumes, options.
    Word,
    /// The value of a variable, or a standard input.
    Value,
    /// The user name of a login.
    User,
    /// What is written to a file.
    Content,
    Url,
    /// What an answer must or must not contain.
    Expected,
}

/// What a later step may use of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Yields {
    Nothing,
    Only(OutputKind),
    /// Whatever it prints, if it has the syntax of the kind that is wanted.
    Printed,
}

/// What is decided about one action.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile<'a> {
    /// What it may do to a host.
    pub effect: Effect,
    /// What it takes to perform it, beside [`Profile::paths`], its texts and its host.
    pub needs: Option<Capability>,
    /// The paths on the host that it changes, or whose files it makes appear elsewhere.
    pub paths: Vec<&'a str>,
    /// Its texts.
    pub texts: Vec<(Slot, &'a Text)>,
    /// The variables that it sets.
    pub variables: &'a [EnvVar],
    pub yields: Yields,
    /// What it does, in the kernel's words: a title is the plugin's. A clause that begins with a
    /// verb, without a full stop.
    pub sentence: String,
}

/// A row of what every action must have decided: without paths, texts, variables and outputs.
fn row<'a>(
    effect: Effect,
    needs: impl Into<Option<Capability>>,
    sentence: impl Into<String>,
) -> Profile<'a> {
    Profile {
        effect,
        needs: needs.into(),
        paths: Vec::new(),
        texts: Vec::new(),
        variables: &[],
        yields: Yields::Nothing,
        sentence: sentence.into(),
    }
}

/// The row of an action that runs a command.
fn of_a_command<'a>(effect: Effect, run: &'a Command, sentence: &str) -> Profile<'a> {
    Profile { texts: command(run), variables: &run.env, ..row(effect, Capability::Run, sentence) }
}

/// The row of an action.
pub fn profile(action: &Action) -> Profile<'_> {
    use Effect::{Read, User, Write};
    match action {
        Action::Container(action) => containers::profile(action),
        Action::Wait(wait) => waits::profile(wait),
        Action::RunAsRole(run) => Profile {
            texts: argv(&run.argv),
            ..row(
                Write,
                Capability::RunAsRole,
                format!("run a command in a new container as the role {} would", run.role),
            )
        },
        Action::WriteFile(write) => Profile {
            texts: vec![(Slot::Content, &write.content)],
            ..change(
                [&write.path],
                format!("write the file {} (mode {:04o})", write.path, write.mode),
            )
        },
        Action::Upload(upload) => Profile {
            needs: Some(Capability::Local),
            ..change(
                [&upload.path],
                format!(
                    "put the file {} of this machine at {} (mode {:04o})",
                    upload.source, upload.path, upload.mode
                ),
            )
        },
        Action::WriteEnvFile(write) => Profile {
            texts: values(&write.vars),
            variables: &write.vars,
            ..change([&write.path], format!("write the env file {}", write.path))
        },
        Action::MakeDirectory(path) => change([path], format!("make the directory {path}")),
        Action::MergeDirectory(merge) => change(
            [&merge.source, &merge.target],
            format!("link into {} what it lacks of {}", merge.target, merge.source),
        ),
        Action::AppendLine(append) => Profile {
            texts: vec![(Slot::Content, &append.line)],
            ..change([&append.path], format!("append a line to {}", append.path))
        },
        Action::RemoveFile(path) => change([path], format!("remove the file {path}")),
        Action::RemoveDirectory(path) => {
            change([path], format!("remove the directory {path} and all that is in it"))
        }
        Action::Run(run) => {
            let effect = if run.read_only { Read } else { Write };
            Profile { yields: Yields::Printed, ..of_a_command(effect, run, "run a command") }
        }
        Action::Exec(user) => of_a_command(User, &user.command, "run the command that was typed"),
        Action::Hook(name) => {
            row(User, Capability::Local, format!("run the hook {name} on this machine"))
        }
        Action::Say(_) => row(Read, None::<Capability>, "show a text"),
        // Refused wherever it is met: nobody knows what it would do.
        Action::Other(other) => row(
            Write,
            Capability::Run,
            format!("do `{}`, which this Windlass does not know", other.name),
        ),
    }
}

/// The row of an action that changes these paths, which is all that it takes.
fn change<'a>(paths: impl IntoIterator<Item = &'a String>, sentence: String) -> Profile<'a> {
    let paths = paths.into_iter().map(String::as_str).collect();
    Profile { paths, ..row(Effect::Write, None::<Capability>, sentence) }
}

/// The words of a command line.
pub fn argv(words: &[Text]) -> Vec<(Slot, &Text)> {
    let slot = |index| if index == 0 { Slot::Program } else { Slot::Word };
    words.iter().enumerate().map(|(index, text)| (slot(index), text)).collect()
}

/// The values of variables.
pub fn values(vars: &[EnvVar]) -> Vec<(Slot, &Text)> {
    vars.iter().map(|var| (Slot::Value, &var.value)).collect()
}

/// The texts of a process.
pub fn command(command: &Command) -> Vec<(Slot, &Text)> {
    let stdin = command.stdin.iter().map(|text| (Slot::Value, text));
    argv(&command.argv).into_iter().chain(values(&command.env)).chain(stdin).collect()
}

pub use containers::container;

#[cfg(test)]
mod tests;
