//! Constructors for what a plugin says of itself.

use serde_json::Value;

use crate::types::{
    Aim, Area, Argument, Capability, CommandScope, CommandSpec, ContainerScope, DefaultVersion,
    Description, Flag, ForeignKey, HookInfo, HttpScope, Intent, Ownership, Pattern, Scope, Whose,
};

/// A plugin that owns, offers and may do nothing.
pub fn plugin(name: &str, version: &str, about: &str) -> Description {
    Description {
        name: name.to_string(),
        version: version.to_string(),
        about: about.to_string(),
        owns: Vec::new(),
        reads: Vec::new(),
        commands: Vec::new(),
        capabilities: Vec::new(),
        needs: Vec::new(),
        hooks: Vec::new(),
        foreign_keys: Vec::new(),
    }
}

/// What a plugin owns of deploy.yml: a JSON pointer, and a JSON Schema as text or value.
pub fn owned(pattern: &str, schema: impl ToString) -> Ownership {
    Ownership { pattern: pattern.to_string(), schema: schema.to_string() }
}

/// The same for several of its keys.
pub fn owns<'a>(keys: impl IntoIterator<Item = (&'a str, Value)>) -> Vec<Ownership> {
    keys.into_iter().map(|(pattern, schema)| owned(pattern, schema)).collect()
}

/// A command for all hosts that acts on the checkout's version: without aims, flags and
/// arguments, asks nothing, and what its steps print is no result.
pub fn command(noun: &str, verb: &str, about: &str) -> CommandSpec {
    CommandSpec {
        noun: Some(noun.to_string()),
        verb: verb.to_string(),
        about: about.to_string(),
        aims: Vec::new(),
        flags: Vec::new(),
        arguments: Vec::new(),
        scope: Scope::AllHosts,
        version: DefaultVersion::Checkout,
        confirm: None,
        prints: false,
    }
}

impl CommandSpec {
    /// The same with one more aim.
    pub fn aiming(mut self, intent: Intent, areas: &[Area]) -> Self {
        self.aims.push(aim(intent, areas));
        self
    }

    /// The same as a command that only looks, and whose steps print the result.
    pub fn reading(mut self) -> Self {
        self.prints = true;
        self.aiming(Intent::Look, &[])
    }

    /// The same with one more flag.
    pub fn flag(mut self, flag: Flag) -> Self {
        self.flags.push(flag);
        self
    }

    /// The same as a command that shows lines of a log, with the flags that
    /// [`log_options`](crate::arguments::log_options) reads: a number of lines per `unit`, and new
    /// lines of `first` alone.
    pub fn log_lines(self, unit: &str, first: &str) -> Self {
        let (lines, follow) = (
            format!("Number of lines per {unit}"),
            format!("Show new lines of {first} as they come"),
        );
        self.reading()
            .flag(flag("since", Some('s'), Some("TIME"), "Lines since a time or a duration ago"))
            .flag(flag("lines", Some('n'), Some("NUMBER"), &lines))
            .flag(flag("grep", Some('g'), Some("PATTERN"), "Only lines that match"))
            .flag(flag("grep-options", Some('o'), Some("OPTIONS"), "Options of the search"))
            .flag(flag("follow", Some('f'), None, &follow))
    }
}

/// An aim of an operation.
pub fn aim(intent: Intent, areas: &[Area]) -> Aim {
    Aim { intent, areas: areas.to_vec() }
}

/// A flag of a command; with the name of a value, it takes one.
pub fn flag(name: &str, short: Option<char>, value: Option<&str>, about: &str) -> Flag {
    Flag { name: name.into(), short, value: value.map(Into::into), about: about.into() }
}

/// An argument that must be there; `many` takes all that follow.
pub fn argument(name: &str, about: &str, many: bool) -> Argument {
    Argument { name: name.into(), about: about.into(), required: true, many }
}

/// A hook that the plugin runs.
pub fn hook(name: &str, about: &str) -> HookInfo {
    HookInfo { name: name.into(), about: about.into() }
}

/// A key of another version of Kamal, and what to write in its place.
pub fn foreign(pattern: &str, origin: &str, help: &str) -> ForeignKey {
    ForeignKey { pattern: pattern.into(), origin: origin.into(), help: help.into() }
}

/// Texts that are exactly these.
pub fn exact<'a>(texts: impl IntoIterator<Item = &'a str>) -> Vec<Pattern> {
    texts.into_iter().map(|text| Pattern::Exact(text.to_string())).collect()
}

/// Texts that begin with one of these.
pub fn prefix<'a>(texts: impl IntoIterator<Item = &'a str>) -> Vec<Pattern> {
    texts.into_iter().map(|text| Pattern::Prefix(text.to_string())).collect()
}

/// Any text.
pub fn any() -> Vec<Pattern> {
    vec![Pattern::Any]
}

/// No containers at all; to be filled in.
pub fn no_containers() -> ContainerScope {
    containers(&[], Vec::new)
}

/// Containers of these owners with whatever name, image, mounts and options.
pub fn any_containers(whose: &[Whose]) -> Capability {
    Capability::Containers(containers(whose, any))
}

fn containers(whose: &[Whose], texts: fn() -> Vec<Pattern>) -> ContainerScope {
    ContainerScope {
        whose: whose.to_vec(),
        names: texts(),
        images: texts(),
        mounts: texts(),
        ports: texts(),
        networks: texts(),
        options: texts(),
        users: texts(),
    }
}

/// Servers at any address, and those in containers of the run.
pub fn any_http() -> Capability {
    Capability::Http(HttpScope { hosts: any(), ports: any(), containers_of_run: true })
}

/// Any command, whatever it changes.
pub fn any_command() -> CommandScope {
    CommandScope { argv: any(), read_only: false }
}

/// What is at or below these paths.
pub fn files<'a>(paths: impl IntoIterator<Item = &'a str>) -> Capability {
    Capability::Files(paths.into_iter().map(String::from).collect())
}
