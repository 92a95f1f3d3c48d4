//! Commands of plugins: whose the command line knows, their words, and what was typed for one.
//! Those of the project that it is typed in.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use clap::{Arg, ArgAction, ArgMatches, Command};
use serde_json::{Map, Value};

use crate::config::load::{LoadOptions, from_disk, load};
use crate::model::problem::Problem;
use crate::plugin::{CommandSpec, Description, Loader, Plugin};

use super::args::{also_underscored, kernel};
use super::failure::Failure;
use super::workspace::{bundled_plugins, plugins};

/// The plugins of the project, or the bundled ones if it names none of its own. A project that
/// cannot be loaded counts as naming none: the command itself will say what is wrong with it.
pub fn in_use(
    words: &[OsString],
    env: &BTreeMap<String, String>,
    loader: &Loader,
) -> Result<Vec<Plugin>, Failure> {
    of_project(words, env, loader).map_or_else(|| bundled_plugins(loader), Ok)
}

fn of_project(
    words: &[OsString],
    env: &BTreeMap<String, String>,
    loader: &Loader,
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
    plugins(loader, &loaded.project).ok()
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

/// The whole command line. The plugins that are described bring their nouns.
pub fn command(plugins: &[&Description]) -> Command {
    let mut root = kernel();
    let mut nouns: Vec<(String, Vec<Command>)> = Vec::new();
    for plugin in plugins {
        for spec in &plugin.commands {
            let verb = verb(spec);
            let Some(noun) = &spec.noun else {
                root = root.subcommand(verb);
                continue;
            };
            match nouns.iter_mut().find(|(known, _)| known == noun) {
                Some((_, verbs)) => verbs.push(verb),
                None => nouns.push((noun.clone(), vec![verb])),
            }
        }
    }
    for (noun, verbs) in nouns {
        let about = format!("Commands of {noun}: {}", names(&verbs));
        root = root.subcommand(
            Command::new(noun)
                .about(about)
                .subcommand_required(true)
                .arg_required_else_help(true)
                .subcommands(verbs.into_iter().map(also_underscored)),
        );
    }
    root
}

/// A plugin's command.
fn verb(spec: &CommandSpec) -> Command {
    // A command without a word about it is for those who know it.
    let mut verb = Command::new(spec.verb.clone()).about(spec.about.clone());
    verb = verb.hide(spec.about.is_empty());
    for flag in &spec.flags {
        let mut arg = Arg::new(flag.name.clone()).long(flag.name.clone()).help(flag.about.clone());
        if let Some(short) = flag.short {
            arg = arg.short(short);
        }
        arg = match &flag.value {
            Some(of) => arg.value_name(of.clone()).action(ArgAction::Append),
            None => arg.action(ArgAction::SetTrue),
        };
        verb = verb.arg(arg);
    }
    for argument in &spec.arguments {
        let mut arg = Arg::new(argument.name.clone())
            .help(argument.about.clone())
            .required(argument.required);
        if argument.many {
            arg = arg.num_args(usize::from(argument.required)..).trailing_var_arg(true);
        }
        verb = verb.arg(arg);
    }
    verb
}

/// What was typed for a plugin's command, as the plugin gets it: an object by long name. A
/// flag with a value is a string, or a list if it was given several times.
pub fn arguments(spec: &CommandSpec, matches: &ArgMatches) -> Value {
    let mut object = Map::new();
    for flag in &spec.flags {
        if flag.value.is_none() {
            if matches.get_flag(&flag.name) {
                object.insert(flag.name.clone(), Value::Bool(true));
            }
            continue;
        }
        let values: Vec<Value> = matches
            .get_many::<String>(&flag.name)
            .map(|values| values.map(|v| Value::String(v.clone())).collect())
            .unwrap_or_default();
        match values.len() {
            0 => {}
            1 => drop(object.insert(flag.name.clone(), values[0].clone())),
            _ => drop(object.insert(flag.name.clone(), Value::Array(values))),
        }
    }
    for argument in &spec.arguments {
        let values: Vec<Value> = matches
            .get_many::<String>(&argument.name)
            .map(|values| values.map(|v| Value::String(v.clone())).collect())
            .unwrap_or_default();
        if argument.many {
            object.insert(argument.name.clone(), Value::Array(values));
        } else if let Some(value) = values.into_iter().next() {
            object.insert(argument.name.clone(), value);
        }
    }
    Value::Object(object)
}

fn names(verbs: &[Command]) -> String {
    let shown = verbs.iter().filter(|verb| !verb.is_hide_set());
    shown.map(|verb| verb.get_name().to_string()).collect::<Vec<_>>().join(", ")
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
