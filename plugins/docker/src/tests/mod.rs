//! The argv of every command, held by snapshots written as a shell would read them.

mod actions;
mod answers;
mod queries;
mod run;

use windlass_sdk::texts::text;
use windlass_sdk::types::{ContainerAction, EnvVar, LoweredCommand, Part, Text};

/// What an action becomes, one command per line; an error as one line, too.
fn lowered(action: ContainerAction) -> String {
    match crate::actions::lower(&action) {
        Ok(lowered) => {
            let mut lines: Vec<String> = lowered.commands.iter().map(command).collect();
            lines.extend(lowered.abort.iter().map(|end| format!("abort {}", command(end))));
            lines.extend(lowered.yields.map(|kind| format!("yields {kind:?}")));
            lines.join("\n")
        }
        Err(why) => format!("error: {why}"),
    }
}

fn command(command: &LoweredCommand) -> String {
    let mut words: Vec<String> =
        command.env.iter().map(|var| format!("{}={}", var.name, shown(&var.value))).collect();
    words.extend(command.argv.iter().map(|word| quoted(&shown(word))));
    words.extend(command.stdin.iter().map(|stdin| format!("<<< {}", shown(stdin))));
    if !command.success.is_empty() {
        words.push(format!("# success: {:?}", command.success));
    }
    words.join(" ")
}

fn shown(text: &Text) -> String {
    text.iter()
        .map(|part| match part {
            Part::Literal(literal) => literal.clone(),
            Part::HostEnv(name) => format!("${{{name}}}"),
            Part::Secret(name) => format!("<secret {name}>"),
            Part::HostFile(path) => format!("<file {path}>"),
            Part::OutputOf(output) => format!("<output of {}>", output.step),
            Part::Other(other) => format!("<{}>", other.name),
        })
        .collect()
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@,<>${}^".contains(c);
    if word.is_empty() || !word.chars().all(plain) { format!("'{word}'") } else { word.to_string() }
}

fn var(name: &str, value: Text) -> EnvVar {
    EnvVar { name: name.to_string(), value }
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect()
}

fn labels(pairs: &[(&str, &str)]) -> Vec<(String, Text)> {
    pairs.iter().map(|(k, v)| (k.to_string(), text(*v))).collect()
}
