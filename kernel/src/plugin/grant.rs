//! What a plugin may do: what it asks for in its description *and* the user granted under
//! `x-windlass: plugins: NAME: grants:`. A bundled plugin holds what it describes.
//!
//! Questions and steps are checked before any host is asked or changed; the parts on which
//! a grant decides are never computed at run time.

use std::fmt;

use super::handed::Handed;
use super::walk;
use crate::model::action::{container, profile};
use crate::model::capability::{Capability, resolve};
use crate::model::plan::LOCAL;
use crate::model::wit::{Action, Context, Contribution, Part, Query, Question, Step, Workload};

/// A question or step that needs a capability which its plugin does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Whose: the step `x` on `web-1`.
    pub by: String,
    /// What must be granted; as the plugin asks for it, if it does.
    pub capability: Capability,
    /// The line that belongs below the plugin in deploy.yml: `grants: [containers, run]`.
    /// None if the plugin does not ask for the capability, so that no grant can give it.
    pub line: Option<String>,
    /// The plugin's name.
    pub plugin: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { by, capability, line, plugin } = self;
        write!(f, "may not do what {by} needs: the capability `{capability}` ")?;
        match line {
            Some(line) => write!(
                f,
                "is not granted. To grant it, write below `x-windlass: plugins: {plugin}:` in \
                 deploy.yml: `{line}`"
            ),
            None => f.write_str(
                "is not in its description, so it cannot be granted: a defect of the plugin",
            ),
        }
    }
}

/// What one plugin asks for and holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Grants {
    plugin: String,
    asked: Vec<Capability>,
    held: Vec<Capability>,
    /// It holds what it asks for without being granted anything: a bundled plugin.
    all: bool,
}

impl Grants {
    /// `held`: none = all that is asked for.
    pub(super) fn new(plugin: &str, asked: Vec<Capability>, held: Option<Vec<Capability>>) -> Self {
        let all = held.is_none();
        let held = held.unwrap_or_else(|| asked.clone());
        Self { plugin: plugin.to_owned(), asked, held, all }
    }

    pub(super) fn are_all(&self) -> bool {
        self.all
    }

    /// The absolute paths that are granted.
    pub(super) fn absolute_paths(&self) -> impl Iterator<Item = &str> {
        self.held.iter().filter_map(|held| match held {
            Capability::Files(path) if path.starts_with('/') => Some(path.as_str()),
            _ => None,
        })
    }

    pub(super) fn asked(&self) -> &[Capability] {
        &self.asked
    }

    /// What is asked for and not held.
    pub(super) fn missing(&self) -> Vec<&Capability> {
        let missing = |asked: &&Capability| !self.held.iter().any(|held| held.includes(asked));
        self.asked.iter().filter(missing).collect()
    }

    pub(super) fn questions(&self, cx: &Context, questions: &[Question]) -> Result<(), Violation> {
        for question in questions {
            let by = || format!("the question `{}` to `{}`", question.id, question.host);
            self.host(cx, &question.host, &by)?;
            match &question.query {
                Query::Command(_) => self.need(cx, "", Capability::Run, &by)?,
                Query::File(path) | Query::Directory(path) | Query::EnvNames(path) => {
                    self.need(cx, &question.host, Capability::Files(path.clone()), &by)?;
                }
                // Asking an engine needs nothing, and what is not known was refused before.
                Query::Container(_) | Query::Other(_) => {}
            }
        }
        Ok(())
    }

    /// Checks steps of a plugin that was handed this.
    pub(super) fn steps(
        &self,
        cx: &Context,
        steps: &[Step],
        handed: &Handed<'_>,
    ) -> Result<(), Violation> {
        for step in steps {
            for action in std::iter::once(&step.action).chain(&step.undo) {
                let by = || format!("the step `{}` on `{}`", step.id, step.host);
                self.host(cx, &step.host, &by)?;
                // On the user's own machine that grant covers the command as well.
                let is_local =
                    |needed: &Capability| step.host == LOCAL && matches!(needed, Capability::Run);
                for capability in capabilities(action).filter(|needed| !is_local(needed)) {
                    if !self.reaches(&step.host, &capability, handed) {
                        self.need(cx, &step.host, capability, &by)?;
                    }
                }
                self.parts(cx, &step.host, walk::parts(&walk::action(action)), handed, &by)?;
            }
        }
        Ok(())
    }

    pub(super) fn workloads(&self, cx: &Context, workloads: &[Workload]) -> Result<(), Violation> {
        for workload in workloads {
            let by = || format!("the container of `{}` on `{}`", workload.role, workload.host);
            self.need(cx, "", Capability::Containers, &by)?;
            let texts = container(&workload.container);
            self.parts(cx, &workload.host, walk::parts(&texts), &Handed::default(), &by)?;
        }
        Ok(())
    }

    pub(super) fn contributions(
        &self,
        cx: &Context,
        contributions: &[Contribution],
        workloads: &[Workload],
    ) -> Result<(), Violation> {
        let handed = Handed::workloads(workloads);
        for contribution in contributions {
            let Contribution { host, role, .. } = contribution;
            let by = || format!("its addition to the container of `{role}` on `{host}`");
            // A mount reaches any path of the host, as does a container of one's own. What a
            // label, a variable, a network or a health command means is for others to decide.
            if !contribution.volumes.is_empty() {
                self.need(cx, "", Capability::Containers, &by)?;
            }
            if changes(contribution) {
                self.need(cx, "", Capability::Compose, &by)?;
            }
            for path in &contribution.env_files {
                if !self.held.contains(&Capability::Containers) {
                    self.need(cx, host, Capability::Files(path.clone()), &by)?;
                }
            }
            self.parts(cx, host, walk::parts(&walk::contribution(contribution)), &handed, &by)?;
        }
        Ok(())
    }

    /// Checks that an engine plugin may turn actions into commands of its choice.
    pub(super) fn lowering(&self) -> Result<(), Violation> {
        let by = || "its choice of the engine's commands".to_owned();
        self.require(None, "", Capability::Run, &by)
    }

    fn host(&self, cx: &Context, host: &str, by: &dyn Fn() -> String) -> Result<(), Violation> {
        if host == LOCAL { self.need(cx, "", Capability::Local, by) } else { Ok(()) }
    }

    /// Whether these are files in what a container that the plugin was told of has mounted.
    /// Who may run containers can mount and change the same.
    fn reaches(&self, host: &str, needed: &Capability, handed: &Handed<'_>) -> bool {
        match needed {
            Capability::Files(path) => {
                let holds = |list: &[Capability]| list.contains(&Capability::Containers);
                holds(&self.asked) && holds(&self.held) && handed.has_mounted(host, path)
            }
            Capability::Containers
            | Capability::Images
            | Capability::Registry
            | Capability::Networks
            | Capability::RunAsRole
            | Capability::Compose
            | Capability::Http
            | Capability::Run
            | Capability::Local
            | Capability::Secret(_) => false,
        }
    }

    fn parts<'a>(
        &self,
        cx: &Context,
        host: &str,
        parts: impl Iterator<Item = &'a Part>,
        handed: &Handed<'_>,
        by: &dyn Fn() -> String,
    ) -> Result<(), Violation> {
        for part in parts {
            let needed = match part {
                Part::Secret(_) | Part::HostFile(_) if handed.has_part(part) => continue,
                Part::Secret(name) => Capability::Secret(name.clone()),
                Part::HostFile(path) => Capability::Files(path.clone()),
                Part::Literal(_) | Part::HostEnv(_) | Part::OutputOf(_) | Part::Other(_) => {
                    continue;
                }
            };
            self.need(cx, host, needed, by)?;
        }
        Ok(())
    }

    fn need(
        &self,
        cx: &Context,
        host: &str,
        needed: Capability,
        by: &dyn Fn() -> String,
    ) -> Result<(), Violation> {
        self.require(Some(cx), host, needed, by)
    }

    fn require(
        &self,
        cx: Option<&Context>,
        host: &str,
        needed: Capability,
        by: &dyn Fn() -> String,
    ) -> Result<(), Violation> {
        let info = cx.and_then(|cx| cx.hosts.iter().find(|info| info.name == host));
        let home = info.map_or("", |info| info.home.as_str());
        let run_directory = cx.map_or("", |cx| cx.run_directory.as_str());
        let path = if let Capability::Files(path) = &needed { resolve(path, home) } else { None };
        let covers = |held: &&Capability| match (held, &needed) {
            (Capability::Files(_), Capability::Files(_)) => {
                path.as_ref().is_some_and(|path| held.holds_path(path, run_directory, home))
            }
            (held, needed) => held.includes(needed),
        };
        let asked = self.asked.iter().find(covers);
        if asked.is_some() && self.held.iter().any(|held| covers(&held)) {
            return Ok(());
        }
        let line = asked.map(|asked| {
            let held = self.held.iter().chain([asked]).map(Capability::yaml);
            format!("grants: [{}]", held.collect::<Vec<_>>().join(", "))
        });
        let capability = asked.cloned().unwrap_or(needed);
        Err(Violation { by: by(), capability, line, plugin: self.plugin.clone() })
    }
}

/// Whether an addition changes what the container is or does; files of variables aside, which
/// are granted by path.
fn changes(contribution: &Contribution) -> bool {
    let Contribution { labels, env, network, health, .. } = contribution;
    !labels.is_empty() || !env.is_empty() || network.is_some() || health.is_some()
}

/// What performing an action needs, aside from its texts and its host.
fn capabilities(action: &Action) -> impl Iterator<Item = Capability> {
    let profile = profile(action);
    let files = profile.paths.into_iter().map(|path| Capability::Files(path.to_owned()));
    files.collect::<Vec<_>>().into_iter().chain(profile.needs)
}
