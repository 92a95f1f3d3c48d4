//! Which plugins' commands the command line knows: those of the project that it is typed in.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use crate::config::load::{LoadOptions, from_disk, load};
use crate::model::problem::Problem;
use crate::plugin::{Host, Plugin};

use super::failure::Failure;
use super::workspace::{bundled_plugins, plugins};

/// The plugins of the project, or the bundled ones if it names none of its own. A project that
/// cannot be loaded counts as naming none: the command itself will say what is wrong with it.
pub fn in_use(
    words: &[OsString],
    env: &BTreeMap<String, String>,
    host: &Host,
) -> Result<Vec<Plugin>, Failure> {
    of_project(words, env, host).map_or_else(|| bundled_plugins(host), Ok)
}

fn of_project(
    words: &[OsString],
    env: &BTreeMap<String, String>,
    host: &Host,
) -> Option<Vec<Plugin>> {
    let path = option(words, "config-file", 'c').unwrap_or_else(|| "config/deploy.yml".into());
    let path = Path::new(&path);
    // Most projects have no plugins of their own; `--help` is quick there.
    if !std::fs::read_to_string(path).ok()?.contains("x-windlass") {
        return None;
    }
    let destination = option(words, "destination", 'd');
    let destination = destination.as_deref();
    // Nothing may run only to find out which commands there are.
    let options = LoadOptions {
        path,
        destination,
        version: None,
        env,
        read: &from_disk,
        foreign: &[],
        allow_commands: false,
        run: &|_| Err(Box::new(Problem::error("not now"))),
    };
    let loaded = load(&options).ok()?;
    plugins(host, &loaded.project).ok()
}

/// The value of a global option, before clap can know the words around it: `--name VALUE`,
/// `--name=VALUE`, `-n VALUE` or `-nVALUE`; the last one counts.
fn option(words: &[OsString], long: &str, short: char) -> Option<String> {
    let (long, short) = (format!("--{long}"), format!("-{short}"));
    let mut found = None;
    let mut words = words.iter().filter_map(|word| word.to_str()).take_while(|word| *word != "--");
    while let Some(word) = words.next() {
        if word == long || word == short {
            found = words.next().or(found);
        } else if let Some(rest) = word.strip_prefix(&long).and_then(|rest| rest.strip_prefix('='))
        {
            found = Some(rest);
        } else if let Some(rest) = word.strip_prefix(&short)
            && !word.starts_with("--")
        {
            found = Some(rest.strip_prefix('=').unwrap_or(rest));
        }
    }
    found.map(str::to_string)
}

#[cfg(test)]
mod tests {
    use super::option;

    #[test]
    fn options_in_all_spellings() {
        let of = |line: &str| {
            let words: Vec<_> = line.split(' ').map(Into::into).collect();
            option(&words, "config-file", 'c')
        };
        for line in
            ["w -c a.yml x", "w x --config-file a.yml", "w --config-file=a.yml", "w -ca.yml"]
        {
            assert_eq!(of(line).as_deref(), Some("a.yml"), "{line}");
        }
        assert_eq!(of("w app exec -- -c b"), None);
        assert_eq!(of("w -c a -c b").as_deref(), Some("b"));
        assert_eq!(of("w deploy"), None);
    }
}
