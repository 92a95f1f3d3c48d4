//! Resolved configuration as YAML text, such that both YAML 1.1 (Ruby, and we)
//! and YAML 1.2 read back what went in.

use std::ops::Range;
use std::sync::Arc;

use serde_json::Value as Json;

use super::erb::Rendered;
use super::scalar;
use super::source::Source;
use super::tree::{Data, Node, Value};
use super::yaml;

/// Print a value.
///
/// # Errors
/// Those of the printer; none is known for a value that came from a tree.
pub fn print(value: &Json) -> Result<String, serde_yaml::Error> {
    let mut text = serde_yaml::to_string(value)?;
    let source = Arc::new(Source::new("printed", text.as_str()));
    // An empty value has no tree, and nothing that could be misread.
    let Ok(parsed) = yaml::parse(&source, &Rendered::plain(text.as_str())) else { return Ok(text) };
    let mut quoted = Vec::new();
    misread(&parsed.tree.root, value, &mut quoted);
    quoted.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
    for (span, with) in quoted {
        text.replace_range(span, &with);
    }
    Ok(text)
}

/// Texts that stand there without quotes but mean something else in YAML 1.1:
/// the printer knows YAML 1.2, where `yes` and `0777` have no meaning.
fn misread(node: &Node, value: &Json, quoted: &mut Vec<(Range<usize>, String)>) {
    match (&node.value, value) {
        (Value::Map(entries), Json::Object(pairs)) => {
            for entry in entries {
                let plain = entry.key_spot.span.len() == entry.key.len();
                if plain && scalar::plain(&entry.key) != Data::Text(entry.key.clone()) {
                    quoted.push((
                        entry.key_spot.span.clone(),
                        Json::from(entry.key.as_str()).to_string(),
                    ));
                }
                if let Some(value) = pairs.get(&entry.key) {
                    misread(&entry.value, value, quoted);
                }
            }
        }
        (Value::List(nodes), Json::Array(items)) => {
            nodes.iter().zip(items).for_each(|(node, item)| misread(node, item, quoted));
        }
        (Value::Scalar(scalar), Json::String(text)) if scalar.data != Data::Text(text.clone()) => {
            quoted.push((node.spot.span.clone(), value.to_string()));
        }
        _ => {}
    }
}
