//! From files to a [`Project`]: read, merge, check, all problems at once.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::source::Sources;
use super::tree::{Node, Tree};
use super::{erb, overlay, ownership, project, yaml};
use crate::model::problem::Problem;
use crate::model::project::Project;

/// What to load, and for whom.
#[derive(Debug, Clone, Copy)]
pub struct LoadOptions<'a> {
    /// `config/deploy.yml`, as the user would write it.
    pub path: &'a Path,
    pub destination: Option<&'a str>,
    /// Becomes `Project::version`; empty if the caller finds out later.
    pub version: Option<&'a str>,
    /// What ERB's `ENV` sees: the environment after `.env` files.
    pub env: &'a BTreeMap<String, String>,
}

/// A configuration without errors of the kernel's own. `ownership::check`,
/// with the plugins that `project.windlass` names, is the caller's next step.
#[derive(Debug)]
pub struct Loaded {
    pub project: Project,
    pub tree: Tree,
    pub sources: Sources,
    pub warnings: Vec<Problem>,
}

/// Why there is no configuration: every problem found, warnings included.
#[derive(Debug, thiserror::Error)]
#[error("{}", summary(.problems))]
pub struct Problems {
    pub problems: Vec<Problem>,
    pub sources: Sources,
    /// The merged tree, if it came that far: `ownership::check` may add to it.
    pub tree: Option<Tree>,
}

fn summary(problems: &[Problem]) -> String {
    problems
        .iter()
        .filter(|problem| problem.is_error())
        .map(Problem::to_string)
        .collect::<Vec<_>>()
        .join("\n")
}

/// Load the configuration.
///
/// # Errors
/// [`Problems`] with every error of the files, the kernel's keys and the
/// topology; only a file that cannot be parsed keeps later checks from running.
pub fn load(options: &LoadOptions<'_>) -> Result<Loaded, Box<Problems>> {
    let mut sources = Sources::default();
    let mut problems = Vec::new();
    let Some(tree) = read_all(options, &mut sources, &mut problems) else {
        return Err(Box::new(Problems { problems, sources, tree: None }));
    };
    problems.extend(ownership::check_kernel(&tree));
    require_destination(options, &tree, &mut problems);
    let project = project::build(
        &tree,
        options.destination,
        options.version.unwrap_or_default(),
        &mut problems,
    );
    match project {
        Some(project) if !problems.iter().any(Problem::is_error) => {
            Ok(Loaded { project, tree, sources, warnings: problems })
        }
        _ => Err(Box::new(Problems {
            problems: ownership::sorted(problems),
            sources,
            tree: Some(tree),
        })),
    }
}

/// The base file, with the destination's over it if there is one.
fn read_all(
    options: &LoadOptions<'_>,
    sources: &mut Sources,
    problems: &mut Vec<Problem>,
) -> Option<Tree> {
    let over = match options.destination {
        None => None,
        Some(name) if !overlay::is_destination_name(name) => {
            let problem = Problem::error(format!("`{name}` cannot be the name of a destination"));
            problems.push(problem.help("use letters, digits, `-`, `_` and `.`"));
            return None;
        }
        Some(name) => Some((name, overlay::destination_path(options.path, name))),
    };
    let base = read(options.path, options.env, sources, problems, || missing_base(options.path));
    let Some((name, path)) = over else { return base };
    let over = read(&path, options.env, sources, problems, || overlay::missing(options.path, name));
    Some(overlay::merge(base?, over?))
}

fn read(
    path: &Path,
    env: &BTreeMap<String, String>,
    sources: &mut Sources,
    problems: &mut Vec<Problem>,
    missing: impl FnOnce() -> Problem,
) -> Option<Tree> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) => {
            let unreadable =
                || Problem::error(format!("{} cannot be read: {error}", path.display()));
            problems.push(if error.kind() == ErrorKind::NotFound {
                missing()
            } else {
                unreadable()
            });
            return None;
        }
    };
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let line = error.as_bytes()[..error.utf8_error().valid_up_to()]
                .iter()
                .filter(|byte| **byte == b'\n')
                .count()
                + 1;
            let problem =
                Problem::error(format!("{} is not UTF-8 text (line {line})", path.display()));
            problems.push(problem.help("save the file as UTF-8"));
            return None;
        }
    };
    let source = sources.add(path, text);
    let parsed = erb::render(&source, env).and_then(|rendered| yaml::parse(&source, &rendered));
    match parsed {
        Ok(parsed) if parsed.tree.root.map().is_some() => {
            problems.extend(parsed.warnings);
            Some(parsed.tree)
        }
        Ok(parsed) => {
            let problem = Problem::error("the file should be a map of settings").at(parsed
                .tree
                .root
                .spot
                .place());
            problems.push(problem.help("each line should look like `service: my-app`"));
            None
        }
        Err(found) => {
            problems.extend(found);
            None
        }
    }
}

fn missing_base(path: &Path) -> Problem {
    let problem = Problem::error(format!("{} does not exist", path.display()));
    problem.help("run this in the app's directory, name the file with `--config-file`, or create one with `windlass init`")
}

fn require_destination(options: &LoadOptions<'_>, tree: &Tree, problems: &mut Vec<Problem>) {
    let required = tree.get("/require_destination").and_then(Node::text).as_deref() == Some("true");
    if !required || options.destination.is_some() {
        return;
    }
    let known = overlay::destinations(options.path);
    let problem =
        Problem::error("a destination is required").at(tree.place("/require_destination"));
    problems.push(problem.about("/require_destination").label("set here").help(
        match known.as_slice() {
            [] => format!(
                "pass `-d NAME`, and create {}",
                overlay::destination_path(options.path, "NAME").display()
            ),
            known => format!("pass `-d NAME`; destinations that exist: {}", known.join(", ")),
        },
    ));
}
