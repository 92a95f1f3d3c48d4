//! `windlass docs [SECTION]`: the keys of deploy.yml, from the schemas of kernel and plugins.

use std::fmt::Write as _;

use clap::ArgMatches;
use serde_json::{Map, Value};

use crate::config::ownership::{Owner, of_kernel};
use crate::config::tree;
use crate::deploy::crew::Crew;

use super::super::workspace::bundled_plugins;
use super::{Cli, Failure};

/// Prints a section, or all of them by name. Needs no deploy.yml.
pub fn run(cli: &Cli, matches: &ArgMatches) -> Result<(), Failure> {
    let crew = Crew::new(bundled_plugins(&cli.plugins)?)?;
    let mut owners: Vec<Owner> = of_kernel();
    owners.extend(crew.owners());
    owners.sort_by(|a, b| a.pattern.cmp(&b.pattern));
    let text = match matches.get_one::<String>("SECTION") {
        Some(section) => page(&owners, section).ok_or_else(|| {
            let known = sections(&owners).join(", ");
            Failure::with_help(
                format!("deploy.yml has no section `{section}`"),
                format!("windlass docs SECTION, with one of: {known}"),
            )
        })?,
        None => overview(&owners),
    };
    cli.output.result(&text);
    Ok(())
}

/// The keys at the root, each with its first sentence.
fn overview(owners: &[Owner]) -> String {
    let mut text =
        String::from("The keys of config/deploy.yml; for one of them: windlass docs SECTION\n\n");
    for name in sections(owners) {
        let owner = owners.iter().find(|owner| owner.pattern == format!("/{name}"));
        let about = owner.map_or("", |owner| about(&owner.schema));
        let _ = writeln!(text, "{}", format!("{name:<20} {about}").trim_end());
    }
    text
}

fn sections(owners: &[Owner]) -> Vec<String> {
    let first = |owner: &Owner| tree::segments(&owner.pattern).next();
    let mut names: Vec<String> = owners.iter().filter_map(first).collect();
    names.dedup();
    names
}

/// Everything under one key. `role` and `accessory` mean what stands under each of them.
fn page(owners: &[Owner], section: &str) -> Option<String> {
    let root = match section {
        "role" => "/servers/*",
        "accessory" => "/accessories",
        name => &format!("/{name}"),
    };
    let below = format!("{root}/");
    let mut text = String::new();
    for owner in owners.iter().filter(|o| o.pattern == root || o.pattern.starts_with(&below)) {
        let path: Vec<String> = tree::segments(&owner.pattern).collect();
        let shown = path.join(".").replace('*', "NAME");
        entry(&mut text, 0, &shown, &owner.schema, &owner.schema);
        text.push('\n');
    }
    (!text.is_empty()).then(|| text.trim_end().to_string())
}

/// A key with its type, its default and what it is for; then what it may contain.
fn entry(text: &mut String, depth: usize, key: &str, schema: &Value, whole: &Value) {
    let said = schema;
    let schema = resolved(schema, whole);
    let indent = "  ".repeat(depth);
    let mut facts = Vec::new();
    facts.extend(kinds(schema));
    let values = schema.get("enum").and_then(Value::as_array);
    facts.extend(values.map(|values| values.iter().map(plain).collect::<Vec<_>>().join(" | ")));
    facts.extend(schema.get("default").map(|default| format!("default {}", plain(default))));
    let facts = facts.join(", ");
    let facts = if facts.is_empty() { facts } else { format!("({facts}) ") };
    let about = Some(about(said)).filter(|said| !said.is_empty()).unwrap_or_else(|| about(schema));
    let _ = writeln!(text, "{}", format!("{indent}{key}: {facts}{about}").trim_end());
    for form in forms(schema, whole) {
        for (name, property) in properties(form) {
            entry(text, depth + 1, name, property, whole);
        }
        if let Some(each) = form.get("additionalProperties").filter(|each| each.is_object())
            && forms(each, whole).into_iter().any(|form| properties(form).next().is_some())
        {
            entry(text, depth + 1, "NAME", each, whole);
        }
    }
}

/// The schema itself, and those of which one applies beside it.
fn forms<'a>(schema: &'a Value, whole: &'a Value) -> Vec<&'a Value> {
    let schema = resolved(schema, whole);
    let chosen = ["then", "else"].into_iter().filter_map(|key| schema.get(key));
    let any = schema.get("anyOf").and_then(Value::as_array).into_iter().flatten();
    let below = chosen.chain(any).flat_map(|form| forms(form, whole));
    [schema].into_iter().chain(below).collect()
}

/// The properties, but those that only explain a mistake.
fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    let all = schema.get("properties").and_then(Value::as_object).into_iter().flat_map(Map::iter);
    all.filter(|(_, property)| property.get("x-help").is_none())
}

/// Follows `#/$defs/…`.
fn resolved<'a>(schema: &'a Value, whole: &'a Value) -> &'a Value {
    let path = schema.get("$ref").and_then(Value::as_str).and_then(|path| path.strip_prefix('#'));
    path.and_then(|path| whole.pointer(path)).unwrap_or(schema)
}

fn kinds(schema: &Value) -> Option<String> {
    match schema.get("type") {
        Some(Value::Array(names)) => Some(names.iter().map(plain).collect::<Vec<_>>().join(" or ")),
        Some(name) => Some(plain(name)),
        None => None,
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_string)
}

fn about(schema: &Value) -> &str {
    schema.get("description").and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn owners() -> Vec<Owner> {
        let schema = json!({
            "description": "The proxy.", "type": "object",
            "properties": {
                "port": {"type": ["integer", "string"], "default": 80, "description": "Where."},
                "arch": {"$ref": "#/$defs/arch"},
                "env": {
                    "description": "What it sees.", "if": {"required": ["secret"]},
                    "then": {"properties": {
                        "secret": {"type": "array"},
                        "tags": {"additionalProperties": {"$ref": "#/$defs/tag"}},
                    }},
                    "else": {"properties": {"tags": {"type": "string", "x-help": "not here"}}},
                },
            },
            "$defs": {
                "arch": {"enum": ["amd64", "arm64"], "description": "Which."},
                "tag": {"anyOf": [{"type": "string"}, {"properties": {"deep": {}}}]},
            },
        });
        let owner = |pattern: &str, schema| {
            let (plugin, pattern) = ("x".into(), pattern.into());
            Owner { plugin, bundled: true, pattern, schema }
        };
        vec![
            owner("/proxy", schema),
            owner("/servers/*/proxy", json!({"type": "boolean", "description": "Or not."})),
        ]
    }

    #[test]
    fn a_section_lists_its_keys() {
        insta::assert_snapshot!(page(&owners(), "proxy").unwrap(), @r#"
        proxy: (object) The proxy.
          port: (integer or string, default 80) Where.
          arch: (amd64 | arm64) Which.
          env: What it sees.
            secret: (array)
            tags:
              NAME:
                deep:
        "#);
        assert_eq!(page(&owners(), "role").unwrap(), "servers.NAME.proxy: (boolean) Or not.");
        assert_eq!(page(&owners(), "prox"), None);
        assert_eq!(sections(&owners()), ["proxy", "servers"]);
    }
}
