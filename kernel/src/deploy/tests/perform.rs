//! What typed actions do to a simulated host.

use crate::model::wit::{
    Action, ContainerAction, ContainerCondition, ContainerSpec, ContainerStatus, HealthStatus,
    HttpWait, Mount, Part, Text, Wait,
};

use super::sim_host::{PORT, SimHost, absolute, image_id};

/// How an action ended.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Done {
    pub code: i32,
    pub output: Option<String>,
    pub lines: Vec<String>,
}

impl Done {
    fn code(code: i32) -> Self {
        Self { code, ..Self::default() }
    }

    fn yields(output: impl Into<String>) -> Self {
        Self { output: Some(output.into()), ..Self::default() }
    }

    fn says(code: i32, line: &str) -> Self {
        Self { code, lines: vec![line.to_string()], ..Self::default() }
    }
}

/// Finds what a step yielded, by the id that a text gives.
pub type Outputs<'a> = &'a dyn Fn(&str) -> String;

fn resolve(text: &Text, outputs: Outputs) -> String {
    text.iter()
        .map(|part| match part {
            Part::Literal(literal) => literal.clone(),
            Part::OutputOf(output) => outputs(&output.step),
            Part::Secret(name) => format!("<secret {name}>"),
            other => panic!("a text with {other:?}"),
        })
        .collect()
}

impl SimHost {
    /// Performs an action as a working host does it.
    pub fn perform(&mut self, action: &Action, outputs: Outputs) -> Done {
        match action {
            Action::Container(action) => return self.container(action, outputs),
            Action::Wait(Wait::Container(wait)) => return self.wait(&wait.container, wait.until),
            Action::Wait(Wait::Http(wait)) => return self.http(wait, outputs),
            Action::Wait(Wait::DelayMs(_)) => self.tick(),
            Action::WriteFile(file) => {
                self.files.insert(absolute(&file.path), resolve(&file.content, outputs));
            }
            Action::WriteEnvFile(file) => {
                let line = |var: &crate::model::wit::EnvVar| {
                    format!("{}={}\n", var.name, resolve(&var.value, outputs))
                };
                self.files.insert(absolute(&file.path), file.vars.iter().map(line).collect());
            }
            Action::AppendLine(append) => {
                let line = resolve(&append.line, outputs) + "\n";
                self.files.entry(absolute(&append.path)).or_default().push_str(&line);
            }
            Action::MakeDirectory(path) => {
                self.directories.insert(absolute(path));
            }
            Action::MergeDirectory(merge) => {
                let (from, to) = (format!("{}/", absolute(&merge.source)), absolute(&merge.target));
                let new = |(path, text): (&String, &String)| {
                    Some((format!("{to}/{}", path.strip_prefix(&from)?), text.clone()))
                };
                let lacked: Vec<_> = self.files.iter().filter_map(new).collect();
                for (path, text) in lacked {
                    self.files.entry(path).or_insert(text);
                }
                self.directories.insert(to);
            }
            Action::RemoveFile(path) => {
                let path = absolute(path);
                self.files.remove(&path);
                // Its directory stays.
                self.directories
                    .extend(path.rsplit_once('/').map(|(parent, _)| parent.to_string()));
            }
            Action::RemoveDirectory(path) => {
                let (path, below) = (absolute(path), format!("{}/", absolute(path)));
                self.files.retain(|file, _| !file.starts_with(&below));
                self.directories.retain(|d| *d != path && !d.starts_with(&below));
            }
            Action::Say(_) => {}
            other => panic!("no plan of these tests has {other:?}"),
        }
        Done::default()
    }

    fn wait(&mut self, name: &str, until: ContainerCondition) -> Done {
        self.tick();
        let Some(container) = self.find(name) else {
            let gone = until == ContainerCondition::OutOfService;
            return Done::says(i32::from(!gone), "state: gone");
        };
        let running = container.status == ContainerStatus::Running;
        let state = format!("state: {:?} {:?}", container.status, container.health);
        let code = match (until, running, container.health) {
            (ContainerCondition::Ready, true, HealthStatus::Healthy | HealthStatus::None) => 0,
            (ContainerCondition::Ready, true, _) => 124,
            (ContainerCondition::Ready, false, _) => 1,
            (ContainerCondition::OutOfService, true, HealthStatus::Unhealthy) => 0,
            (ContainerCondition::OutOfService, true, _) => 124,
            (ContainerCondition::OutOfService, false, _) => 0,
        };
        Done::says(code, &state)
    }

    fn http(&mut self, wait: &HttpWait, outputs: Outputs) -> Done {
        self.tick();
        let url = resolve(&wait.url, outputs);
        if let Some(name) = &wait.container {
            let Some(container) = self.find(name) else { return Done::says(1, "state: gone") };
            if container.status != ContainerStatus::Running {
                return Done::says(1, &format!("state: {:?}", container.status));
            }
        }
        let Some((status, text)) = self.get(&url) else {
            return Done::says(124, &format!("asked {url}: no answer"));
        };
        let has = |wanted: &Text| text.contains(&resolve(wanted, outputs));
        let fits = (wait.status_from..=wait.status_to).contains(&status)
            && wait.contains.as_ref().is_none_or(has)
            && !wait.absent.iter().any(has);
        let Some(after) = &wait.port_after else {
            return Done::code(if fits { 0 } else { 124 });
        };
        let rest = text.split_once(&resolve(after, outputs)).map(|(_, rest)| rest);
        let port: String =
            rest.unwrap_or_default().chars().take_while(char::is_ascii_digit).collect();
        if fits && !port.is_empty() { Done::yields(port) } else { Done::code(124) }
    }

    fn container(&mut self, action: &ContainerAction, outputs: Outputs) -> Done {
        use ContainerAction as A;
        match action {
            A::Login(login) => {
                let server = login.server.clone().unwrap_or_default();
                self.logins.insert(server, resolve(&login.password, outputs));
            }
            A::Logout(_) => {}
            A::Pull(image) => {
                let version = image.rsplit(':').next().unwrap_or_default();
                self.tag(image, image_id(version));
            }
            A::RequireLabel(_) | A::PruneImages(_) => {}
            A::CopyFromImage(copy) => {
                if !self.images.iter().any(|(known, _)| *known == copy.image) {
                    return Done::code(1);
                }
                let version = copy.image.rsplit(':').next().unwrap_or_default();
                let path = format!("{}/{version}.css", absolute(&copy.directory));
                self.files.insert(path, copy.image.clone());
            }
            A::InspectImage(image) => {
                return match self.images.iter().find(|(known, _)| known == image) {
                    Some((_, id)) => Done::yields(id.clone()),
                    None => Done::code(1),
                };
            }
            A::InspectAddress(name) => {
                return match self.find(name) {
                    Some(c) if c.status == ContainerStatus::Running => {
                        Done::yields(c.addresses[0].address.clone())
                    }
                    _ => Done::code(1),
                };
            }
            A::InspectPort(name) => {
                return match self.find(name) {
                    Some(_) => Done::yields(PORT.to_string()),
                    None => Done::code(1),
                };
            }
            A::Run(spec) => return self.run(spec),
            A::Rename(rename) if self.find(&rename.name).is_some() => return Done::code(1),
            A::Rename(rename) => match self.find_mut(&rename.container) {
                Some(container) => container.name.clone_from(&rename.name),
                None => return Done::code(1),
            },
            A::Start(name) => match self.find_mut(name) {
                Some(container) => container.status = ContainerStatus::Running,
                None => return Done::code(1),
            },
            A::Stop(stop) => match self.find_mut(&stop.container) {
                Some(container) => container.status = ContainerStatus::Exited,
                None => return Done::code(1),
            },
            A::Remove(stop) => {
                self.containers.retain(|c| c.id != stop.container && c.name != stop.container);
            }
            A::Tag(tag) => match self.images.iter().find(|(known, _)| *known == tag.image) {
                Some((_, id)) => self.tag(&tag.reference, id.clone()),
                None => return Done::code(1),
            },
            A::RemoveImage(image) => self.images.retain(|(known, _)| known != image),
            A::Logs(logs) => return Done::says(0, &format!("log of {}: boom", logs.container)),
            A::HealthLog(name) => {
                return Done::says(0, &format!("{name} answered: connection refused"));
            }
            other => panic!("no plan of these tests has {other:?}"),
        }
        Done::default()
    }

    fn run(&mut self, spec: &ContainerSpec) -> Done {
        if self.find(&spec.name).is_some() {
            return Done::says(125, &format!("the name {} is in use", spec.name));
        }
        if spec.image.starts_with(super::sim_host::REPOSITORY)
            && !self.images.iter().any(|(known, _)| *known == spec.image)
        {
            return Done::says(125, "no such image");
        }
        for file in &spec.env_files {
            if !self.files.contains_key(&absolute(file)) {
                return Done::says(125, &format!("open {file}: no such file"));
            }
        }
        let outputs = |id: &str| panic!("a container that refers to {id}");
        let labels = spec.labels.iter().map(|(k, v)| (k.clone(), resolve(v, &outputs)));
        let mounts = spec.volumes.iter().map(|v| resolve(v, &outputs)).filter_map(|volume| {
            let (source, target) = volume.split_once(':')?;
            Some(Mount { source: source.to_string(), target: target.to_string() })
        });
        let (labels, mounts): (Vec<_>, Vec<_>) = (labels.collect(), mounts.collect());
        for mount in &mounts {
            self.directories.insert(mount.source.clone());
        }
        let container = self.add(&spec.name, &spec.image);
        container.labels = labels;
        container.mounts = mounts;
        if spec.health.is_some() {
            container.health = HealthStatus::Starting;
        }
        let id = container.id.clone();
        Done::yields(id)
    }
}
