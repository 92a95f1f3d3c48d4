//! The user's project: deploy.yml with its plugins, secrets, version, hosts in play.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use fast_glob::glob_match;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::config::declared::Declared;
use crate::config::load::{LoadOptions, Problems, from_disk, load};
use crate::config::ownership;
use crate::config::secrets;
use crate::config::source::Sources;
use crate::config::tree::Tree;
use crate::deploy::RunError;
use crate::deploy::compose::PlanError;
use crate::deploy::crew::{Crew, Request, foreign_keys, owners};
use crate::deploy::local_files::LocalFiles;
use crate::local::Here;
use crate::model::capability::Capability;
use crate::model::problem::Problem;
use crate::model::project::{PluginSpec, Project};
use crate::model::secret::{Masker, SecretStore};
use crate::model::wit::Operation;
use crate::plugin::{Limits, Loader, LoaderOptions, Plugin, Source, bundled};

use super::failure::Failure;
use super::{Globals, clashes, output::Output};

/// The project's directory: where the command was typed.
pub const DIRECTORY: &str = ".";

/// What the masker calls a value that stands in the place of a secret's name.
const MISPLACED: &str = "what is in the place of a name";

/// A loaded and checked project.
pub struct Workspace {
    pub request: Request,
    pub crew: Crew,
    pub sources: Sources,
    pub secrets: SecretStore,
    /// The process environment with `.env` files over it.
    pub env: BTreeMap<String, String>,
    pub directory: PathBuf,
    /// The user named the version; else it is that of the checkout.
    pub version_is_given: bool,
    /// Pointers to secrets that stand in deploy.yml itself.
    pub sensitive: Vec<String>,
    /// True after the first connection, before which the hook pre-connect runs.
    pub connected: AtomicBool,
}

/// Runs a command line of the configuration in an environment, and gives what it prints.
pub type Command<'a> = dyn Fn(&str, &BTreeMap<String, String>) -> Result<String, Failure> + 'a;

/// Plugins of the default list.
pub fn bundled_plugins(loader: &Loader) -> Result<Vec<Plugin>, Failure> {
    bundled().map(|name| Ok(loader.load(Source::Bundled(name.into()))?)).collect()
}

/// Our part of the user's cache directory.
pub fn cache_directory(env: &BTreeMap<String, String>) -> Option<PathBuf> {
    env.get("XDG_CACHE_HOME")
        .filter(|dir| dir.starts_with('/'))
        .map(PathBuf::from)
        .or_else(|| env.get("HOME").map(|home| Path::new(home).join(".cache")))
        .map(|cache| cache.join("windlass"))
}

/// The loader of plugins, with compiled code kept in the user's cache directory.
pub fn plugin_loader(env: &BTreeMap<String, String>, output: Option<&Output>) -> Loader {
    let sink = output.map(Output::sink);
    Loader::new(LoaderOptions {
        cache_dir: cache_directory(env),
        limits: Limits::default(),
        log: Arc::new(move |plugin, level, message| {
            use crate::model::event::Event;
            use crate::model::wit::log::Level;
            let Some(sink) = &sink else { return };
            let message = format!("{plugin}: {message}");
            match level {
                Level::Warn => sink(Event::Note { message }),
                _ => sink(Event::Debug { message }),
            }
        }),
    })
}

/// Loads everything that needs no connection. The version is git's if no option gives one,
/// and empty outside of a repository.
pub fn open(
    globals: &Globals,
    env: &BTreeMap<String, String>,
    output: &Output,
    loader: &Loader,
    here: Here,
    command: &Command<'_>,
) -> Result<Workspace, Failure> {
    let directory = PathBuf::from(DIRECTORY);
    let destination = globals.destination.as_deref();
    let environment = secrets::read(&directory, destination, env)
        .map_err(|problems| Failure::Problems(problems, Sources::default()))?;
    let values = environment.values;
    let given = globals.version.clone().or_else(|| values.get("VERSION").cloned());
    // Those that the project brings are known only when it is loaded.
    let bundled = bundled_plugins(loader)?;
    let foreign = foreign_keys(&bundled);
    let options = LoadOptions {
        path: &globals.config,
        destination,
        version: given.as_deref(),
        env: &values,
        read: &from_disk,
        foreign: &foreign,
        allow_commands: globals.allow_commands,
        run: &|line| command(line, &values).map_err(|f| Box::new(f.into_problem())),
    };
    // Before anything is drawn: a drawn line may show what is not a name.
    let conceal = |tree: &Tree| {
        let mut masker = Masker::default();
        let declared = Declared::read(tree, &owners(&bundled));
        masker.extend(declared.misplaced.iter().map(|text| (MISPLACED, text.as_str())));
        masker
    };
    let loaded = load(&options).map_err(|found| {
        found.tree.iter().for_each(|tree| output.mask(conceal(tree)));
        also_of_plugins(*found, loader)
    })?;
    let (mut project, tree, sources) = (loaded.project, loaded.tree, loaded.sources);
    output.mask(conceal(&tree));
    let plugins = plugins(loader, &project)?;
    let crew = Crew::new(plugins)?;
    let owners = crew.owners();
    let mut problems: Vec<Problem> = loaded.warnings;
    problems.extend(environment.warnings);
    problems.extend(ownership::check(&tree, &owners, &crew.foreign_keys()));
    if problems.iter().any(Problem::is_error) {
        return Err(Failure::Problems(problems, sources));
    }
    let machine = here.machine();
    let declared = Declared::read(&tree, &owners);
    declared.add_to(&mut project);
    let version_is_given = given.is_some();
    let version = match given {
        Some(version) => version,
        None => here.repository?.map(|r| r.version(!declared.uncommitted)).unwrap_or_default(),
    };
    project.version = version.clone();
    let InPlay { hosts, roles, others } = in_play(&project, globals)?;
    let secrets = secrets::store(&project.secrets_declared, &values);
    let mut masker = secrets.masker();
    let misplaced = declared.misplaced.iter().map(|text| (MISPLACED, text.as_str()));
    masker.extend(misplaced);
    masker.extend(declared.values.iter().map(|(pointer, text)| (pointer.as_str(), text.as_str())));
    output.mask(masker);
    let request = Request {
        project,
        tree,
        owners,
        operation: Operation { name: String::new(), aims: Vec::new() },
        arguments: Value::Object(serde_json::Map::new()),
        prints: false,
        version,
        repository: String::new(),
        run_id: run_id(),
        hosts,
        roles,
        routed: BTreeMap::new(),
        machine,
        others,
        chosen_roles: globals.roles.is_some(),
        files: LocalFiles { directory: directory.clone(), env: values.clone() },
    };
    let connected = AtomicBool::new(false);
    let sensitive = declared.values.into_iter().map(|(pointer, _)| pointer).collect();
    let mut workspace = Workspace {
        request,
        crew,
        sources,
        secrets,
        env: values,
        directory,
        version_is_given,
        sensitive,
        connected,
    };
    problems.extend(workspace.check()?);
    let (errors, warnings): (Vec<_>, Vec<_>) = problems.into_iter().partition(Problem::is_error);
    if !errors.is_empty() {
        return Err(Failure::Problems(errors, workspace.sources));
    }
    if !warnings.is_empty() && !globals.quiet && !globals.json {
        let color = super::stream::color();
        output.warn(&crate::config::draw::draw(&warnings, &workspace.sources, color));
    }
    workspace.request = workspace.request.with_routes_and_repository(&workspace.crew)?;
    Ok(workspace)
}

/// A configuration that the kernel refuses, with what the bundled plugins' schemas say of it
/// too, so that one run shows every mistake. Plugins of the project's own are not known then.
fn also_of_plugins(found: Problems, loader: &Loader) -> Failure {
    let Problems { mut problems, sources, tree } = found;
    let own_plugins = |tree: &Tree| tree.get("/x-windlass/plugins").is_some();
    if let Some(tree) = tree.filter(|tree| !own_plugins(tree))
        && let Ok(crew) = bundled_plugins(loader).and_then(|plugins| Ok(Crew::new(plugins)?))
    {
        problems.extend(ownership::check(&tree, &crew.owners(), &crew.foreign_keys()));
        problems = ownership::sorted(problems);
    }
    Failure::Problems(problems, sources)
}

impl Workspace {
    /// What the plugins find wrong with what they own.
    fn check(&self) -> Result<Vec<Problem>, Failure> {
        let mut problems = Vec::new();
        for plugin in self.crew.iter() {
            let context = self.request.context(plugin, &|_| String::new());
            let found = plugin.check(&context)?;
            problems
                .extend(found.iter().map(|p| crate::deploy::compose::translate(p, plugin.name())));
        }
        Ok(self.placed(problems))
    }

    /// The file that a run locks while it works on this machine: one per service, destination
    /// and project directory. None without a cache directory, where nothing is shared either.
    pub fn turn(&self) -> Option<PathBuf> {
        let Request { project, .. } = &self.request;
        let directory = self.directory.canonicalize().unwrap_or_else(|_| self.directory.clone());
        let destination = project.destination.as_deref().unwrap_or_default();
        let of = format!("{}\n{destination}\n{}", project.service, directory.display());
        let digest = format!("{:x}", Sha256::digest(of));
        Some(cache_directory(&self.env)?.join("turns").join(&digest[..16]))
    }

    /// The problems with the places that their pointers mean.
    pub fn placed(&self, problems: Vec<Problem>) -> Vec<Problem> {
        problems
            .into_iter()
            .map(|problem| {
                let place =
                    problem.pointer.as_deref().and_then(|p| self.request.tree.nearest_place(p));
                if problem.place.is_none() { problem.at(place) } else { problem }
            })
            .collect()
    }
}

/// The default plugins, with those that `x-windlass: plugins:` replaces or adds. A component
/// of a kind that there must be once takes the place of the bundled one of that kind.
pub fn plugins(loader: &Loader, project: &Project) -> Result<Vec<Plugin>, Failure> {
    let mut plugins = bundled_plugins(loader)?;
    for (name, spec) in &project.windlass.plugins {
        let Some(component) = strange(spec) else { continue };
        if component.starts_with("oci://") {
            return Err(Failure::with_help(
                format!(
                    "the plugin `{name}` is at {component}, and this version of Windlass reads only files"
                ),
                "download the component and give its path",
            ));
        }
        let source = Source::File { name: name.clone(), path: component.into() };
        let plugin = loader.load(source)?.granted(grants(name, spec)?);
        let kind = plugin.kind();
        if kind != crate::plugin::Kind::Step {
            plugins.retain(|known| known.kind() != kind);
        }
        plugins.retain(|known| known.name() != name);
        plugins.push(plugin);
    }
    let described: Vec<_> = plugins.iter().map(|plugin| plugin.description()).collect();
    clashes::check(&described).map_err(|clash| Failure::with_help(clash, clashes::HELP))?;
    Ok(plugins)
}

/// The names of the project's plugins that are not bundled.
pub fn strangers(project: &Project) -> Vec<String> {
    let plugins = project.windlass.plugins.iter();
    plugins.filter(|(_, spec)| strange(spec).is_some()).map(|(name, _)| name.clone()).collect()
}

/// The component of a plugin, unless it is a bundled one.
fn strange(spec: &PluginSpec) -> Option<&str> {
    let component = spec.component.as_deref()?;
    bundled().all(|known| known != component).then_some(component)
}

fn grants(name: &str, spec: &PluginSpec) -> Result<Vec<Capability>, Failure> {
    spec.grants
        .iter()
        .map(|grant| {
            grant.parse().map_err(|why| {
                Failure::new(format!("x-windlass: plugins: {name}: grants: `{grant}`: {why}"))
            })
        })
        .collect()
}

/// What the filters leave.
struct InPlay {
    /// Hosts with one of these roles.
    hosts: Vec<String>,
    roles: Vec<String>,
    /// Chosen hosts without one.
    others: Vec<String>,
}

/// Hosts and roles that the filters leave. A filter that matches nothing is an error.
fn in_play(project: &Project, globals: &Globals) -> Result<InPlay, Failure> {
    let all: Vec<String> = project.hosts.iter().map(|host| host.name.clone()).collect();
    let names: Vec<String> = project.roles.iter().map(|role| role.name.clone()).collect();
    let roles = match &globals.roles {
        Some(filter) => matching(filter, &names, "role")?,
        None => names,
    };
    let chosen = match (&globals.hosts, globals.primary) {
        (_, true) => vec![project.primary_host.clone()],
        (Some(filter), false) => matching(filter, &all, "host")?,
        (None, false) => all,
    };
    let carries = |host: &String| {
        project.roles.iter().any(|r| roles.contains(&r.name) && r.hosts.contains(host))
    };
    let (hosts, others): (Vec<String>, Vec<String>) = chosen.into_iter().partition(carries);
    let roles = roles
        .into_iter()
        .filter(|name| {
            project.role(name).is_some_and(|r| r.hosts.iter().any(|h| hosts.contains(h)))
        })
        .collect();
    if hosts.is_empty() && others.is_empty() {
        return Err(no_host());
    }
    Ok(InPlay { hosts, roles, others })
}

/// The filters leave no host that the command is about.
pub fn no_host() -> Failure {
    Failure::with_help(
        "no host is left: none of the chosen hosts has one of the chosen roles",
        "see `windlass config` for hosts and roles",
    )
}

/// The names that match one of the comma separated patterns; wildcards are those of a shell.
fn matching(filter: &str, names: &[String], what: &str) -> Result<Vec<String>, Failure> {
    let mut found: Vec<String> = Vec::new();
    for pattern in filter.split(',').map(str::trim).filter(|p| !p.is_empty()) {
        let hits: Vec<&String> = names.iter().filter(|name| glob_match(pattern, name)).collect();
        if hits.is_empty() {
            return Err(Failure::with_help(
                format!("no {what} matches `{pattern}`"),
                format!("there are: {}", names.join(", ")),
            ));
        }
        for hit in hits {
            if !found.contains(hit) {
                found.push(hit.clone());
            }
        }
    }
    Ok(found)
}

/// 32 hexadecimal digits that nobody can guess: names runs, and marks what scripts say.
pub fn run_id() -> String {
    use std::io::Read as _;
    let mut bytes = [0_u8; 16];
    let read = std::fs::File::open("/dev/urandom").and_then(|mut f| f.read_exact(&mut bytes));
    if read.is_err() {
        fastrand::fill(&mut bytes);
    }
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Findings of plugins get the place in deploy.yml that their pointer means.
pub fn place(error: RunError, workspace: &Workspace) -> Failure {
    match error {
        RunError::Plan(PlanError::Problems(problems)) => {
            Failure::Problems(workspace.placed(problems), workspace.sources.clone())
        }
        error => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::matching;

    #[test]
    fn wildcards() {
        let names = ["web-1", "web-2", "db-1"].map(String::from);
        let found =
            |filter: &str| matching(filter, &names, "host").ok().map(|found| found.join(" "));
        for (filter, expected) in [
            ("web-*", "web-1 web-2"),
            ("db-1, web-1", "db-1 web-1"),
            ("*-1,web-1", "web-1 db-1"),
            ("web-?", "web-1 web-2"),
            ("web-[2-9]", "web-2"),
        ] {
            assert_eq!(found(filter).as_deref(), Some(expected), "{filter}");
        }
        assert_eq!(found("web"), None);
        assert_eq!(found("web-1,*-3"), None);
    }
}
