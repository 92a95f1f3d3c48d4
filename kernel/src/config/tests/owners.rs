//! Who owns what, and what each plugin gets to see.

use serde_json::json;

use super::tree;
use crate::config::ownership::{self, Owner, owner_of, section};
use crate::config::tree::Tree;
use crate::model::problem::Problem;

fn check(tree: &Tree, owners: &[Owner]) -> Vec<Problem> {
    ownership::check(tree, owners, &[])
}

pub(super) fn owner(plugin: &str, pattern: &str, schema: serde_json::Value) -> Owner {
    Owner { plugin: plugin.into(), bundled: true, pattern: pattern.into(), schema }
}

pub(super) fn owners() -> Vec<Owner> {
    let texts = json!({"type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}});
    vec![
        owner("app", "/labels", texts.clone()),
        owner("app", "/volumes", json!({"type": "array", "items": {"type": "string"}})),
        owner(
            "app",
            "/servers/*",
            json!({"type": "object", "properties": {"cmd": {"type": "string"}, "labels": texts, "options": {"type": "object"}}, "additionalProperties": false}),
        ),
        owner("traefik", "/servers/*/traefik", json!({"type": "boolean"})),
        owner(
            "traefik",
            "/traefik",
            json!({"type": "object", "properties": {"image": {"type": "string"}, "host_port": {"type": "integer"}, "publish": {"type": "boolean"}, "args": {"type": "object"}}, "additionalProperties": false}),
        ),
        owner(
            "app",
            "/healthcheck",
            json!({"type": "object", "properties": {"port": {"type": "integer"}, "path": {"type": "string"}}, "additionalProperties": false}),
        ),
        owner(
            "traefik",
            "/healthcheck/cord",
            json!({"anyOf": [{"type": "string"}, {"const": false, "type": "boolean"}]}),
        ),
        owner("env", "/env", json!({"type": "object"})),
    ]
}

const FILE: &str = "service: app\nimage: a/b\nservers:\n  web:\n    hosts: [h1]\n    traefik: true\n    cmd: run\n  jobs: [h2]\nhealthcheck: {port: 3000, cord: /tmp/c}\ntraefik: {host_port: 80}\nx-notes: 1\n";

#[test]
fn each_plugin_sees_only_its_own() {
    let tree = tree(FILE);
    assert!(check(&tree, &owners()).is_empty(), "{:?}", check(&tree, &owners()));
    let traefik = json!({"servers": {"web": {"traefik": true}}, "healthcheck": {"cord": "/tmp/c"}, "traefik": {"host_port": 80}});
    assert_eq!(section(&tree, &owners(), "traefik"), traefik);
    let app = json!({"servers": {"web": {"cmd": "run"}}, "healthcheck": {"port": 3000}});
    assert_eq!(section(&tree, &owners(), "app"), app);
    assert_eq!(section(&tree, &owners(), "env"), json!({}));
    assert_eq!(owner_of(&owners(), "/servers/web/traefik"), Some("traefik"));
    assert_eq!(owner_of(&owners(), "/servers/web/labels/x"), Some("app"));
    assert_eq!(owner_of(&owners(), "/servers/web/hosts"), None);
    assert_eq!(owner_of(&owners(), "/healthcheck/cord"), Some("traefik"));
}

#[test]
fn a_literal_pattern_beats_a_wildcard() {
    let owners = [
        owner("all", "/servers/*", json!({"type": "object"})),
        owner("special", "/servers/web", json!({"type": "object"})),
    ];
    let tree = tree("servers:\n  web: {a: 1}\n  jobs: {b: 2}\n");
    assert_eq!(section(&tree, &owners, "special"), json!({"servers": {"web": {"a": 1}}}));
    assert_eq!(section(&tree, &owners, "all"), json!({"servers": {"jobs": {"b": 2}}}));
}

#[test]
fn lists_of_hosts_belong_to_the_kernel() {
    for file in ["servers: [h1, {traefik: a}]\n", "servers:\n  web: [h1]\n"] {
        assert!(check(&tree(file), &owners()).is_empty(), "{file}");
        assert_eq!(section(&tree(file), &owners(), "app"), json!({}));
    }
}

#[test]
fn patterns_reach_into_lists_and_may_only_read() {
    let owners = [
        owner("a", "/jobs", json!({"type": "array", "items": {"type": "object"}})),
        owner("b", "/jobs/*/when", json!({"type": "string"})),
    ];
    let tree =
        tree("service: app\nprimary_role: web\njobs:\n  - {name: x, when: 5}\n  - {name: y}\n");
    assert_eq!(check(&tree, &owners)[0].message, "`when` should be a string, found an integer");
    assert_eq!(section(&tree, &owners, "a"), json!({"jobs": [{"name": "x"}, {"name": "y"}]}));
    assert_eq!(section(&tree, &owners, "b"), json!({"jobs": [{"when": 5}, null]}));
    let reads = [owner("b", "/primary_role", json!(true)), owner("b", "/jobs/0/name", json!(true))];
    assert_eq!(
        section(&tree, &reads, "b"),
        json!({"primary_role": "web", "jobs": [{"name": "x"}, null]})
    );
}

#[test]
fn who_reads_all_servers_sees_their_hosts() {
    let reads = ["/servers", "/servers/*/hosts"].map(|pattern| owner("b", pattern, json!(true)));
    let roles = tree("servers:\n  web: [a, b: eu]\n  jobs: {hosts: [c], cmd: x}\n");
    assert_eq!(
        section(&roles, &reads, "b"),
        json!({"servers": {"web": ["a", {"b": "eu"}], "jobs": {"hosts": ["c"], "cmd": "x"}}})
    );
    assert_eq!(section(&tree("servers: [a]\n"), &reads, "b"), json!({"servers": ["a"]}));
}

#[test]
fn claims_that_clash_are_the_plugins_fault() {
    let any = json!({});
    let owners = [
        owner("a", "/traefik", any.clone()),
        owner("b", "/traefik", any.clone()),
        owner("b", "/service", any.clone()),
        owner("c", "nope", any),
    ];
    let messages: Vec<String> =
        check(&tree("traefik: 1\n"), &owners).into_iter().map(|problem| problem.message).collect();
    assert_eq!(
        messages,
        [
            "the plugin `b` claims `/traefik`, which belongs to the plugin `a`",
            "the plugin `b` claims `/service`, which belongs to the kernel",
            "the plugin `c` claims `nope`, which is not a key of the configuration",
        ]
    );
}

#[test]
fn s7_a_stranger_takes_no_key_of_anybody_else() {
    let claim = |pattern: &str| {
        let stranger = |pattern| Owner { bundled: false, ..owner("slim", pattern, json!({})) };
        let mut owners = owners();
        // Whoever is listed first: the bundled plugin has the key.
        owners.insert(0, stranger("/slim"));
        owners.insert(0, stranger(pattern));
        let found = check(&tree("service: a\n"), &owners).into_iter();
        let mut found = found.map(|p| p.message).filter(|message| message.contains("slim"));
        found.next()
    };
    for (pattern, within, whose) in [
        ("/traefik/args", "/traefik", "the plugin `traefik`"),
        ("/traefik", "/traefik", "the plugin `traefik`"),
        ("/*/args", "", ""),
        ("/traefik/*", "/traefik", "the plugin `traefik`"),
        ("/servers/web/env", "/servers/*", "the plugin `app`"),
        ("/servers/*/traefik/x", "/servers/*/traefik", "the plugin `traefik`"),
        ("/ssh/user", "/ssh", "the kernel"),
    ] {
        let told = claim(pattern).unwrap_or_else(|| panic!("{pattern}"));
        assert!(told.contains("`slim`") && told.contains(whose), "{told}");
        let belongs = if within == pattern { "belongs to" } else { &format!("within `{within}") };
        assert!(told.contains(belongs), "{told}");
    }
    assert_eq!(claim("/slim/args"), None, "its own key");
    // Roles are shared out; a bundled plugin may nest in another.
    let roles = [
        owner("app", "/servers/*/cmd", json!({})),
        Owner { bundled: false, ..owner("slim", "/servers/*/slim", json!({})) },
        owner("app", "/healthcheck", json!({})),
        owner("traefik", "/healthcheck/cord", json!({})),
    ];
    assert!(check(&tree("service: a\n"), &roles).is_empty());
}

#[test]
fn schemas_never_ignore_a_rule_in_silence() {
    let owners =
        [owner("a", "/a", json!({"type": "object", "properties": {"b": {"pattern": "x"}}}))];
    let problems = check(&tree("a: {b: y}\n"), &owners);
    assert_eq!(problems[0].message, "the schema of `/a` has rules that are not checked: pattern");
    assert!(!problems[0].is_error());
}

#[track_caller]
fn messages(schema: serde_json::Value, value: &str) -> Vec<String> {
    let problems = check(&tree(&format!("key: {value}\n")), &[owner("p", "/key", schema)]);
    problems
        .into_iter()
        .map(|problem| {
            format!(
                "{}{}",
                problem.message,
                problem.help.map(|help| format!(" [{help}]")).unwrap_or_default()
            )
        })
        .collect()
}

#[test]
fn words_for_each_rule() {
    let stringish = json!({"type": ["string", "number", "boolean"]});
    let of_type = |name: &str| json!({ "type": name });
    for (schema, value, expected) in [
        (of_type("integer"), "[1]", "`key` should be an integer, found a list"),
        (
            of_type("integer"),
            "\"5\"",
            "`key` should be an integer, found a string [remove the quotes: 5]",
        ),
        (
            of_type("boolean"),
            "'yes'",
            "`key` should be a boolean, found a string [remove the quotes: yes]",
        ),
        (
            of_type("string"),
            "1.10",
            "`key` should be a string, found a number [quote it: \"1.10\"]",
        ),
        (
            of_type("string"),
            "",
            "`key` should be a string, found nothing [give it a value, or remove the key]",
        ),
        (
            of_type("array"),
            "a",
            "`key` should be a list, found a string [make it a list, even of one",
        ),
        (
            stringish.clone(),
            "{a: 1}",
            "`key` should be a string, a number or a boolean, found a map",
        ),
        (
            stringish.clone(),
            "1.10",
            "`1.10` is read as `1.1` [to keep the text as written, quote it: \"1.10\"]",
        ),
        (
            stringish.clone(),
            "22:22",
            "`22:22` is read as `80520` [to keep the text as written, quote it: \"22:22\"]",
        ),
        (stringish, "on", "`on` is read as `true` [to keep the text as written, quote it: \"on\"]"),
        (
            json!({"enum": ["retire", "start"]}),
            "strat",
            "`key` should be `retire` or `start` [did you mean `start`?]",
        ),
        (json!({"minimum": 1}), "0", "`key` should be at least 1"),
        (json!({"maximum": 10}), "11", "`key` should be at most 10"),
        (json!({"minLength": 1}), "''", "`key` must not be empty"),
        (json!({"required": ["a"]}), "{b: 1}", "`key` needs the key `a` [add `a: …`]"),
        (json!({"exclusiveMaximum": 5}), "5", "`key` should be less than 5"),
        (json!({"maxLength": 2}), "abc", "`key` takes at most 2 characters"),
        (json!({"dependentRequired": {"a": ["b"]}}), "{a: 1}", "`key` has `a` but not `b`"),
        (
            json!({"anyOf": [{"type": "string"}, {"const": false}]}),
            "true",
            "`key` should be a string or `false`, found a boolean",
        ),
        (json!({"minItems": 1}), "[]", "`key` needs at least 1 item, found 0"),
        (json!({"maxProperties": 1}), "{a: 1, b: 1}", "`key` takes at most 1 key, found 2"),
        (
            json!({"items": {"type": "string"}}),
            "[a, 5]",
            "`key[1]` should be a string, found an integer [quote it: \"5\"]",
        ),
        (
            json!({"properties": {"port": {}}, "additionalProperties": false}),
            "{prot: 1}",
            "unknown key `prot` in `key` [did you mean `port`?]",
        ),
        (
            json!({"anyOf": [{"type": "string"}, {"type": "array"}]}),
            "5",
            "`key` should be a string or a list, found an integer",
        ),
        (
            json!({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
            "[[]]",
            "`key[0]` should be a string, found a list",
        ),
        (
            json!({"$ref": "#/$defs/x", "$defs": {"x": {"type": "string"}}}),
            "[]",
            "`key` should be a string, found a list",
        ),
        (json!({"properties": {"a": false}}), "{a: 1}", "`a` is not allowed here"),
        (
            json!({"type": "object", "x-help": "write {a: b}"}),
            "a",
            "`key` should be a map, found a string [write {a: b}]",
        ),
        (
            json!({"properties": {"a": {}}, "additionalProperties": false, "x-unknown": "not here"}),
            "{other: 1}",
            "unknown key `other` in `key` [not here]",
        ),
        (
            of_type("string"),
            "[a, b]",
            "`key` should be a string, found a list [write it as one text",
        ),
        (of_type("object"), "[A=b]", "`key` should be a map, found a list [write each one"),
    ] {
        let found = messages(schema, value);
        assert!(found.len() == 1 && found[0].starts_with(expected), "{value}: {found:?}");
    }
    assert!(messages(json!({"$ref": "#"}), "1").is_empty());
}
