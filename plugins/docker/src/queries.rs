//! Questions to the engine: list ids, then inspect them for chosen fields.

use windlass_sdk::types::{ContainerQuery, Extension, LoweredQuery};

use crate::draft::operand;
use crate::template;

/// The commands that answer a question about containers or images.
pub fn lower(query: &ContainerQuery) -> Result<LoweredQuery, String> {
    match query {
        ContainerQuery::Containers(labels) => {
            let mut command = words(&["docker", "ps", "--all", "--quiet", "--no-trunc"]);
            for label in labels {
                command.extend(words(&["--filter", &label_filter(label)]));
            }
            Ok(inspected(command, "container", template::CONTAINER))
        }
        ContainerQuery::Container(name) => {
            operand(name)?;
            let filter = format!("name=^{}$", name.replace('.', "\\."));
            let command =
                words(&["docker", "ps", "--all", "--quiet", "--no-trunc", "--filter", &filter]);
            Ok(inspected(command, "container", template::CONTAINER))
        }
        ContainerQuery::Images(repository) => {
            operand(repository)?;
            let command = words(&["docker", "image", "ls", "--quiet", "--no-trunc", repository]);
            Ok(inspected(command, "image", template::IMAGE))
        }
        ContainerQuery::Other(other) => Err(unknown(other)),
    }
}

/// The refusal of a question that docker does not know.
pub fn unknown(question: &Extension) -> String {
    format!("docker does not know the question `{}`", question.name.escape_debug())
}

/// A filter for a label with exactly this value, also for the empty one.
pub fn label_filter((name, value): &(String, String)) -> String {
    format!("label={name}={value}")
}

fn inspected(command: Vec<String>, kind: &str, format: &str) -> LoweredQuery {
    LoweredQuery { command, each: Some(words(&["docker", kind, "inspect", "--format", format])) }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(ToString::to_string).collect()
}
