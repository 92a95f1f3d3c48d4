//! Names of hosts.

use crate::model::problem::Problem;

/// Why a text cannot be the name of a host. It becomes an argument of `ssh`, where a leading
/// dash would be an option.
pub(super) fn check(name: &str) -> Option<Problem> {
    let fits = |letter: char| letter.is_alphanumeric() || "-_.:@%[]".contains(letter);
    if !name.is_empty() && !name.starts_with('-') && name.chars().all(fits) {
        return None;
    }
    let problem = Problem::error(format!("`{name}` cannot be the name of a host"));
    Some(problem.help("write a host name or an address"))
}
