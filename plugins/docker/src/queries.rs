//! Questions to the engine: list ids, then inspect them for chosen fields.

use windlass_sdk::types::Query;

use crate::draft::operand;
use crate::template;
use windlass_sdk::lowering::LoweredQuery;

/// The commands that answer a question about containers or images.
pub fn lower(query: &Query) -> Result<LoweredQuery, String> {
    match query {
        Query::Containers(labels) => {
            let mut command = words(&["docker", "ps", "--all", "--quiet", "--no-trunc"]);
            for label in labels {
                command.extend(words(&["--filter", &label_filter(label)]));
            }
            Ok(inspected(command, "container", template::CONTAINER))
        }
        Query::Container(name) => {
            operand(name)?;
            let filter = format!("name=^{}$", name.replace('.', "\\."));
            let command =
                words(&["docker", "ps", "--all", "--quiet", "--no-trunc", "--filter", &filter]);
            Ok(inspected(command, "container", template::CONTAINER))
        }
        Query::Images(repository) => {
            operand(repository)?;
            let command = words(&["docker", "image", "ls", "--quiet", "--no-trunc", repository]);
            Ok(inspected(command, "image", template::IMAGE))
        }
        Query::File(_)
        | Query::Directory(_)
        | Query::Command(_)
        | Query::EnvNames(_)
        | Query::Other(_) => Err("not an engine question".to_string()),
    }
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
