//! Which paths must not be symbolic links when a plugin's step acts on files: a grant names a
//! directory, and a link in it would lead out of what the user granted.
//!
//! What the user named may be a link: the run directory, whatever is above it, and an absolute
//! path of a grant. Everything below is checked on the host, just before the step.

use super::walk;
use crate::model::action::profile;
use crate::model::capability::resolve;
use crate::model::wit::{Action, Part, Step};

/// The name under which a file is written before it takes the place of the old one.
const TEMPORARY: &str = ".windlass-new";

/// The paths that a step with this action and undo must find to be no symbolic links. `roots`:
/// the directories that the user named. A path below none of them is checked from its start.
pub(super) fn unlinked(roots: &[&str], step: &Step) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for action in std::iter::once(&step.action).chain(&step.undo) {
        let written =
            matches!(action, Action::WriteFile(_) | Action::WriteEnvFile(_) | Action::Upload(_));
        let texts = walk::action(action);
        let read = walk::parts(&texts).filter_map(|part| match part {
            Part::HostFile(path) => Some(path.as_str()),
            _ => None,
        });
        for path in profile(action).paths.into_iter().chain(read) {
            let mut paths = below(roots, path);
            if written && let Some(last) = paths.last() {
                paths.push(format!("{last}{TEMPORARY}"));
            }
            found
                .extend(paths.into_iter().filter(|path| !found.contains(path)).collect::<Vec<_>>());
        }
    }
    found
}

/// The path and the directories that lead to it, from below the deepest root on.
fn below(roots: &[&str], path: &str) -> Vec<String> {
    let Some(path) = resolve(path, "") else { return Vec::new() };
    let roots = roots.iter().filter_map(|root| resolve(root, ""));
    let root = roots.filter(|root| path.starts_with(root)).map(|root| root.len()).max();
    // The first segment of an absolute path is the root of the file system.
    let top = root.unwrap_or(0).max(usize::from(path.first().is_some_and(String::is_empty)));
    (top + 1..=path.len()).map(|end| path[..end].join("/")).collect()
}

#[cfg(test)]
mod tests {
    use super::below;

    #[test]
    fn s8_every_component_below_what_the_user_named_is_checked() {
        let roots = [".kamal", "/srv/app"];
        assert_eq!(below(&roots, ".kamal/data/x"), [".kamal/data", ".kamal/data/x"]);
        assert_eq!(below(&roots, "./.kamal//data"), [".kamal/data"]);
        assert_eq!(below(&roots, "/srv/app/a/b"), ["/srv/app/a", "/srv/app/a/b"]);
        assert!(below(&roots, "/srv/app").is_empty(), "the user named this very path");
        assert_eq!(below(&roots, "/srv/apple"), ["/srv", "/srv/apple"]);
        assert_eq!(below(&roots, ".kamal2/x"), [".kamal2", ".kamal2/x"]);
        let absolute = ["/home", "/home/deploy", "/home/deploy/.kamal", "/home/deploy/.kamal/x"];
        assert_eq!(below(&roots, "/home/deploy/.kamal/x"), absolute);
        assert_eq!(below(&["/"], "/etc/passwd"), ["/etc", "/etc/passwd"]);
    }
}
