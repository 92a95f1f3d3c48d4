//! Checks a tree against the part of JSON Schema that configuration needs.
//!
//! Understood: `type`, `properties`, `additionalProperties`, `required`,
//! `dependentRequired`, `minProperties`, `maxProperties`, `items`, `minItems`,
//! `maxItems`, `enum`, `const`, `minimum`, `maximum`, `exclusiveMinimum`,
//! `exclusiveMaximum`, `minLength`, `maxLength`, `anyOf`, `oneOf` (as `anyOf`),
//! `allOf`, `if`/`then`/`else`, `$ref` to `#/…`, and boolean schemas. `$schema`, `$id`, `$defs`,
//! `$comment`, `title`, `description`, `default`, `examples`, `deprecated`,
//! `format` and `x-…` are notes; `x-help` says what to write instead of a value of the wrong type,
//! `x-unknown` instead of an unknown key, and [`marks`] lists what a value may be used for.
//! [`unsupported`] finds everything else, so that no rule is silently ignored. Own code, because
//! the problems must name places and because YAML scalars keep their text beside their value.

use serde_json::{Map as JsonMap, Value as Json};

use super::foreign::ForeignKey;
use super::marks::{self, Mark, Use};
use super::schema_words::{self as words, Kind};
use super::tree::{Entry, Node, Value, join};
use crate::model::problem::Problem;

const RULES: &[&str] = &[
    "type",
    "properties",
    "additionalProperties",
    "required",
    "dependentRequired",
    "minProperties",
    "maxProperties",
    "items",
    "minItems",
    "maxItems",
    "enum",
    "const",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "minLength",
    "maxLength",
    "anyOf",
    "oneOf",
    "allOf",
    "$ref",
];
const NOTES: &[&str] = &[
    "$schema",
    "$id",
    "$defs",
    "$comment",
    "title",
    "description",
    "default",
    "writeOnly",
    "examples",
    "deprecated",
    "format",
];

/// `$ref` chains that no honest schema reaches.
const MAX_DEPTH: usize = 64;

/// What the schema does not know: who owns the keys beside its own.
pub struct Context<'a> {
    /// The schema's plugin; none for the kernel.
    pub origin: Option<&'a str>,
    /// Whether somebody else checks the value at this pointer.
    pub owned_elsewhere: &'a dyn Fn(&str) -> bool,
    /// Names that others own directly under this pointer, for suggestions.
    pub neighbours: &'a dyn Fn(&str) -> Vec<String>,
    /// Unknown keys that have an answer of their own.
    pub foreign: &'a [ForeignKey<'a>],
}

/// All violations of `schema` by what `entry` or `node` holds, and what it says of the values
/// that fit.
pub(super) fn check(
    node: &Node,
    entry: Option<&Entry>,
    pointer: &str,
    schema: &Json,
    context: &Context<'_>,
) -> (Vec<Problem>, Vec<Mark>) {
    let mut checker = Checker::new(schema, context);
    checker.value(&Subject { node, entry, pointer }, schema, 0);
    (checker.problems, checker.marks)
}

/// Keywords of a schema that [`check`] would ignore, sorted, once.
pub fn unsupported(schema: &Json) -> Vec<String> {
    let mut found = Vec::new();
    collect_unsupported(schema, &mut found);
    found.sort();
    found.dedup();
    found
}

fn collect_unsupported(schema: &Json, found: &mut Vec<String>) {
    let Some(rules) = schema.as_object() else { return };
    for (key, value) in rules {
        match key.as_str() {
            "properties" | "$defs" => value
                .as_object()
                .into_iter()
                .flat_map(JsonMap::values)
                .for_each(|each| collect_unsupported(each, found)),
            "items" | "additionalProperties" | "if" | "then" | "else" => {
                collect_unsupported(value, found)
            }
            "anyOf" | "oneOf" | "allOf" => value
                .as_array()
                .into_iter()
                .flatten()
                .for_each(|each| collect_unsupported(each, found)),
            key if RULES.contains(&key) || NOTES.contains(&key) || key.starts_with("x-") => {}
            key => found.push(key.to_owned()),
        }
    }
}

/// A value, its key if it has one, and the way to it.
pub(super) struct Subject<'a> {
    pub node: &'a Node,
    pub entry: Option<&'a Entry>,
    pub pointer: &'a str,
}

/// One check under way; `schema_values` has its other half.
pub(super) struct Checker<'a> {
    root: &'a Json,
    pub context: &'a Context<'a>,
    pub problems: Vec<Problem>,
    marks: Vec<Mark>,
}

impl<'a> Checker<'a> {
    fn new(root: &'a Json, context: &'a Context<'a>) -> Self {
        Self { root, context, problems: Vec::new(), marks: Vec::new() }
    }

    fn value(&mut self, subject: &Subject<'_>, schema: &'a Json, depth: usize) {
        let rules = match schema {
            Json::Bool(false) => {
                return self.add(subject, "is not allowed here".to_owned(), None, None);
            }
            Json::Object(rules) if depth < MAX_DEPTH => rules,
            _ => return,
        };
        if rules.contains_key("$ref") && !std::ptr::eq(self.target(schema), schema) {
            self.value(subject, self.target(schema), depth + 1);
        }
        for schema in array(rules, "allOf") {
            self.value(subject, schema, depth + 1);
        }
        self.alternatives(subject, rules, depth);
        self.branch(subject, rules, depth);
        let kinds = Kind::list(rules.get("type"));
        let found = Kind::of(subject.node);
        if !kinds.is_empty() && !kinds.iter().any(|kind| kind.accepts(found)) {
            let wanted: Vec<String> = kinds.iter().map(|kind| kind.words().to_owned()).collect();
            return self.wrong_type(subject, &wanted, &kinds, note(rules, "x-help"));
        }
        self.surprise(subject, &kinds);
        self.fixed(subject, schema);
        match &subject.node.value {
            Value::Map(entries) => self.map(subject, entries, rules, depth),
            Value::List(items) => self.list(subject, items, rules, depth),
            Value::Scalar(scalar) => {
                self.bounds(subject, &scalar.data, rules);
                self.mark(subject, rules);
            }
        }
    }

    /// What the rules say of a single value's use. A name of a host is checked here too.
    fn mark(&mut self, subject: &Subject<'_>, rules: &JsonMap<String, Json>) {
        for to in marks::of(rules) {
            if to == Use::Host {
                self.host(subject);
            }
            self.marks.push(Mark { to, pointer: subject.pointer.to_owned() });
        }
    }

    /// `if` decides between `then` and `else`, and says nothing itself.
    fn branch(&mut self, subject: &Subject<'_>, rules: &'a JsonMap<String, Json>, depth: usize) {
        let Some(condition) = rules.get("if") else { return };
        let mut checker = Self::new(self.root, self.context);
        checker.value(subject, condition, depth + 1);
        let holds = !checker.problems.iter().any(Problem::is_error);
        if let Some(schema) = rules.get(if holds { "then" } else { "else" }) {
            self.value(subject, schema, depth + 1);
        }
    }

    fn alternatives(
        &mut self,
        subject: &Subject<'_>,
        rules: &'a JsonMap<String, Json>,
        depth: usize,
    ) {
        for keyword in ["anyOf", "oneOf"] {
            let mut failures = Vec::new();
            for schema in array(rules, keyword) {
                let mut checker = Self::new(self.root, self.context);
                checker.value(subject, schema, depth + 1);
                if !checker.problems.iter().any(Problem::is_error) {
                    self.problems.extend(checker.problems);
                    self.marks.extend(checker.marks);
                    failures.clear();
                    break;
                }
                failures.push((self.target(schema), checker.problems));
            }
            // An alternative that fails only further down is the one that was meant.
            let deeper = |problems: &[Problem]| {
                problems.iter().all(|problem| problem.pointer.as_deref() != Some(subject.pointer))
            };
            if let Some(index) = failures.iter().position(|(_, problems)| deeper(problems)) {
                self.problems.extend(failures.swap_remove(index).1);
            } else if let [(_, problems)] = failures.as_mut_slice() {
                self.problems.append(problems);
            } else if !failures.is_empty() {
                let kinds: Vec<Kind> = failures
                    .iter()
                    .flat_map(|(schema, _)| Kind::list(schema.get("type")))
                    .collect();
                let wanted: Vec<String> =
                    failures.iter().flat_map(|(schema, _)| words::wanted(schema)).collect();
                self.wrong_type(subject, &wanted, &kinds, note(rules, "x-help"));
            }
        }
    }

    /// The schema itself, or what its `$ref` leads to.
    fn target(&self, schema: &'a Json) -> &'a Json {
        let target =
            schema.get("$ref").and_then(Json::as_str).and_then(|path| path.strip_prefix('#'));
        target.and_then(|path| self.root.pointer(path)).unwrap_or(schema)
    }

    fn map(
        &mut self,
        subject: &Subject<'_>,
        entries: &[Entry],
        rules: &'a JsonMap<String, Json>,
        depth: usize,
    ) {
        let properties = rules.get("properties").and_then(Json::as_object);
        let others = rules.get("additionalProperties");
        for entry in entries {
            let pointer = join(subject.pointer, &entry.key);
            if (self.context.owned_elsewhere)(&pointer) {
                continue;
            }
            let child = Subject { node: &entry.value, entry: Some(entry), pointer: &pointer };
            match (properties.and_then(|known| known.get(&entry.key)), others) {
                (Some(schema), _) => self.value(&child, schema, depth + 1),
                (None, Some(Json::Bool(false))) => {
                    let known = properties.into_iter().flat_map(JsonMap::keys).cloned();
                    let known: Vec<String> =
                        known.chain((self.context.neighbours)(subject.pointer)).collect();
                    let Context { origin, foreign, .. } = *self.context;
                    let mut problem =
                        words::unknown_key(entry, subject.pointer, &known, origin, foreign);
                    if let (Some(help), false) = (note(rules, "x-unknown"), is_guess(&problem)) {
                        problem.help = Some(help.to_owned());
                    }
                    self.problems.push(problem);
                }
                (None, Some(schema)) => self.value(&child, schema, depth + 1),
                (None, None) => {}
            }
        }
        let has = |key: &str| entries.iter().any(|entry| entry.key == key);
        for key in array(rules, "required").filter_map(Json::as_str).filter(|key| !has(key)) {
            let help = format!("add `{key}: …`");
            self.add(subject, format!("needs the key `{key}`"), None, Some(help));
        }
        let dependent = rules.get("dependentRequired").and_then(Json::as_object);
        for (given, keys) in dependent.into_iter().flatten().filter(|(given, _)| has(given)) {
            let keys = keys.as_array().into_iter().flatten().filter_map(Json::as_str);
            for key in keys.filter(|key| !has(key)) {
                let help = format!("add `{key}: …`, or remove `{given}`");
                self.add(subject, format!("has `{given}` but not `{key}`"), None, Some(help));
            }
        }
        let (least, most) = (count(rules, "minProperties"), count(rules, "maxProperties"));
        self.size(subject, entries.len(), least, most, "key");
    }

    fn list(
        &mut self,
        subject: &Subject<'_>,
        items: &[Node],
        rules: &'a JsonMap<String, Json>,
        depth: usize,
    ) {
        if let Some(schema) = rules.get("items") {
            for (index, node) in items.iter().enumerate() {
                let pointer = join(subject.pointer, &index.to_string());
                if !(self.context.owned_elsewhere)(&pointer) {
                    let item = Subject { node, entry: None, pointer: &pointer };
                    self.value(&item, schema, depth + 1);
                }
            }
        }
        let (least, most) = (count(rules, "minItems"), count(rules, "maxItems"));
        self.size(subject, items.len(), least, most, "item");
    }
}

pub(super) fn array<'a>(
    rules: &'a JsonMap<String, Json>,
    name: &str,
) -> impl Iterator<Item = &'a Json> {
    rules.get(name).and_then(Json::as_array).into_iter().flatten()
}

fn note<'a>(rules: &'a JsonMap<String, Json>, name: &str) -> Option<&'a str> {
    rules.get(name).and_then(Json::as_str)
}

/// Whether a problem's help is a name close to the one that is unknown.
fn is_guess(problem: &Problem) -> bool {
    problem.help.as_ref().is_some_and(|help| help.starts_with("did you mean"))
}

pub(super) fn count(rules: &JsonMap<String, Json>, name: &str) -> Option<u64> {
    rules.get(name).and_then(Json::as_u64)
}
