//! What schemas declare of values: secrets, hosts, and what a build takes.

use serde_json::{Value as Json, json};

use super::loading::load_text;
use super::owners::owner;
use super::tree;
use crate::config::declared::Declared;
use crate::config::ownership::{self, Owner};

fn read(text: &str, owners: &[Owner]) -> Declared {
    Declared::read(&tree(text), owners)
}

/// The secrets under `key`, by a schema of the plugin's.
fn secrets(schema: Json, value: &str) -> Vec<String> {
    read(&format!("key: {value}\n"), &[owner("p", "/key", schema)]).secrets
}

#[test]
fn words_are_found_wherever_a_schema_leads() {
    let name = json!({"type": "string", "x-secret": true});
    let names = json!({"type": "array", "items": name});
    for (schema, value) in [
        (name.clone(), "A"),
        (names.clone(), "[A]"),
        (json!({"properties": {"x": names}}), "{x: [A], y: B}"),
        (json!({"additionalProperties": {"properties": {"x": name}}}), "{any: {x: A, y: B}}"),
        (json!({"properties": {"y": {}}, "additionalProperties": name}), "{x: A, y: B}"),
        (json!({"anyOf": [{"type": "string"}, names]}), "[A]"),
        (json!({"oneOf": [{"type": "object"}, name]}), "A"),
        (json!({"allOf": [{"minLength": 1}, name]}), "A"),
        (json!({"if": {"type": "array"}, "then": names, "else": {}}), "[A]"),
        (json!({"if": {"type": "string"}, "then": {}, "else": names}), "[A]"),
        (json!({"$ref": "#/$defs/n", "$defs": {"n": names}}), "[A]"),
        (names.clone(), "[B, A, A]"),
    ] {
        let expected = if value.contains("[B") { vec!["A", "B"] } else { vec!["A"] };
        assert_eq!(secrets(schema, value), expected, "{value}");
    }
    for (schema, value) in [
        (json!({"anyOf": [{"type": "string"}, name.clone()]}), "A"),
        (json!({"if": name, "then": {"minLength": 1}}), "A"),
        (json!({"type": "string", "x-secret": false}), "A"),
        (json!({"type": ["string", "array"], "x-secret": true}), "[A]"),
        (json!({"type": ["string", "null"], "x-secret": true}), "~"),
    ] {
        assert!(secrets(schema, value).is_empty(), "{value}");
    }
}

#[test]
fn the_owner_of_a_value_declares_it_and_nobody_else() {
    let name = || json!({"type": "string", "x-secret": true});
    let owners = [
        owner("a", "/jobs", json!({"additionalProperties": {"additionalProperties": name()}})),
        owner("b", "/jobs/*/token", json!({"type": "string"})),
        owner("b", "/keys/*", name()),
        owner("c", "/keys/*", name()),
    ];
    let text = "jobs: {one: {key: JOB, token: hidden}}\nkeys: {x: KEY}\nx-y: {key: NOTE}\n";
    assert_eq!(read(text, &owners).secrets, ["JOB", "KEY"]);
}

#[test]
fn values_that_are_secret_are_told_from_names() {
    let password = json!({
        "writeOnly": true,
        "type": ["string", "array"],
        "items": {"type": "string", "x-secret": true},
    });
    let schema = json!({"properties": {"password": password, "server": {}}});
    let owners = [owner("x", "/registries/*", schema)];
    let read = |password: &str, keys: &str| {
        read(
            &format!(
                "registries: {{a: {{server: s, password: {password}}}}}\nssh: {{key_data: {keys}}}\n"
            ),
            &owners,
        )
    };
    let found = read("sesame", "[one, two]");
    let values: Vec<String> =
        found.values.iter().map(|(at, text)| format!("{at} {text}")).collect();
    assert_eq!(
        values,
        ["/registries/a/password sesame", "/ssh/key_data/0 one", "/ssh/key_data/1 two"]
    );
    assert!(found.secrets.is_empty());
    let found = read("[NAME]", "[]");
    assert_eq!((found.values.len(), found.secrets), (0, vec!["NAME".to_owned()]));
}

#[test]
fn hosts_without_a_role_come_last_and_once() {
    let name = json!({"type": "string", "x-hosts": true});
    let one = json!({"properties": {"host": name, "hosts": {"type": "array", "items": name}}});
    let owners = [owner("helpers", "/helpers/*", one)];
    let text = "
service: shop
image: acme/shop
servers: {web: [a], jobs: {hosts: [b]}}
helpers:
  db: {host: c}
  cache: {hosts: [b, d, c]}
  search: {roles: [jobs]}
";
    let mut loaded = load_text(text).expect("this loads");
    assert_eq!(loaded.project.hosts.len(), 2);
    Declared::read(&loaded.tree, &owners).add_to(&mut loaded.project);
    let hosts: Vec<_> =
        loaded.project.hosts.iter().map(|h| (h.name.as_str(), h.roles.len())).collect();
    assert_eq!(hosts, [("a", 1), ("b", 1), ("c", 0), ("d", 0)]);
    let problems =
        ownership::check(&tree(&text.replace("host: c", "host: -oProxyCommand=x")), &owners, &[]);
    assert_eq!(problems[0].message, "`-oProxyCommand=x` cannot be the name of a host");
    assert_eq!(problems[0].pointer.as_deref(), Some("/helpers/db/host"));
}

#[test]
fn a_key_may_say_that_uncommitted_work_is_built() {
    let schema = json!({"properties": {"context": {"type": "string", "x-uncommitted": true}}});
    let owners = [owner("images", "/images", schema)];
    assert!(read("images: {context: .}\n", &owners).uncommitted);
    assert!(!read("images: {target: x}\n", &owners).uncommitted);
    assert!(!read("context: .\n", &owners).uncommitted);
}
