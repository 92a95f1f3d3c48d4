//! `servers`: from lists and maps of hosts to roles, hosts and tags.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::host_name;
use super::schema_words::{Kind, name, suggest};
use super::tree::{Entry, Node, Tree, Value, join};
use crate::model::problem::Problem;
use crate::model::project::{HostSpec, RoleSpec};

/// Roles with the primary one first, and each of their hosts once.
#[derive(Debug)]
pub struct Topology {
    pub roles: Vec<RoleSpec>,
    pub hosts: Vec<HostSpec>,
    pub primary_role: String,
    pub primary_host: String,
}

/// Read `servers`, `primary_role` and `allow_empty_roles`. None if there is no
/// primary host; every reason is among `problems` then.
pub fn read(tree: &Tree, problems: &mut Vec<Problem>) -> Option<Topology> {
    let mut reader = Reader { known_tags: known_tags(tree), problems };
    let (mut roles, named) = reader.servers(tree);
    roles.sort_by(|left, right| left.name.cmp(&right.name));
    let primary_role = reader.primary_role(tree, &roles, named)?;
    // Stable: the primary role first, the others by name.
    roles.sort_by_key(|role| role.name != primary_role);
    roles[0].primary = true;
    reader.empty_roles(tree, &roles);
    let hosts = hosts(&roles);
    let primary_host = roles[0].hosts.first()?.clone();
    Some(Topology { hosts, roles, primary_role, primary_host })
}

/// Tag names under `env.tags`, for host tags must lead there.
fn known_tags(tree: &Tree) -> Vec<String> {
    let tags = tree.get("/env/tags").and_then(Node::map).unwrap_or_default();
    tags.iter().map(|entry| entry.key.clone()).collect()
}

fn hosts(roles: &[RoleSpec]) -> Vec<HostSpec> {
    let mut hosts: Vec<HostSpec> = Vec::new();
    for role in roles {
        for name in &role.hosts {
            let index = hosts.iter().position(|host| host.name == *name).unwrap_or_else(|| {
                hosts.push(HostSpec { name: name.clone(), roles: Vec::new(), tags: Vec::new() });
                hosts.len() - 1
            });
            let host = &mut hosts[index];
            host.roles.push(role.name.clone());
            for tag in role.tags.get(name).into_iter().flatten() {
                if !host.tags.contains(tag) {
                    host.tags.push(tag.clone());
                }
            }
        }
    }
    hosts
}

struct Reader<'a> {
    known_tags: Vec<String>,
    problems: &'a mut Vec<Problem>,
}

impl Reader<'_> {
    /// The roles in file order, and whether the file names roles at all.
    fn servers(&mut self, tree: &Tree) -> (Vec<RoleSpec>, bool) {
        match tree.get("/servers").map(|node| &node.value) {
            Some(Value::List(items)) => {
                (vec![self.role("web", items, "/servers", json!({}))], false)
            }
            Some(Value::Map(entries)) => {
                (entries.iter().filter_map(|entry| self.named_role(entry)).collect(), true)
            }
            _ => (Vec::new(), true),
        }
    }

    fn named_role(&mut self, entry: &Entry) -> Option<RoleSpec> {
        let pointer = join("/servers", &entry.key);
        let fits =
            |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
        if entry.key.is_empty() || !entry.key.chars().all(fits) {
            let problem = Problem::error(format!("`{}` cannot be the name of a role", entry.key))
                .at(entry.key_spot.place());
            let help =
                "use letters, digits, `-`, `_` and `.`: the name becomes part of container names";
            self.problems.push(problem.about(&pointer).help(help));
            return None;
        }
        match &entry.value.value {
            Value::List(items) => Some(self.role(&entry.key, items, &pointer, json!({}))),
            Value::Map(_) => {
                let items = entry.value.get("hosts").and_then(Node::list).unwrap_or_default();
                Some(self.role(&entry.key, items, &join(&pointer, "hosts"), entry.value.to_json()))
            }
            Value::Scalar(_) => {
                let found = Kind::of(&entry.value).words();
                let problem = Problem::error(format!(
                    "role `{}` should be a list of hosts or a map, found {found}",
                    entry.key
                ));
                let spot = if entry.value.is_null() { &entry.key_spot } else { &entry.value.spot };
                let help = "list its hosts below it, each after `- `";
                self.problems.push(
                    problem
                        .at(spot.place())
                        .about(&pointer)
                        .label("expected a list or a map")
                        .help(help),
                );
                None
            }
        }
    }

    fn role(&mut self, name: &str, items: &[Node], pointer: &str, config: Json) -> RoleSpec {
        let mut hosts: Vec<String> = Vec::new();
        let mut tags = BTreeMap::new();
        for (index, item) in items.iter().enumerate() {
            if let Some((host, found)) = self.host(item, &join(pointer, &index.to_string())) {
                // Named twice, the last tags win, as in Kamal.
                tags.insert(host.clone(), found);
                if !hosts.contains(&host) {
                    hosts.push(host);
                }
            }
        }
        tags.retain(|_, tags: &mut Vec<String>| !tags.is_empty());
        RoleSpec { name: name.to_owned(), hosts, tags, primary: false, config }
    }

    /// `host`, `host: tag` or `host: [tag, …]`.
    fn host(&mut self, item: &Node, pointer: &str) -> Option<(String, Vec<String>)> {
        let mut refuse = |text: String, spot: &super::source::Spot, help: &str| {
            let problem = Problem::error(text).at(spot.place()).about(pointer).help(help);
            self.problems.push(problem);
        };
        let (name, spot, tags) = match &item.value {
            Value::Scalar(_) if Kind::of(item) == Kind::Text => (item.text()?, &item.spot, None),
            Value::Map(entries) => match entries.as_slice() {
                [entry] => (entry.key.clone(), &entry.key_spot, Some(&entry.value)),
                _ => {
                    refuse(
                        "one entry names several hosts".to_owned(),
                        &item.spot,
                        "give each host its own `- `",
                    );
                    return None;
                }
            },
            Value::Scalar(scalar) => {
                let help = match Kind::of(item) {
                    Kind::Null => "write a host after the `- `, or remove the line".to_owned(),
                    _ => format!("quote it: \"{}\"", scalar.raw),
                };
                let text =
                    format!("a host should be a string or a map, found {}", Kind::of(item).words());
                refuse(text, &item.spot, &help);
                return None;
            }
            Value::List(_) => {
                refuse(
                    "a host should be a string or a map, found a list".to_owned(),
                    &item.spot,
                    "remove the inner list",
                );
                return None;
            }
        };
        if let Some(problem) = host_name::check(&name) {
            self.problems.push(problem.at(spot.place()).about(pointer));
            return None;
        }
        Some((name, tags.map(|node| self.tags(node, pointer)).unwrap_or_default()))
    }

    fn tags(&mut self, node: &Node, pointer: &str) -> Vec<String> {
        let items = match &node.value {
            Value::List(items) => items.iter().collect(),
            Value::Scalar(_) => vec![node],
            Value::Map(_) => Vec::new(),
        };
        if items.is_empty() && node.list().is_none()
            || items.iter().any(|item| item.text().is_none())
        {
            let text = "the tags of a host should be a string or a list of strings";
            self.problems.push(Problem::error(text).at(node.spot.place()).about(pointer));
            return Vec::new();
        }
        let mut tags: Vec<String> = Vec::new();
        for (item, tag) in items.into_iter().filter_map(|item| Some((item, item.text()?))) {
            if !self.known_tags.contains(&tag) {
                let problem = Problem::error(format!("the tag `{tag}` is not defined"))
                    .at(item.spot.place())
                    .about(pointer);
                let help = suggest(&tag, &self.known_tags)
                    .unwrap_or_else(|| format!("define it under `env: {{tags: {{{tag}: …}}}}`"));
                self.problems.push(problem.label("no such tag under `env`").help(help));
            }
            tags.push(tag);
        }
        tags
    }

    /// The configured role, else `web`, else the first one.
    fn primary_role(&mut self, tree: &Tree, roles: &[RoleSpec], named: bool) -> Option<String> {
        let configured = tree.get("/primary_role").and_then(Node::text);
        let Some(configured) = configured else {
            let web = roles.iter().find(|role| role.name == "web").or(roles.first());
            return web.map(|role| role.name.clone()).or_else(|| self.nobody(tree, named));
        };
        if roles.iter().any(|role| role.name == configured) {
            return Some(configured);
        }
        let names: Vec<String> = roles.iter().map(|role| role.name.clone()).collect();
        let mut problem = Problem::error(format!("the primary role `{configured}` is not defined"))
            .about("/primary_role");
        problem.place = tree.place("/primary_role");
        problem.help = suggest(&configured, &names)
            .or_else(|| Some(format!("roles under `servers`: {}", names.join(", "))));
        self.problems.push(problem);
        None
    }

    /// No role at all. Silent where another problem already says why.
    fn nobody(&mut self, tree: &Tree, named: bool) -> Option<String> {
        let empty = tree.get("/servers").and_then(Node::map).is_some_and(<[Entry]>::is_empty);
        if named && empty {
            let mut problem = Problem::error("`servers` names no role").about("/servers");
            problem.place = tree.key_place("/servers");
            self.problems.push(problem.help("write a list of hosts, or roles with hosts"));
        }
        None
    }

    fn empty_roles(&mut self, tree: &Tree, roles: &[RoleSpec]) {
        let allowed =
            tree.get("/allow_empty_roles").and_then(Node::text).as_deref() == Some("true");
        for role in roles.iter().filter(|role| role.hosts.is_empty() && (role.primary || !allowed))
        {
            let pointer = join("/servers", &role.name);
            let place = tree.key_place(&pointer).or_else(|| tree.key_place("/servers"));
            // Hosts that were refused above are a reason of their own.
            let listed = tree
                .get(&join(&pointer, "hosts"))
                .or_else(|| tree.get(&pointer))
                .or_else(|| tree.get("/servers"));
            if listed.and_then(Node::list).is_some_and(|items| !items.is_empty()) {
                continue;
            }
            let which = if role.primary { "the primary role" } else { "the role" };
            let problem = Problem::error(format!("{which} {} has no hosts", name(&pointer)))
                .at(place)
                .about(pointer);
            self.problems.push(match role.primary {
                true => problem.help("its first host is where the lock lives; list at least one"),
                false => problem.help("list a host, or set `allow_empty_roles: true`"),
            });
        }
    }
}
