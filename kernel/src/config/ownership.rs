//! Who owns which part of deploy.yml: the kernel a few keys, plugins the rest.

use serde_json::{Map as JsonMap, Value as Json};

use super::claims::Claims;
pub use super::claims::of_kernel;
use super::foreign::ForeignKey;
use super::marks::Mark;
pub use super::owner::Owner;
use super::schema;
use super::schema_words as words;
use super::tree::{Entry, Node, Tree, Value, join, segments};
use crate::model::problem::Problem;

/// Check the whole tree: keys that nobody owns, and violations of every schema,
/// the kernel's included; also patterns that cannot be granted. In the order of
/// the files. Includes warnings.
pub fn check(tree: &Tree, owners: &[Owner], foreign: &[ForeignKey<'_>]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let claims = Claims::new(owners, &mut problems);
    problems.extend(Walk::through(tree, &claims, foreign, false).problems);
    sorted(problems)
}

/// What the schemas say of the values' use, in the order of the files.
pub(super) fn marks(tree: &Tree, owners: &[Owner]) -> Vec<Mark> {
    Walk::through(tree, &Claims::new(owners, &mut Vec::new()), &[], false).marks
}

/// Check only what the kernel itself owns.
pub fn check_kernel(tree: &Tree, foreign: &[ForeignKey<'_>]) -> Vec<Problem> {
    let claims = Claims::new(&[], &mut Vec::new());
    sorted(Walk::through(tree, &claims, foreign, true).problems)
}

/// The part of the tree that `plugin` owns, in the tree's own nesting:
/// `{"servers": {"web": {"traefik": true}}, "traefik": {…}}`. What a more
/// specific pattern gives to somebody else is left out (`null` in a list);
/// `{}` for nothing. Called with patterns that a plugin only reads, it gives
/// those, keys of the kernel included; lists of hosts to who reads `/servers` as a whole.
pub fn section(tree: &Tree, owners: &[Owner], plugin: &str) -> Json {
    let claims = Claims::granted(owners);
    part(&claims, &tree.root, &mut Vec::new(), false, plugin)
        .unwrap_or_else(|| Json::Object(JsonMap::new()))
}

/// The plugin that owns the value at `pointer`; none for the kernel or nobody.
pub fn owner_of<'a>(owners: &'a [Owner], pointer: &str) -> Option<&'a str> {
    let path: Vec<String> = segments(pointer).collect();
    let claims = Claims::new(owners, &mut Vec::new());
    let index = (0..=path.len()).rev().find_map(|length| claims.exact(&path[..length]))?;
    let plugin = claims.list[index].plugin?;
    owners.iter().map(|owner| owner.plugin.as_str()).find(|name| *name == plugin)
}

/// Hosts in a list: `servers` itself, or a role without settings of its own.
fn is_host_list(node: &Node, path: &[String]) -> bool {
    match path {
        [servers] => servers == "servers" && node.list().is_some(),
        [servers, _] => servers == "servers" && node.map().is_none(),
        _ => false,
    }
}

/// `x-…` where notes are allowed: at the root, as in Kamal, and in roles.
fn is_note(path: &[String]) -> bool {
    match path {
        [key] => key.starts_with("x-"),
        [servers, _, key] => servers == "servers" && key.starts_with("x-"),
        _ => false,
    }
}

struct Walk<'a> {
    claims: &'a Claims<'a>,
    foreign: &'a [ForeignKey<'a>],
    kernel_only: bool,
    problems: Vec<Problem>,
    marks: Vec<Mark>,
}

impl<'a> Walk<'a> {
    fn through(
        tree: &Tree,
        claims: &'a Claims<'a>,
        foreign: &'a [ForeignKey<'a>],
        kernel_only: bool,
    ) -> Self {
        let mut walk =
            Self { claims, foreign, kernel_only, problems: Vec::new(), marks: Vec::new() };
        walk.visit(&tree.root, None, &mut Vec::new(), None);
        walk
    }

    fn visit(
        &mut self,
        node: &Node,
        entry: Option<&Entry>,
        path: &mut Vec<String>,
        inherited: Option<usize>,
    ) {
        let exact = self.claims.exact(path);
        let free = exact.is_none() && inherited.is_none();
        if let Some(index) = exact.filter(|_| path.len() == 1 || !is_host_list(node, path)) {
            self.validate(index, node, entry, path);
        }
        if is_host_list(node, path) || (exact.is_none() && is_note(path)) {
            return;
        }
        if free && !path.is_empty() && !self.claims.leads_on(path) {
            return self.unknown(entry, path);
        }
        if free && !path.is_empty() && node.scalar().is_some() && !self.kernel_only {
            let kind = words::Kind::of(node).words();
            let message = format!("{} should be a map, found {kind}", words::name(&pointer(path)));
            self.problems.push(Problem::error(message).at(node.spot.place()).about(pointer(path)));
        }
        // The kernel owns `/servers`, but of a role `hosts` only.
        let kept = exact.or(inherited).filter(|index| self.claims.list[*index].path != ["servers"]);
        match &node.value {
            Value::Map(entries) => entries.iter().for_each(|entry| {
                self.step(&entry.value, Some(entry), entry.key.clone(), path, kept);
            }),
            Value::List(items) => items.iter().enumerate().for_each(|(index, item)| {
                self.step(item, None, index.to_string(), path, kept);
            }),
            Value::Scalar(_) => {}
        }
    }

    fn step(
        &mut self,
        node: &Node,
        entry: Option<&Entry>,
        name: String,
        path: &mut Vec<String>,
        inherited: Option<usize>,
    ) {
        path.push(name);
        self.visit(node, entry, path, inherited);
        path.pop();
    }

    fn validate(&mut self, index: usize, node: &Node, entry: Option<&Entry>, path: &[String]) {
        let claim = &self.claims.list[index];
        let owned_elsewhere = |pointer: &str| {
            let path: Vec<String> = segments(pointer).collect();
            is_note(&path) || self.claims.exact(&path).is_some_and(|other| other != index)
        };
        let neighbours =
            |pointer: &str| self.claims.names_below(&segments(pointer).collect::<Vec<_>>());
        let context = schema::Context {
            origin: claim.plugin,
            owned_elsewhere: &owned_elsewhere,
            neighbours: &neighbours,
            foreign: self.foreign,
        };
        let (mut problems, marks) =
            schema::check(node, entry, &pointer(path), claim.schema, &context);
        for problem in &mut problems {
            self.too_far_right(problem);
        }
        self.problems.extend(problems);
        self.marks.extend(marks);
    }

    /// An unknown key that is known at the root may only be indented too far.
    fn too_far_right(&self, problem: &mut Problem) {
        let unknown =
            problem.label.as_ref().is_some_and(|label| label.starts_with("not a setting"));
        let path: Vec<String> = problem.pointer.iter().flat_map(|p| segments(p)).collect();
        let ([_, .., key], true) = (path.as_slice(), unknown) else { return };
        if self.claims.names_below(&[]).contains(key) {
            problem.help =
                Some(format!("`{key}` is a key of the file itself: begin its line at the left"));
        }
    }

    fn unknown(&mut self, entry: Option<&Entry>, path: &[String]) {
        let (Some(entry), false) = (entry, self.kernel_only) else { return };
        let parent = &path[..path.len() - 1];
        let known = self.claims.names_below(parent);
        let mut problem = words::unknown_key(entry, &pointer(parent), &known, None, self.foreign);
        if problem.label.as_deref() == Some(words::NO_SETTING) {
            problem.label = Some("no such key".to_owned());
        }
        let guessed = problem.help.as_ref().is_some_and(|help| help.starts_with("did you mean"));
        let sections = self.claims.sections_with(&entry.key);
        if path.len() == 1 && !guessed && !sections.is_empty() {
            // It stands too far left.
            let sections: Vec<String> = sections.iter().map(|name| format!("`{name}:`")).collect();
            let sections = words::series(&sections);
            let help = format!("indent it, if it belongs below {sections}");
            problem.help.get_or_insert(help);
        }
        self.problems.push(problem);
    }
}

fn part(
    claims: &Claims<'_>,
    node: &Node,
    path: &mut Vec<String>,
    inherited: bool,
    plugin: &str,
) -> Option<Json> {
    let exact = claims.exact(path);
    let hidden = is_host_list(node, path) && !claims.has(plugin, &["servers"]);
    if hidden || (exact.is_none() && is_note(path)) {
        return None;
    }
    let owned = exact.map_or(inherited, |index| claims.list[index].plugin == Some(plugin));
    let entries = match &node.value {
        Value::Map(entries) => entries,
        Value::List(items) => {
            let mut step = |(index, item): (usize, &Node)| {
                path.push(index.to_string());
                let value = part(claims, item, path, owned, plugin);
                path.pop();
                value
            };
            let kept: Vec<Option<Json>> = items.iter().enumerate().map(&mut step).collect();
            // Items keep their index, so that pointers fit both trees.
            let any = owned || kept.iter().any(Option::is_some);
            return any.then(|| kept.into_iter().map(Option::unwrap_or_default).collect());
        }
        Value::Scalar(_) => return owned.then(|| node.to_json()),
    };
    let mut kept = JsonMap::new();
    for entry in entries {
        path.push(entry.key.clone());
        if let Some(value) = part(claims, &entry.value, path, owned, plugin) {
            kept.insert(entry.key.clone(), value);
        }
        path.pop();
    }
    (owned || !kept.is_empty()).then_some(Json::Object(kept))
}

fn pointer(path: &[String]) -> String {
    path.iter().fold(String::new(), |pointer, segment| join(&pointer, segment))
}

/// In the order of the files; what an alias repeats is said once.
pub fn sorted(mut problems: Vec<Problem>) -> Vec<Problem> {
    let start = |problem: &Problem| {
        problem.place.as_ref().map(|place| (place.file.clone(), place.span.start))
    };
    problems.sort_by_key(start);
    let mut kept: Vec<Problem> = Vec::new();
    for problem in problems {
        let same =
            |known: &Problem| known.place == problem.place && known.message == problem.message;
        if problem.place.is_none() || !kept.iter().any(same) {
            kept.push(problem);
        }
    }
    kept
}
