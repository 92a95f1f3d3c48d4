//! Where the files of the image come from: a clone of what is committed, or a directory as it is.

use windlass_sdk::steps::{command, error_at, say};
use windlass_sdk::types::{Context, GitState, Problem, Step, WorkTree};

use crate::clone::Clone;
use crate::machine::{local, look};
use crate::settings::Builder;

/// Lines of git's list that are shown.
const SHOWN: usize = 20;

/// What a build reads.
pub struct Source {
    /// Directory, or what the builder fetches itself.
    pub context: String,
    pub dockerfile: String,
}

/// The source of a build, and the steps that make it ready: the clone, unless a context is set
/// or there is no repository.
pub fn source(context: &Context, builder: &Builder) -> Result<(Source, Vec<Step>), Problem> {
    let tree = match (&context.machine.git, &builder.context) {
        (GitState::WorkTree(tree), _) => Some(tree),
        (GitState::None, _) | (GitState::Unknown(_), Some(_)) => None,
        (GitState::Unknown(why), None) => {
            return Err(Problem {
                help: Some("`builder: context: .` builds the directory as it is".to_string()),
                ..error_at("/builder", format!("git cannot tell what is committed: {why}"))
            });
        }
    };
    let mut steps: Vec<Step> =
        tree.iter().filter_map(|tree| notice(tree, builder.context.is_none())).collect();
    let (directory, dockerfile) = match (&builder.context, tree) {
        (Some(directory), _) => (directory.clone(), builder.dockerfile().to_string()),
        (None, None) => (".".to_string(), builder.dockerfile().to_string()),
        (None, Some(tree)) => {
            let clone = Clone::new(context, tree)?;
            steps.extend(clone.steps());
            let project = clone.project();
            let dockerfile = within(&project, builder.dockerfile());
            (project, dockerfile)
        }
    };
    if is_local(&directory) {
        let missing = match &builder.context {
            None => "write it and commit it, or name another with `builder: dockerfile:`",
            Some(_) => "write it, or name another with `builder: dockerfile:`",
        };
        let title = format!("Check that {dockerfile} is there");
        let found = look("dockerfile", title, command(["test", "-f", &dockerfile]));
        steps.push(found.help(missing));
    }
    Ok((Source { context: directory, dockerfile }, steps))
}

/// Tells what is not committed, and what that means.
fn notice(tree: &WorkTree, left_out: bool) -> Option<Step> {
    let lines: Vec<&str> = tree.uncommitted.lines().collect();
    if lines.is_empty() {
        return None;
    }
    let (title, meaning) = if left_out {
        ("Leave out what is not committed", "this is not committed, so it is not in the image")
    } else {
        ("Include what is not committed", "this is not committed, and it is in the image")
    };
    let mut told = format!("{meaning}:");
    for line in lines.iter().take(SHOWN) {
        told.push_str(&format!("\n  {}", line.trim()));
    }
    if lines.len() > SHOWN {
        told.push_str(&format!("\n  and {} more: git status", lines.len() - SHOWN));
    }
    Some(local("uncommitted", title, say(&told)).why("git status"))
}

/// A path as seen from a directory.
fn within(directory: &str, path: &str) -> String {
    if path.starts_with('/') { path.to_string() } else { format!("{directory}/{path}") }
}

/// False for what the builder fetches itself.
fn is_local(context: &str) -> bool {
    !context.contains("://") && !context.starts_with("git@") && context != "-"
}
