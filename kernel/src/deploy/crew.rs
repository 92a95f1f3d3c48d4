//! The plugins of a run, by what they are for, and what each is told.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::config::foreign::ForeignKey;
use crate::config::owner::Owner;
use crate::config::ownership::section;
use crate::config::tree::Tree;
use crate::model::diagnostic::{self, Diagnostic};
use crate::model::project::Project;
use crate::model::wit::{Context, HostInfo, Machine, Operation, RoleInfo};
use crate::plugin::{CommandSpec, Kind, Plugin, PluginError};

use super::local_files::LocalFiles;

/// The loaded plugins. Steps of one host and phase stand in the order of this list:
/// registry, builder and custom steps, env, proxy, role.
#[derive(Clone)]
pub struct Crew {
    plugins: Vec<Plugin>,
}

/// A crew that cannot work.
#[derive(Debug, thiserror::Error)]
#[error("no {kind} plugin is loaded")]
pub struct Incomplete {
    kind: Kind,
}

/// Why it cannot be told which proxy routes to a role.
#[derive(Debug, thiserror::Error)]
pub enum RoutesError {
    #[error(transparent)]
    Plugin(#[from] PluginError),
    #[error("the plugins `{one}` and `{other}` both route to the role `{role}`")]
    TwoProxies { role: String, one: String, other: String },
}

impl From<Incomplete> for Diagnostic {
    fn from(error: Incomplete) -> Self {
        let help = "take the entry that replaces it out of `x-windlass: plugins:`, or add one of \
                    that kind";
        Self::new(diagnostic::Kind::Plugin, error.to_string()).help([help])
    }
}

impl From<RoutesError> for Diagnostic {
    fn from(error: RoutesError) -> Self {
        let help = match &error {
            RoutesError::Plugin(_) => None,
            RoutesError::TwoProxies { .. } => Some(
                "keep one of them under `x-windlass: plugins:`, or take the role out of the \
                 section of the other",
            ),
        };
        Self::new(diagnostic::Kind::Plugin, error.to_string()).help(help)
    }
}

impl Crew {
    /// Orders the plugins. There must be an engine, a role and a registry plugin.
    pub fn new(mut plugins: Vec<Plugin>) -> Result<Self, Incomplete> {
        plugins.sort_by_key(|plugin| match plugin.kind() {
            Kind::Engine => 0,
            Kind::Registry => 1,
            Kind::Step => 2,
            Kind::Env => 3,
            Kind::Proxy => 4,
            Kind::Role => 5,
        });
        for kind in [Kind::Engine, Kind::Registry, Kind::Role] {
            if !plugins.iter().any(|plugin| plugin.kind() == kind) {
                return Err(Incomplete { kind });
            }
        }
        Ok(Self { plugins })
    }

    /// All plugins in their order.
    pub fn iter(&self) -> impl Iterator<Item = &Plugin> {
        self.plugins.iter()
    }

    /// The plugins of a kind.
    pub fn of(&self, kind: Kind) -> impl Iterator<Item = &Plugin> {
        self.plugins.iter().filter(move |plugin| plugin.kind() == kind)
    }

    /// The engine: there is one.
    pub fn engine(&self) -> &Plugin {
        self.only(Kind::Engine)
    }

    /// The role plugin: there is one.
    pub fn role(&self) -> &Plugin {
        self.only(Kind::Role)
    }

    fn only(&self, kind: Kind) -> &Plugin {
        self.of(kind).next().expect("checked when the crew was made")
    }

    /// The plugin that brings a command, noun and verb, and the command.
    pub fn command(&self, operation: &str) -> Option<(&Plugin, &CommandSpec)> {
        self.plugins.iter().find_map(|plugin| {
            let mut commands = plugin.description().commands.iter();
            let is_it = |command: &&CommandSpec| typed(command) == operation;
            Some((plugin, commands.find(is_it)?))
        })
    }

    /// The roles that proxies route to, each with its proxy.
    pub fn routes(&self, request: &Request) -> Result<BTreeMap<String, String>, RoutesError> {
        let mut routes = BTreeMap::new();
        for proxy in self.of(Kind::Proxy) {
            let roles = proxy.routes(&request.context(proxy, &|_| String::new()))?;
            claim(&mut routes, proxy.name(), roles)?;
        }
        Ok(routes)
    }

    /// Keys of deploy.yml that belong to other programs, as the plugins know them.
    pub fn foreign_keys(&self) -> Vec<ForeignKey<'_>> {
        foreign_keys(&self.plugins)
    }

    /// What each plugin owns of deploy.yml.
    pub fn owners(&self) -> Vec<Owner> {
        owners(&self.plugins)
    }
}

/// What each of these plugins owns of deploy.yml.
pub fn owners(plugins: &[Plugin]) -> Vec<Owner> {
    let mut owners = Vec::new();
    for plugin in plugins {
        for owned in &plugin.description().owns {
            owners.push(Owner {
                plugin: plugin.name().to_string(),
                bundled: plugin.is_bundled(),
                pattern: owned.pattern.clone(),
                schema: serde_json::from_str(&owned.schema).unwrap_or(Value::Bool(true)),
            });
        }
    }
    owners
}

/// Keys of deploy.yml that belong to other programs, as these plugins know them.
pub fn foreign_keys(plugins: &[Plugin]) -> Vec<ForeignKey<'_>> {
    let keys = plugins.iter().flat_map(|plugin| &plugin.description().foreign_keys);
    keys.map(|key| ForeignKey { pattern: &key.pattern, origin: &key.origin, help: &key.help })
        .collect()
}

/// Notes that a proxy routes to these roles.
fn claim(
    routes: &mut BTreeMap<String, String>,
    proxy: &str,
    roles: Vec<String>,
) -> Result<(), RoutesError> {
    for role in roles {
        if let Some(one) = routes.get(&role).filter(|one| *one != proxy) {
            let (one, other) = (one.clone(), proxy.to_string());
            return Err(RoutesError::TwoProxies { role, one, other });
        }
        routes.insert(role, proxy.to_string());
    }
    Ok(())
}

/// A plugin's command as it is typed: noun and verb, or the verb alone.
pub fn typed(command: &CommandSpec) -> String {
    match &command.noun {
        Some(noun) => format!("{noun} {}", command.verb),
        None => command.verb.clone(),
    }
}

/// What a run knows before it asks anybody: the same for every plugin, but for the sections.
#[derive(Clone)]
pub struct Request {
    pub project: Project,
    pub tree: Tree,
    pub owners: Vec<Owner>,
    pub operation: Operation,
    /// Flags and arguments by long name.
    pub arguments: Value,
    /// True: what steps print is the result of the command.
    pub prints: bool,
    pub version: String,
    pub repository: String,
    pub run_id: String,
    /// The names of the hosts in play.
    pub hosts: Vec<String>,
    /// The names of the roles in play.
    pub roles: Vec<String>,
    /// The roles that proxies route to, each with the plugin that does.
    pub routed: BTreeMap<String, String>,
    /// What is known of the user's machine.
    pub machine: Machine,
    /// Hosts without a role in play that may come in; see [`Request::about`].
    pub others: Vec<String>,
    /// True: roles were chosen, so only the plugin of the command can bring in other hosts.
    pub chosen_roles: bool,
    /// Reads the user's files that plugins name.
    pub files: LocalFiles,
}

impl Request {
    /// The context of one plugin. `home` tells a host's home directory, empty if unknown.
    pub fn context(&self, plugin: &Plugin, home: &dyn Fn(&str) -> String) -> Context {
        let project = &self.project;
        let in_play = |role: &String| self.roles.contains(role);
        let hosts = project.hosts.iter().filter(|host| self.hosts.contains(&host.name));
        let settings = project.windlass.plugins.get(plugin.name()).map(|p| p.settings.clone());
        Context {
            operation: self.operation.clone(),
            arguments: self.arguments.to_string(),
            service: project.service.clone(),
            destination: project.destination.clone(),
            version: self.version.clone(),
            repository: self.repository.clone(),
            run_id: self.run_id.clone(),
            run_directory: project.run_directory.clone(),
            hosts: hosts
                .map(|host| HostInfo {
                    name: host.name.clone(),
                    roles: host.roles.iter().filter(|role| in_play(role)).cloned().collect(),
                    tags: host.tags.clone(),
                    home: home(&host.name),
                })
                .collect(),
            roles: project
                .roles
                .iter()
                .filter(|role| in_play(&role.name))
                .map(|role| RoleInfo {
                    name: role.name.clone(),
                    hosts: role.hosts.iter().filter(|h| self.hosts.contains(h)).cloned().collect(),
                    primary: role.primary,
                    routed: self.routed.contains_key(&role.name),
                })
                .collect(),
            primary_role: project.primary_role.clone(),
            primary_host: project.primary_host.clone(),
            config: self.config(plugin).to_string(),
            settings: settings.filter(|s| !s.is_null()).unwrap_or_else(|| json!({})).to_string(),
            secrets: project.secrets_declared.clone(),
            machine: self.machine.clone(),
            annotations: Vec::new(),
        }
    }

    /// From here on it is about this version.
    pub fn act_on(&mut self, version: String) {
        self.project.version.clone_from(&version);
        self.version = version;
    }

    /// The sections that the plugin owns or reads, in the file's nesting.
    fn config(&self, plugin: &Plugin) -> Value {
        let reads = plugin.description().reads.iter().map(|pattern| Owner {
            plugin: plugin.name().to_string(),
            bundled: true,
            pattern: pattern.clone(),
            schema: Value::Bool(true),
        });
        let owned = section(&self.tree, &self.owners, plugin.name());
        let read = section(&self.tree, &reads.collect::<Vec<_>>(), plugin.name());
        overlay(owned, read)
    }

    /// Asks the proxies which roles they route to, and the registry where the image lives.
    pub fn with_routes_and_repository(mut self, crew: &Crew) -> Result<Self, RoutesError> {
        self.routed = crew.routes(&self)?;
        let registry = crew.of(Kind::Registry).next().expect("checked when the crew was made");
        self.repository = registry.repository(&self.context(registry, &|_| String::new()))?;
        Ok(self)
    }
}

/// Both trees in one; where both have a scalar they have the same one.
fn overlay(mut base: Value, other: Value) -> Value {
    match (&mut base, other) {
        (Value::Object(base), Value::Object(other)) => {
            for (key, value) in other {
                let merged = match base.remove(&key) {
                    Some(below) => overlay(below, value),
                    None => value,
                };
                base.insert(key, merged);
            }
        }
        (Value::Null, other) => base = other,
        (base @ Value::Array(_), other @ Value::Array(_)) if other != *base => *base = other,
        _ => {}
    }
    base
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_has_one_proxy() {
        let roles = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        let mut routes = BTreeMap::new();
        claim(&mut routes, "traefik", roles(&["web", "admin", "web"])).unwrap();
        claim(&mut routes, "caddy", roles(&["api"])).unwrap();
        assert_eq!(routes["web"], "traefik");
        assert_eq!(routes["api"], "caddy");
        let error = claim(&mut routes, "caddy", roles(&["admin"])).unwrap_err().to_string();
        assert!(error.contains("`traefik` and `caddy` both route to the role `admin`"), "{error}");
    }
}
