//! Checks what a plugin says about itself.

use std::collections::BTreeSet;

use super::contract::{self, Asked, CommandSpec, Description, Pattern};
use crate::model::capability::Capability;
use crate::model::printable::is_one_line;

/// Checks a description; `name` is what the plugin was loaded as.
///
/// # Errors
/// One sentence: what is wrong with it.
pub(super) fn check(description: &Description, name: &str) -> Result<(), String> {
    if description.name != name {
        let own = &description.name;
        return Err(format!("it calls itself `{own}`, but was loaded as `{name}`"));
    }
    if !word(name) {
        return Err(format!("the name `{name}` is not made of lower-case letters, digits and `-`"));
    }
    if version(&description.version).is_none() {
        return Err(format!("its version `{}` is not like 1.2.3", description.version));
    }
    for owned in &description.owns {
        let pattern = &owned.pattern;
        pointer(pattern)?;
        match serde_json::from_str(&owned.schema) {
            Ok(serde_json::Value::Object(_) | serde_json::Value::Bool(_)) => {}
            Ok(_) => return Err(format!("the schema of `{pattern}` is not an object")),
            Err(error) => return Err(format!("the schema of `{pattern}` is not JSON: {error}")),
        }
    }
    description.reads.iter().try_for_each(|pattern| pointer(pattern))?;
    asked(&description.capabilities)?;
    for needed in &description.needs {
        let served = contract::interface(needed).is_some_and(|(package, name)| {
            package.imports().contains(&name)
                || package.exports().contains(&name)
                || package.kinds().iter().any(|(kind, _)| *kind == name)
        });
        if !served {
            return Err(format!("it needs `{needed}`, which this Windlass does not have"));
        }
    }
    one_line("what the plugin is about", &description.about)?;
    let mut seen = BTreeSet::new();
    for command in &description.commands {
        command_line(command)?;
        if !seen.insert((&command.noun, &command.verb)) {
            let noun = command.noun.as_deref().unwrap_or_default();
            return Err(format!("`{noun} {}` is there twice", command.verb));
        }
    }
    Ok(())
}

/// What a plugin asks for, as the kernel decides on it. Scopes narrower than everything are not
/// yet told apart: who is granted `containers` holds all of it.
pub(super) fn asked(capabilities: &[Asked]) -> Result<Vec<Capability>, String> {
    let mut asked = Vec::new();
    for capability in capabilities {
        match capability {
            Asked::Containers(_) => asked.push(Capability::Containers),
            Asked::Images(_) => asked.push(Capability::Images),
            Asked::Registries(_) => asked.push(Capability::Registry),
            Asked::Networks(_) => asked.push(Capability::Networks),
            Asked::RunAsRole(_) => asked.push(Capability::RunAsRole),
            Asked::Http(_) => asked.push(Capability::Http),
            Asked::Commands(_) => asked.push(Capability::Run),
            Asked::LocalCommands(_) | Asked::Hooks(_) | Asked::LocalFiles(_) => {
                asked.push(Capability::Local);
            }
            Asked::Compose | Asked::Labels(_) => asked.push(Capability::Compose),
            // Nothing is decided on them: a text may name any variable of the host.
            Asked::Variables(_) => {}
            Asked::Files(paths) => {
                for path in paths {
                    asked.push(format!("files:{path}").parse()?);
                }
            }
            Asked::Secrets(names) => asked.extend(names.iter().map(|name| {
                Capability::Secret(match name {
                    Pattern::Any => "*".to_owned(),
                    Pattern::Exact(name) => name.clone(),
                    Pattern::Prefix(start) => format!("{start}*"),
                })
            })),
            Asked::Other(other) => {
                return Err(format!(
                    "it asks for `{}`, which this Windlass does not know",
                    other.name
                ));
            }
        }
    }
    asked.sort();
    asked.dedup();
    Ok(asked)
}

fn command_line(command: &CommandSpec) -> Result<(), String> {
    let CommandSpec { verb, flags, arguments, .. } = command;
    let noun = command.noun.as_deref().unwrap_or_default();
    let flag_names = flags.iter().map(|flag| &flag.name);
    let names: Vec<&String> =
        flag_names.chain(arguments.iter().map(|argument| &argument.name)).collect();
    let own = command.noun.iter().chain([verb]);
    for text in own.chain(names.iter().copied()) {
        if !word(text) {
            return Err(format!("in the command `{noun} {verb}`, `{text}` is not a word"));
        }
    }
    let CommandSpec { about, confirm, .. } = command;
    let words = flags.iter().flat_map(|flag| std::iter::once(&flag.about).chain(&flag.value));
    let words = words.chain(arguments.iter().map(|argument| &argument.about));
    words
        .chain([about])
        .chain(confirm)
        .try_for_each(|text| one_line(&format!("a text of the command `{noun} {verb}`"), text))?;
    if verb == "help" {
        return Err(format!("`{noun} help` is the help of `{noun}`"));
    }
    // They share the object in which the plugin is handed their values.
    // A dash may be typed as an underscore.
    let distinct: BTreeSet<String> = names.iter().map(|name| name.replace('_', "-")).collect();
    if distinct.len() != names.len() {
        return Err(format!("the command `{noun} {verb}` has two flags of the same name"));
    }
    let shorts: Vec<char> = flags.iter().filter_map(|flag| flag.short).collect();
    let distinct: BTreeSet<&char> = shorts.iter().collect();
    if distinct.len() != shorts.len() || !shorts.iter().all(char::is_ascii_alphanumeric) {
        return Err(format!("the command `{noun} {verb}` has unusable short flags"));
    }
    let last = arguments.len().saturating_sub(1);
    if arguments.iter().take(last).any(|argument| argument.many) {
        return Err(format!("in the command `{noun} {verb}`, only the last argument can be many"));
    }
    let optional = arguments.iter().position(|argument| !argument.required);
    let required = arguments.iter().rposition(|argument| argument.required);
    if optional.is_some_and(|optional| required.is_some_and(|required| optional < required)) {
        return Err(format!(
            "in the command `{noun} {verb}`, a required argument follows an optional one"
        ));
    }
    Ok(())
}

fn one_line(what: &str, text: &str) -> Result<(), String> {
    if is_one_line(text) { Ok(()) } else { Err(format!("{what} must be one line, not {text:?}")) }
}

/// Lower-case letters, digits and inner dashes, a letter first.
fn word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && !text.ends_with('-')
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_')
}

fn pointer(pattern: &str) -> Result<(), String> {
    if pattern.starts_with('/') {
        return Ok(());
    }
    Err(format!("`{pattern}` is not a JSON pointer into deploy.yml"))
}

fn version(text: &str) -> Option<()> {
    let core = text.split(['-', '+']).next()?;
    let numbers: Vec<u64> = core.split('.').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    (numbers.len() == 3).then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::wit::Extension;
    use crate::plugin::{Argument, DefaultVersion, Flag, Ownership, Scope};

    fn good() -> Description {
        let flag = |name: &str, short| {
            let (name, about) = (name.to_owned(), String::new());
            Flag { name, short, value: None, about }
        };
        let command = CommandSpec {
            noun: Some("caddy".to_owned()),
            verb: "boot".to_owned(),
            about: String::new(),
            aims: Vec::new(),
            flags: vec![flag("force", Some('f')), flag("wait-for", None)],
            arguments: vec![Argument {
                name: "hosts".to_owned(),
                about: String::new(),
                required: false,
                many: true,
            }],
            scope: Scope::AllHosts,
            version: DefaultVersion::Checkout,
            confirm: None,
            prints: false,
        };
        Description {
            name: "caddy".to_owned(),
            version: "1.2.3-rc.1".to_owned(),
            about: "A proxy".to_owned(),
            owns: vec![Ownership { pattern: "/caddy".to_owned(), schema: "true".to_owned() }],
            reads: vec!["/servers".to_owned()],
            commands: vec![command],
            capabilities: vec![Asked::Compose, Asked::Files(vec!["caddy".to_owned()])],
            needs: Vec::new(),
            hooks: Vec::new(),
            foreign_keys: Vec::new(),
        }
    }

    fn violation(change: impl FnOnce(&mut Description)) -> String {
        let mut description = good();
        change(&mut description);
        check(&description, "caddy").unwrap_err()
    }

    #[test]
    fn accepts_the_truth_and_refuses_lies() {
        let unknown = || Asked::Other(Extension { name: "root".to_owned(), data: String::new() });
        assert_eq!(check(&good(), "caddy"), Ok(()));
        assert!(violation(|d| d.name = "traefik".to_owned()).contains("calls itself `traefik`"));
        assert!(violation(|d| d.version = "1.2".to_owned()).contains("1.2"));
        assert!(violation(|d| d.owns[0].schema = "{".to_owned()).contains("not JSON"));
        assert!(
            violation(|d| d.owns[0].pattern = "caddy".to_owned()).contains("is not a JSON pointer")
        );
        assert!(violation(|d| d.capabilities.push(unknown())).contains("asks for `root`"));
        let soak = || "windlass:plugin/soak@0.2.0".to_owned();
        assert!(violation(|d| d.needs.push(soak())).contains("does not have"));
        assert!(violation(|d| d.commands.push(d.commands[0].clone())).contains("twice"));
        assert!(
            violation(|d| d.commands[0].noun = Some("--x".to_owned())).contains("is not a word")
        );
        assert!(violation(|d| d.commands[0].flags[1].short = Some('f')).contains("short"));
        assert!(
            violation(|d| d.commands[0].flags[1].name = "hosts".to_owned()).contains("two flags")
        );
    }
    #[test]
    fn s7_what_the_command_line_cannot_take_is_refused_in_words() {
        let flag = |d: &mut Description, name: &str| {
            let (name, about) = (name.to_owned(), String::new());
            d.commands[0].flags.push(Flag { name, short: None, value: None, about });
        };
        assert!(
            violation(|d| flag(d, "wait_for")).contains("two flags"),
            "`--wait_for` is `--wait-for`"
        );
        assert!(violation(|d| d.commands[0].verb = "help".to_owned()).contains("`caddy help`"));
        let late = violation(|d| {
            let last = d.commands[0].arguments[0].clone();
            d.commands[0].arguments[0].many = false;
            d.commands[0].arguments.push(Argument {
                name: "file".to_owned(),
                required: true,
                ..last
            });
        });
        assert!(late.contains("a required argument follows"), "{late}");
    }

    #[test]
    fn s8_texts_about_a_plugin_forge_no_line() {
        for text in ["a\nb", "\u{202e}a", "\x1b[2J"] {
            let text = || text.to_owned();
            assert!(violation(|d| d.about = text()).contains("one line"));
            assert!(violation(|d| d.commands[0].about = text()).contains("one line"));
            assert!(violation(|d| d.commands[0].confirm = Some(text())).contains("one line"));
            assert!(violation(|d| d.commands[0].flags[0].about = text()).contains("one line"));
            assert!(
                violation(|d| d.commands[0].flags[0].value = Some(text())).contains("one line")
            );
            assert!(violation(|d| d.commands[0].arguments[0].about = text()).contains("one line"));
        }
    }
}
