//! A tiny model of one host: containers, cords and tags, and what steps do to them.

use std::collections::BTreeSet;

use windlass_sdk::containers::in_service;
use windlass_sdk::texts::literal;
use windlass_sdk::types::{
    Action, ContainerAction, ContainerCondition, ContainerSpec, ContainerState, ContainerStatus,
    HealthStatus, ImageState, Wait,
};

pub const CORD: &str = "/tmp/kamal-cord";

#[derive(Debug, Clone, PartialEq)]
pub struct World {
    pub host: String,
    pub containers: Vec<ContainerState>,
    /// Paths of cords that are there.
    pub cords: BTreeSet<String>,
    /// Reference and id of images.
    pub tags: Vec<(String, String)>,
    clock: u32,
}

/// The id of the image of a version.
pub fn image_id(version: &str) -> String {
    let hex: String = version.bytes().map(|b| format!("{b:02x}")).collect();
    format!("sha256:{hex:0>64}")
}

impl World {
    pub fn new(host: &str) -> Self {
        let tags = ["v0", "v1", "v2"].map(|v| (format!("reg/shop:{v}"), image_id(v)));
        let (containers, cords) = (Vec::new(), BTreeSet::new());
        Self { host: host.to_string(), containers, cords, tags: tags.to_vec(), clock: 1 }
    }

    /// A running Traefik, with or without API.
    pub fn with_traefik(mut self, api: bool) -> Self {
        let mut traefik = self.blank("traefik", "traefik:v2.11");
        if api {
            traefik.labels.push(("windlass.api".into(), "8080".into()));
        }
        self.containers.push(traefik);
        self
    }

    /// One more container of a role, running and healthy, with a cord if it is of web.
    pub fn with(mut self, role: &str, name: &str, version: &str) -> Self {
        let mut container = self.blank(name, &format!("reg/shop:{version}"));
        container.image_id = image_id(version);
        container.labels = vec![
            ("service".into(), "shop".into()),
            ("role".into(), role.into()),
            ("destination".into(), String::new()),
        ];
        if role == "web" {
            let run = format!("{:032x}", self.clock);
            let source = format!("/root/.kamal/cords/shop-web-{run}");
            self.cords.insert(format!("{source}/cord"));
            container.mounts = vec![(source, CORD.to_string())];
            container.health = HealthStatus::Healthy;
        }
        self.containers.push(container);
        self
    }

    fn blank(&mut self, name: &str, image: &str) -> ContainerState {
        self.clock += 1;
        ContainerState {
            id: format!("{:064x}", self.clock),
            name: name.to_string(),
            image: image.to_string(),
            image_id: format!("sha256:{:064x}", 0),
            labels: Vec::new(),
            status: ContainerStatus::Running,
            health: HealthStatus::None,
            created_at: format!("2026-01-01T00:00:{:02}.{:02}Z", self.clock % 60, self.clock / 60),
            mounts: Vec::new(),
            addresses: vec![("bridge".into(), format!("172.17.0.{}", self.clock))],
        }
    }

    /// Changes the container that was added last.
    pub fn last(mut self, change: impl FnOnce(&mut ContainerState)) -> Self {
        change(self.containers.last_mut().unwrap());
        self
    }

    /// Tags the image of a version as latest.
    pub fn latest(mut self, version: &str) -> Self {
        self.tag("reg/shop:latest", image_id(version));
        self
    }

    /// Cuts the cord of the container that was added last.
    pub fn cut(mut self) -> Self {
        let (source, _) = &self.containers.last().unwrap().mounts[0];
        self.cords.remove(&format!("{source}/cord"));
        self
    }

    fn tag(&mut self, reference: &str, id: String) {
        self.tags.retain(|(known, _)| known != reference);
        self.tags.push((reference.to_string(), id));
    }

    pub fn images(&self) -> Vec<ImageState> {
        let image = |(reference, id): &(String, String)| ImageState {
            id: id.clone(),
            reference: reference.clone(),
            created_at: "2026-01-01T00:00:00Z".into(),
        };
        self.tags.iter().map(image).collect()
    }

    pub fn cord_directories(&self) -> Vec<String> {
        let mounts =
            self.containers.iter().flat_map(|c| &c.mounts).map(|(source, _)| source.as_str());
        let tied = self.cords.iter().filter_map(|cord| cord.strip_suffix("/cord"));
        let names = mounts.chain(tied).filter_map(|path| path.strip_prefix("/root/.kamal/cords/"));
        names.map(String::from).collect::<BTreeSet<_>>().into_iter().collect()
    }

    pub fn find(&self, name: &str) -> Option<&ContainerState> {
        self.containers.iter().find(|c| c.name == name || c.id == name)
    }

    fn find_mut(&mut self, name: &str) -> Option<&mut ContainerState> {
        self.containers.iter_mut().find(|c| c.name == name || c.id == name)
    }

    /// Ids of what really serves: in service, and with its cord if it has one.
    pub fn serving(&self, role: &str) -> BTreeSet<String> {
        let of_role = |c: &&ContainerState| {
            let is = |name: &str, value: &str| c.labels.contains(&(name.into(), value.into()));
            is("role", role) && is("destination", "")
        };
        let serves = |c: &&ContainerState| in_service(c) && self.has_cord(c);
        self.containers.iter().filter(of_role).filter(serves).map(|c| c.id.clone()).collect()
    }

    /// True unless its cord is cut.
    fn has_cord(&self, container: &ContainerState) -> bool {
        let cord = container.mounts.iter().find(|(_, target)| target == CORD);
        cord.is_none_or(|(source, _)| self.cords.contains(&format!("{source}/cord")))
    }

    /// The engine checks the health of what runs.
    pub fn let_time_pass(&mut self) {
        let healthy: Vec<bool> = self.containers.iter().map(|c| self.has_cord(c)).collect();
        for (container, healthy) in self.containers.iter_mut().zip(healthy) {
            match container.health {
                _ if container.status != ContainerStatus::Running => {}
                HealthStatus::Healthy if !healthy => container.health = HealthStatus::Unhealthy,
                HealthStatus::Starting if healthy => container.health = HealthStatus::Healthy,
                _ => {}
            }
        }
    }

    /// Performs an action as a working host does.
    pub fn perform(&mut self, action: &Action) {
        match action {
            Action::Container(action) => self.container(action),
            Action::WriteFile(file) => {
                self.cords.insert(file.path.clone());
            }
            Action::RemoveFile(path) => {
                self.cords.remove(path);
            }
            Action::RemoveDirectory(path) => self.cords.retain(|cord| !cord.starts_with(path)),
            Action::Wait(Wait::Container(wait)) => {
                if let Some(container) = self.find_mut(&wait.container) {
                    let is_checked = container.health != HealthStatus::None;
                    match wait.until {
                        ContainerCondition::Ready if is_checked => {
                            container.health = HealthStatus::Healthy
                        }
                        ContainerCondition::Ready => {}
                        ContainerCondition::OutOfService => {
                            container.health = HealthStatus::Unhealthy
                        }
                    }
                }
            }
            _ => {}
        }
    }

    fn container(&mut self, action: &ContainerAction) {
        use ContainerAction as A;
        match action {
            A::Run(spec) => self.run(spec),
            A::Rename((from, to)) => {
                if let Some(container) = self.find_mut(from) {
                    container.name = to.clone();
                }
            }
            A::Start(name) => {
                if let Some(container) = self.find_mut(name) {
                    container.status = ContainerStatus::Running;
                }
            }
            A::Stop(stop) => {
                let container = self.find_mut(&stop.container).expect("it is there to be stopped");
                container.status = ContainerStatus::Exited;
            }
            A::Remove(stop) => {
                let gone = |c: &ContainerState| c.id == stop.container || c.name == stop.container;
                self.containers.retain(|c| !gone(c));
            }
            A::Tag((image, reference)) => {
                let id = self.tags.iter().find(|(known, _)| known == image).unwrap().1.clone();
                self.tag(reference, id);
            }
            A::RemoveImage(image) => {
                assert!(!self.containers.iter().any(|c| c.image == *image), "{image} is needed");
                self.tags.retain(|(known, _)| known != image);
            }
            _ => {}
        }
    }

    fn run(&mut self, spec: &ContainerSpec) {
        assert!(self.find(&spec.name).is_none(), "the name {} is taken", spec.name);
        let mut container = self.blank(&spec.name, &spec.image);
        container.image_id = image_id(spec.image.rsplit(':').next().unwrap());
        container.labels =
            spec.labels.iter().filter_map(|(n, v)| Some((n.clone(), literal(v)?))).collect();
        let mounts = spec.volumes.iter().filter_map(literal);
        container.mounts = mounts
            .filter_map(|m| m.split_once(':').map(|(a, b)| (a.to_string(), b.to_string())))
            .collect();
        if spec.health.is_some() {
            container.health = HealthStatus::Starting;
        }
        self.containers.push(container);
    }
}
