//! Commands that cannot be told apart: a plugin's and the kernel's, or those of two plugins.
//! The parser would take one of them without a word, or crash.

use std::collections::{BTreeMap, BTreeSet};

use clap::Command;

use crate::deploy::crew::typed;
use crate::plugin::Description;

use super::args;

/// What to do about a clash.
pub const HELP: &str = "use only one of the two plugins, or ask the plugin's author to rename it";

/// Checks the commands of the plugins that are described, bundled ones first.
///
/// # Errors
/// One sentence that names both sides.
pub fn check(plugins: &[&Description]) -> Result<(), String> {
    let kernel = args::kernel();
    let (names, shorts) = options(&kernel);
    let mut owners: BTreeMap<String, &str> = BTreeMap::new();
    for plugin in plugins {
        for spec in &plugin.commands {
            let typed = typed(spec);
            let by = format!("the plugin `{}` provides the command `{typed}`", plugin.name);
            let first = spec.noun.as_ref().unwrap_or(&spec.verb);
            if first == "help" || kernel.find_subcommand(first).is_some() {
                return Err(format!("{by}, but `{first}` is a command of Windlass itself"));
            }
            // Neither may a noun be a command by itself, whichever comes first.
            let as_noun = |known: &String| known.split_once(' ').is_some_and(|(n, _)| n == typed);
            let known = |known: &str| owners.get(known).copied();
            let clash = known(&typed)
                .or_else(|| known(first))
                .or_else(|| owners.iter().find(|(known, _)| as_noun(known)).map(|(_, by)| *by));
            owners.insert(typed.clone(), &plugin.name);
            if let Some(other) = clash {
                return Err(format!("{by}, which the plugin `{other}` provides too"));
            }
            let flags = spec.flags.iter().map(|flag| &flag.name);
            for name in flags.chain(spec.arguments.iter().map(|argument| &argument.name)) {
                if names.contains(&dashed(name)) {
                    return Err(format!(
                        "{by} with `{name}`, but `--{}` is an option of Windlass itself",
                        dashed(name)
                    ));
                }
            }
            for short in spec.flags.iter().filter_map(|flag| flag.short) {
                if shorts.contains(&short) {
                    return Err(format!(
                        "{by} with `-{short}`, but that is an option of Windlass itself"
                    ));
                }
            }
        }
    }
    Ok(())
}

/// The names, aliases and letters of the options that every command has.
fn options(kernel: &Command) -> (BTreeSet<String>, BTreeSet<char>) {
    let (mut names, mut shorts) = (BTreeSet::new(), BTreeSet::new());
    for option in kernel.get_arguments() {
        names.insert(dashed(option.get_id().as_str()));
        let spelled = option.get_long_and_visible_aliases().into_iter().flatten();
        let aliases = option.get_all_aliases().into_iter().flatten();
        names.extend(spelled.chain(aliases).map(dashed));
        shorts.extend(option.get_short());
    }
    (names, shorts)
}

/// An underscore may be typed for a dash.
fn dashed(name: &str) -> String {
    name.replace('_', "-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::{CommandSpec, DefaultVersion, Flag, Limits, Loader, LoaderOptions, Scope};

    fn plugin(name: &str, noun: &str, verb: &str) -> Description {
        let command = CommandSpec {
            noun: Some(noun.to_string()),
            verb: verb.to_string(),
            about: String::new(),
            aims: Vec::new(),
            flags: Vec::new(),
            arguments: Vec::new(),
            scope: Scope::AllHosts,
            version: DefaultVersion::Checkout,
            confirm: None,
            prints: false,
        };
        Description {
            name: name.to_string(),
            version: "1.0.0".to_string(),
            about: String::new(),
            owns: Vec::new(),
            reads: Vec::new(),
            commands: vec![command],
            capabilities: Vec::new(),
            needs: Vec::new(),
            hooks: Vec::new(),
            foreign_keys: Vec::new(),
        }
    }

    fn with_flag(name: &str, short: Option<char>) -> Description {
        let mut slim = plugin("slim", "slim", "boot");
        let (name, about) = (name.to_string(), String::new());
        slim.commands[0].flags.push(Flag { name, short, value: None, about });
        slim
    }

    /// The refusal; what is accepted must be a command line that the parser can take.
    fn clash(plugins: &[Description]) -> Option<String> {
        let plugins: Vec<&Description> = plugins.iter().collect();
        let clash = check(&plugins).err();
        if clash.is_none() {
            crate::cli::nouns::command(&plugins).debug_assert();
        }
        clash
    }

    #[test]
    fn s7_a_command_has_one_owner() {
        let app = || plugin("app", "app", "boot");
        assert_eq!(clash(&[app(), plugin("slim", "slim", "boot")]), None);
        assert_eq!(clash(&[app(), plugin("slim", "app", "warm")]), None);
        assert_eq!(
            clash(&[app(), plugin("slim", "app", "boot")]).unwrap(),
            "the plugin `slim` provides the command `app boot`, which the plugin `app` provides too"
        );
        let alone = || {
            let mut warm = plugin("warm", "", "warm");
            warm.commands[0].noun = None;
            warm
        };
        let below = || plugin("slim", "warm", "up");
        assert!(clash(&[alone(), below()]).unwrap().contains("which the plugin `warm` provides"));
        assert!(clash(&[below(), alone()]).unwrap().contains("which the plugin `slim` provides"));
        for (noun, verb) in [("lock", "release"), ("deploy", "now"), ("help", "me")] {
            let clash = clash(&[plugin("slim", noun, verb)]).unwrap();
            assert!(clash.contains("`slim`") && clash.contains("of Windlass itself"), "{clash}");
        }
    }

    #[test]
    fn s7_options_that_every_command_has_are_not_taken() {
        for name in ["hosts", "confirmed", "skip_hooks", "skip-hooks", "help", "config_file"] {
            let flag = clash(&[with_flag(name, None)]).unwrap_or_else(|| panic!("{name}"));
            assert!(flag.contains("`slim boot`") && flag.contains(name), "{flag}");
        }
        assert!(clash(&[with_flag("wide", Some('h'))]).unwrap().contains("`-h`"));
        assert_eq!(clash(&[with_flag("wide_open", Some('w'))]), None);
        let mut slim = plugin("slim", "slim", "boot");
        slim.commands[0].arguments.push(crate::plugin::Argument {
            name: "roles".to_string(),
            about: String::new(),
            required: true,
            many: false,
        });
        assert!(clash(&[slim]).unwrap().contains("`roles`"));
    }

    #[test]
    fn the_bundled_plugins_do_not_clash() {
        let log = std::sync::Arc::new(|_: &str, _, _: &str| {});
        let program = std::env::current_exe().unwrap();
        let cache_dir = Some(program.with_file_name("windlass-plugins-of-tests"));
        let loader = Loader::new(LoaderOptions { cache_dir, limits: Limits::default(), log });
        let plugins = super::super::workspace::bundled_plugins(&loader).unwrap();
        let described: Vec<_> = plugins.iter().map(|plugin| plugin.description().clone()).collect();
        assert_eq!(clash(&described), None);
    }
}
