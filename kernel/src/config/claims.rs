//! The patterns by which deploy.yml is shared out, and which one owns a value.

use std::cmp::Ordering;
use std::sync::OnceLock;

use serde_json::{Map as JsonMap, Value as Json};

use super::owner::Owner;
use super::schema;
use super::tree::{covers, segments};
use crate::model::problem::{Problem, Severity};

/// One pattern, by whom, with its schema. No plugin means the kernel.
pub(super) struct Claim<'a> {
    pub plugin: Option<&'a str>,
    pub path: Vec<String>,
    pub schema: &'a Json,
}

/// All patterns of a run.
pub(super) struct Claims<'a> {
    pub list: Vec<Claim<'a>>,
}

impl<'a> Claims<'a> {
    /// Patterns that are malformed or taken become problems and claim nothing.
    pub fn new(owners: &'a [Owner], problems: &mut Vec<Problem>) -> Self {
        let kernel = kernel_schema().iter().map(|(pattern, schema)| Claim {
            plugin: None,
            path: segments(pattern).collect(),
            schema,
        });
        let mut list: Vec<Claim<'a>> = kernel.collect();
        for Owner { plugin, pattern, schema, bundled } in owners {
            let path: Vec<String> = segments(pattern).collect();
            let refuse = |text: String| {
                Problem::error(text)
                    .origin(plugin)
                    .help("this is a mistake in the plugin; tell its author")
            };
            if !pattern.starts_with('/') || path.iter().any(String::is_empty) {
                problems.push(refuse(format!(
                    "the plugin `{plugin}` claims `{pattern}`, which is not a key of the configuration"
                )));
                continue;
            }
            if !bundled && let Some((place, other)) = inside(&path, plugin, owners) {
                let how = if place == *pattern {
                    format!("belongs to {other}")
                } else {
                    format!("lies within `{place}` of {other}")
                };
                let problem =
                    refuse(format!("the plugin `{plugin}` claims `{pattern}`, which {how}"));
                problems.push(problem.help("use only one of the two plugins"));
                continue;
            }
            if let Some(taken) = list.iter().find(|claim| claim.path == path) {
                let other = taken
                    .plugin
                    .map_or("the kernel".to_owned(), |other| format!("the plugin `{other}`"));
                let problem = refuse(format!(
                    "the plugin `{plugin}` claims `{pattern}`, which belongs to {other}"
                ));
                problems.push(problem.help("use only one of the two plugins"));
                continue;
            }
            let ignored = schema::unsupported(schema);
            if !ignored.is_empty() {
                problems.push(Problem {
                    severity: Severity::Warning,
                    ..refuse(format!(
                        "the schema of `{pattern}` has rules that are not checked: {}",
                        ignored.join(", ")
                    ))
                });
            }
            list.push(Claim { plugin: Some(plugin), path, schema });
        }
        Self { list }
    }

    /// The owners as they are, before the kernel: for looking things up.
    pub fn granted(owners: &'a [Owner]) -> Self {
        let claim = |owner: &'a Owner| Claim {
            plugin: Some(&owner.plugin),
            path: segments(&owner.pattern).collect(),
            schema: &owner.schema,
        };
        let mut list: Vec<Claim<'a>> = owners.iter().map(claim).collect();
        let kernel = Self::new(&[], &mut Vec::new()).list;
        for claim in kernel {
            if !list.iter().any(|known| known.path == claim.path) {
                list.push(claim);
            }
        }
        Self { list }
    }

    /// The most specific claim on exactly this path.
    pub fn exact(&self, path: &[String]) -> Option<usize> {
        let matching = (0..self.list.len()).filter(|index| covers(&self.list[*index].path, path));
        matching.max_by(|left, right| specificity(&self.list[*left].path, &self.list[*right].path))
    }

    /// Whether a plugin claims exactly this pattern.
    pub fn has(&self, plugin: &str, pattern: &[&str]) -> bool {
        self.list.iter().any(|claim| claim.plugin == Some(plugin) && claim.path == pattern)
    }

    /// Whether some claim lies below this path.
    pub fn leads_on(&self, path: &[String]) -> bool {
        self.list
            .iter()
            .any(|claim| claim.path.len() > path.len() && covers(&claim.path[..path.len()], path))
    }

    /// Root keys whose schema has this setting.
    pub fn sections_with(&self, setting: &str) -> Vec<&str> {
        let has = |claim: &&Claim<'_>| claim.schema["properties"].get(setting).is_some();
        let at_root = self.list.iter().filter(|claim| claim.path.len() == 1);
        at_root.filter(has).map(|claim| claim.path[0].as_str()).collect()
    }

    /// Literal names that are claimed directly below a path.
    pub fn names_below(&self, path: &[String]) -> Vec<String> {
        let below = self.list.iter().filter(|claim| {
            claim.path.len() > path.len() && covers(&claim.path[..path.len()], path)
        });
        below.map(|claim| claim.path[path.len()].clone()).filter(|name| name != "*").collect()
    }
}

/// The key of somebody else that a plugin's pattern lies within or means too, and whose it is.
/// The roles below `/servers` are shared out, so what the kernel owns there does not count.
fn inside(path: &[String], plugin: &str, owners: &[Owner]) -> Option<(String, String)> {
    let shared = |owner: &Owner| owner.plugin == "kernel" && owner.pattern == "/servers";
    let kernel = of_kernel();
    let others = owners.iter().chain(&kernel).filter(|owner| owner.plugin != plugin);
    let length = |owner: &&Owner| segments(&owner.pattern).count();
    let meet = |(left, right): (String, &String)| left == *right || left == "*" || right == "*";
    let contains = |owner: &&Owner| {
        length(owner) <= path.len() && segments(&owner.pattern).zip(path).all(meet)
    };
    let owner =
        others.filter(|owner| !shared(owner)).filter(contains).max_by_key(|owner| length(owner))?;
    let whose = match owner.plugin.as_str() {
        "kernel" => "the kernel".to_owned(),
        other => format!("the plugin `{other}`"),
    };
    Some((owner.pattern.clone(), whose))
}

/// Patterns of one length: the one that is literal further left wins.
fn specificity(left: &[String], right: &[String]) -> Ordering {
    let literal = |path: &[String]| path.iter().map(|segment| segment != "*").collect::<Vec<_>>();
    literal(left).cmp(&literal(right))
}

/// The kernel's own keys, as an owner's.
pub fn of_kernel() -> Vec<Owner> {
    let owner = |(pattern, schema): (&String, &Json)| Owner {
        plugin: "kernel".to_owned(),
        bundled: true,
        pattern: pattern.clone(),
        schema: schema.clone(),
    };
    kernel_schema().iter().map(owner).collect()
}

/// Pattern to schema, for the kernel's own keys.
fn kernel_schema() -> &'static JsonMap<String, Json> {
    static SCHEMA: OnceLock<JsonMap<String, Json>> = OnceLock::new();
    SCHEMA.get_or_init(|| {
        serde_json::from_str(include_str!("kernel-schema.json"))
            .expect("the built-in schema is JSON")
    })
}
