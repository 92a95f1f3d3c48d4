//! What a plugin may do: what it asks for in its description *and* the user granted under
//! `x-windlass: plugins: NAME: grants:`. A bundled plugin holds what it describes.
//!
//! Questions and steps are checked before any host is asked or changed; the parts on which
//! a grant decides are never computed at run time.

use std::collections::BTreeSet;
use std::fmt;

use super::capability::{Capability, resolve};
use super::verify_texts::LOCAL_FILE;
use super::walk;
use crate::model::wit::{
    Action, ContainerAction, Context, Contribution, Part, Query, Question, Step, Wait, Workload,
};

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
}

/// What is used anyway: secrets and files that stood in the workloads given to the plugin.
type Given<'a> = BTreeSet<(bool, &'a str)>;

impl Grants {
    /// `held`: none = all that is asked for.
    pub(super) fn new(plugin: &str, asked: Vec<Capability>, held: Option<Vec<Capability>>) -> Self {
        let held = held.unwrap_or_else(|| asked.clone());
        Self { plugin: plugin.to_owned(), asked, held }
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
                // Whoever may plan steps may see containers and images; `other` was refused.
                Query::Containers(_) | Query::Container(_) | Query::Images(_) | Query::Other(_) => {
                }
            }
        }
        Ok(())
    }

    /// Checks steps. `workloads`: those that the plugin was given; their secrets may recur.
    pub(super) fn steps(
        &self,
        cx: &Context,
        steps: &[Step],
        workloads: &[Workload],
    ) -> Result<(), Violation> {
        let given = given(workloads);
        for step in steps {
            for action in std::iter::once(&step.action).chain(&step.undo) {
                let by = || format!("the step `{}` on `{}`", step.id, step.host);
                self.host(cx, &step.host, &by)?;
                for capability in capabilities(action) {
                    self.need(cx, &step.host, capability, &by)?;
                }
                self.parts(cx, &step.host, walk::parts(&walk::action(action)), &given, &by)?;
            }
        }
        Ok(())
    }

    pub(super) fn workloads(&self, cx: &Context, workloads: &[Workload]) -> Result<(), Violation> {
        for workload in workloads {
            let by = || format!("the container of `{}` on `{}`", workload.role, workload.host);
            self.need(cx, "", Capability::Containers, &by)?;
            let texts = walk::container(&workload.container);
            self.parts(cx, &workload.host, walk::parts(&texts), &Given::new(), &by)?;
        }
        Ok(())
    }

    pub(super) fn contributions(
        &self,
        cx: &Context,
        contributions: &[Contribution],
        workloads: &[Workload],
    ) -> Result<(), Violation> {
        let given = given(workloads);
        for contribution in contributions {
            let Contribution { host, role, .. } = contribution;
            let by = || format!("its addition to the container of `{role}` on `{host}`");
            // A mount reaches any path of the host, as does a container of one's own.
            if !contribution.volumes.is_empty() {
                self.need(cx, "", Capability::Containers, &by)?;
            }
            for path in &contribution.env_files {
                if !self.held.contains(&Capability::Containers) {
                    self.need(cx, host, Capability::Files(path.clone()), &by)?;
                }
            }
            self.parts(cx, host, walk::parts(&walk::contribution(contribution)), &given, &by)?;
        }
        Ok(())
    }

    /// Checks that an engine plugin may turn actions into commands of its choice.
    pub(super) fn lowering(&self) -> Result<(), Violation> {
        let by = || "its choice of the engine's commands".to_owned();
        self.require(None, "", Capability::Run, &by)
    }

    fn host(&self, cx: &Context, host: &str, by: &dyn Fn() -> String) -> Result<(), Violation> {
        if host == "local" { self.need(cx, "", Capability::Local, by) } else { Ok(()) }
    }

    fn parts<'a>(
        &self,
        cx: &Context,
        host: &str,
        parts: impl Iterator<Item = &'a Part>,
        given: &Given<'_>,
        by: &dyn Fn() -> String,
    ) -> Result<(), Violation> {
        for part in parts {
            let needed = match part {
                Part::Secret(name) if given.contains(&(true, name)) => continue,
                Part::HostFile(path) if given.contains(&(false, path)) => continue,
                Part::Secret(name) => Capability::Secret(name.clone()),
                Part::HostFile(path) => Capability::Files(path.clone()),
                Part::Other((name, _)) if name == LOCAL_FILE => Capability::Local,
                _ => continue,
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

/// What performing an action needs, aside from its texts and its host.
fn capabilities(action: &Action) -> impl Iterator<Item = Capability> {
    let paths = walk::changed_paths(action);
    let files: Vec<_> = paths.into_iter().map(|path| Capability::Files(path.to_owned())).collect();
    files.into_iter().chain(capability(action))
}

fn capability(action: &Action) -> Option<Capability> {
    Some(match action {
        Action::Container(action) => match action {
            ContainerAction::Login(_) | ContainerAction::Logout(_) => Capability::Registry,
            ContainerAction::Pull(_)
            | ContainerAction::Push(_)
            | ContainerAction::Build(_)
            | ContainerAction::Tag(_)
            | ContainerAction::InspectImage(_)
            | ContainerAction::RequireLabel(_)
            | ContainerAction::RemoveImage(_)
            | ContainerAction::PruneImages(_)
            | ContainerAction::ListImages(_) => Capability::Images,
            _ => Capability::Containers,
        },
        Action::Wait(Wait::Container(_)) => Capability::Containers,
        Action::Wait(Wait::Http(_)) => Capability::Http,
        Action::Run(_) | Action::Exec(_) | Action::Wait(Wait::Command(_)) => Capability::Run,
        Action::Hook(_) => Capability::Local,
        _ => return None,
    })
}

fn given(workloads: &[Workload]) -> Given<'_> {
    let parts = workloads.iter().flat_map(|workload| {
        walk::parts(&walk::container(&workload.container)).collect::<Vec<_>>()
    });
    parts
        .filter_map(|part| match part {
            Part::Secret(name) => Some((true, name.as_str())),
            Part::HostFile(path) => Some((false, path.as_str())),
            _ => None,
        })
        .collect()
}
