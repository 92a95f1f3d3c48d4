//! From files to a [`Project`]: read, merge, check, all problems at once.

use std::cell::Cell;
use std::fs;
use std::io::{self, ErrorKind, Read as _};
use std::path::Path;

pub use super::options::LoadOptions;
use super::source::Sources;
use super::tree::{Node, Tree};
use super::{expressions, overlay, ownership, project, yaml};
use crate::model::problem::Problem;
use crate::model::project::Project;

/// A configuration without errors of the kernel's own. `ownership::check` and then
/// `Declared::read`, with the plugins that `project.windlass` names, are the caller's next steps.
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

/// Files that no honest project has are longer.
const MAX_FILE: u64 = 4 << 20;

/// A file on this machine, for [`LoadOptions::read`].
///
/// # Errors
/// Those of the system, and a file of more than 4 MiB.
pub fn from_disk(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > MAX_FILE {
        true => Err(io::Error::other("it is larger than 4 MiB")),
        false => Ok(bytes),
    }
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
    problems.extend(ownership::check_kernel(&tree, options.foreign));
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

/// The text that the template at `options.path` gives, by the same rules as the ERB of
/// deploy.yml; none if there is no such file.
///
/// # Errors
/// [`Problems`] with every error of the template.
pub fn template(options: &LoadOptions<'_>) -> Option<Result<String, Box<Problems>>> {
    let bytes = match (options.read)(options.path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return None,
        read => read,
    };
    let mut sources = Sources::default();
    let path = options.path;
    let read = |error| Problem::error(format!("{} cannot be read: {error}", path.display()));
    let text = bytes.map_err(|error| Box::new(read(error))).and_then(|bytes| text(path, bytes));
    let rendered = text.map_err(|problem| vec![*problem]).and_then(|text| {
        let source = sources.add(path, text);
        expressions::render(&source, options, &Cell::new(options.allow_commands))
    });
    Some(match rendered {
        Ok(rendered) => Ok(rendered.text().to_owned()),
        Err(problems) => Err(Box::new(Problems { problems, sources, tree: None })),
    })
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
    let reader = Reader { options, commands: Cell::new(options.allow_commands) };
    let base = reader.read(options.path, sources, problems, || missing_base(options.path));
    let Some((name, path)) = over else { return base };
    let over = reader.read(&path, sources, problems, || overlay::missing(options.path, name));
    Some(overlay::merge(base?, over?))
}

/// Reads the files of one load.
struct Reader<'a> {
    options: &'a LoadOptions<'a>,
    /// Whether commands may run; the base file also speaks for its destinations.
    commands: Cell<bool>,
}

impl Reader<'_> {
    fn read(
        &self,
        path: &Path,
        sources: &mut Sources,
        problems: &mut Vec<Problem>,
        missing: impl FnOnce() -> Problem,
    ) -> Option<Tree> {
        let text = match (self.options.read)(path) {
            Ok(bytes) => text(path, bytes),
            Err(error) if error.kind() == ErrorKind::NotFound => Err(Box::new(missing())),
            Err(error) => {
                Err(Box::new(Problem::error(format!("{} cannot be read: {error}", path.display()))))
            }
        };
        let source = match text {
            Ok(text) => sources.add(path, text),
            Err(problem) => {
                problems.push(*problem);
                return None;
            }
        };
        let parsed = expressions::render(&source, self.options, &self.commands)
            .and_then(|rendered| yaml::parse(&source, &rendered));
        match parsed {
            Ok(parsed) if parsed.tree.root.map().is_some() => {
                problems.extend(parsed.warnings);
                if expressions::allows(&parsed.tree) {
                    self.commands.set(true);
                }
                Some(parsed.tree)
            }
            Ok(parsed) => {
                let place = parsed.tree.root.spot.place();
                let problem = Problem::error("the file should be a map of settings").at(place);
                problems.push(problem.help(
                    "each line should look like `service: my-app`, with a space after the colon",
                ));
                None
            }
            Err(found) => {
                problems.extend(found);
                None
            }
        }
    }
}

/// The text of a file, which must be UTF-8.
fn text(path: &Path, bytes: Vec<u8>) -> Result<String, Box<Problem>> {
    String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = valid.iter().filter(|byte| **byte == b'\n').count() + 1;
        let found = match error.as_bytes() {
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "UTF-16 text".to_owned(),
            _ => format!("not UTF-8 text (line {line})"),
        };
        let problem = Problem::error(format!("{} is {found}", path.display()));
        Box::new(problem.help("save the file as UTF-8"))
    })
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
