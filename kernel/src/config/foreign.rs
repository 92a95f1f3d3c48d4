//! Keys that another program, or another version, reads from the same file.

use super::tree::{covers, segments};

/// A key that nobody owns here, and what to write instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ForeignKey<'a> {
    /// A JSON pointer in which `*` stands for any key.
    pub pattern: &'a str,
    /// Whose key it is, as in "is a key of …".
    pub origin: &'a str,
    pub help: &'a str,
}

/// The first that the path of a key fits.
pub(super) fn find<'a>(keys: &[ForeignKey<'a>], path: &[String]) -> Option<ForeignKey<'a>> {
    let fits = |key: &&ForeignKey<'_>| covers(&segments(key.pattern).collect::<Vec<_>>(), path);
    keys.iter().find(fits).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_by_their_whole_path() {
        let keys = ["/proxy", "/servers/*/proxy"].map(|pattern| ForeignKey {
            pattern,
            origin: "somebody",
            help: "write less",
        });
        let found = |pointer| find(&keys, &segments(pointer).collect::<Vec<_>>());
        assert_eq!(found("/proxy"), Some(keys[0]));
        assert_eq!(found("/servers/web/proxy"), Some(keys[1]));
        assert_eq!(found("/servers/proxy"), None);
        assert_eq!(found("/accessories/web/proxy"), None);
    }
}
