//! One simulated host: containers, images, files, and a Traefik that routes to what is
//! healthy.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::wit::{
    Address, ContainerFact, ContainerQuery, ContainerState, ContainerStatus, Fact, FileState,
    HealthStatus, ImageState, Output, Query,
};

pub const HOME: &str = "/root";
pub const REPOSITORY: &str = "reg.example/acme/shop";
/// Where a container's health check looks for its cord.
pub const CORD: &str = "/tmp/kamal-cord";
/// What the image exposes, so that Traefik uses it.
pub const PORT: u16 = 3000;
/// The container that the sim's Traefik runs in.
const TRAEFIK: &str = "traefik";

/// How an app in a container behaves; the image's tag tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum App {
    Good,
    /// Ends as soon as it was started.
    Exits,
    /// Its health check never succeeds.
    Sick,
    /// Healthy, but listens on another port than the image exposes.
    Elsewhere,
}

impl App {
    pub fn of(image: &str) -> Self {
        match image.rsplit(':').next().unwrap_or_default() {
            "exits" => Self::Exits,
            "sick" => Self::Sick,
            "elsewhere" => Self::Elsewhere,
            _ => Self::Good,
        }
    }
}

/// A host's state.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SimHost {
    pub containers: Vec<ContainerState>,
    /// Reference and id.
    pub images: Vec<(String, String)>,
    /// Absolute path and content.
    pub files: BTreeMap<String, String>,
    pub directories: BTreeSet<String>,
    /// The password that the engine was given, by registry.
    pub logins: BTreeMap<String, String>,
    /// The fence's number.
    pub fence: u64,
    /// A version that never becomes healthy here.
    pub sick: Option<&'static str>,
    born: u32,
}

/// The id of the image of a version.
pub fn image_id(version: &str) -> String {
    let hex: String = version.bytes().map(|b| format!("{b:02x}")).collect();
    format!("sha256:{hex:0>64}")
}

/// A path below the home directory, unless it is absolute.
pub fn absolute(path: &str) -> String {
    if path.starts_with('/') { path.to_string() } else { format!("{HOME}/{path}") }
}

impl SimHost {
    /// A container that did not exist before, running, without health check.
    pub fn add(&mut self, name: &str, image: &str) -> &mut ContainerState {
        self.born += 1;
        let version = image.rsplit(':').next().unwrap_or_default();
        self.containers.push(ContainerState {
            id: format!("{:064x}", 0xc0_0000 + self.born),
            name: name.to_string(),
            image: image.to_string(),
            image_id: image_id(version),
            labels: Vec::new(),
            status: ContainerStatus::Running,
            health: HealthStatus::None,
            created_at: format!("2026-01-01T{:02}:{:02}:00Z", self.born / 60, self.born % 60),
            mounts: Vec::new(),
            addresses: vec![Address {
                network: "bridge".into(),
                address: format!("172.17.0.{}", self.born + 1),
            }],
        });
        self.containers.last_mut().expect("just added")
    }

    pub fn find(&self, name: &str) -> Option<&ContainerState> {
        self.containers.iter().find(|c| c.name == name || c.id == name)
    }

    pub fn find_mut(&mut self, name: &str) -> Option<&mut ContainerState> {
        self.containers.iter_mut().find(|c| c.name == name || c.id == name)
    }

    pub fn tag(&mut self, reference: &str, id: String) {
        self.images.retain(|(known, _)| known != reference);
        self.images.push((reference.to_string(), id));
    }

    /// The engine asks every running container for its health.
    pub fn tick(&mut self) {
        let tied: Vec<bool> = self.containers.iter().map(|c| self.has_cord(c)).collect();
        let sick = self.sick.map(|version| format!(":{version}"));
        for (container, tied) in self.containers.iter_mut().zip(tied) {
            let is_sick = sick.as_ref().is_some_and(|sick| container.image.ends_with(sick));
            let app = if is_sick { App::Sick } else { App::of(&container.image) };
            if container.status == ContainerStatus::Running && app == App::Exits {
                container.status = ContainerStatus::Exited;
            }
            if container.status == ContainerStatus::Running
                && container.health != HealthStatus::None
            {
                let fits = tied && app != App::Sick;
                container.health =
                    if fits { HealthStatus::Healthy } else { HealthStatus::Unhealthy };
            }
        }
    }

    /// True unless its cord is cut.
    fn has_cord(&self, container: &ContainerState) -> bool {
        let cord = container.mounts.iter().find(|mount| mount.target == CORD);
        cord.is_none_or(|mount| self.files.contains_key(&format!("{}/cord", mount.source)))
    }

    fn has_proxy(&self) -> bool {
        self.find(TRAEFIK).is_some_and(|c| c.status == ContainerStatus::Running)
    }

    /// What Traefik sends users to: containers with its labels that are healthy, or have no
    /// health check.
    pub fn routed(&self) -> Vec<&ContainerState> {
        let is_routed = |c: &&ContainerState| {
            c.labels.iter().any(|(name, _)| name == "traefik.http.routers.shop-web.rule")
                && c.status == ContainerStatus::Running
                && matches!(c.health, HealthStatus::Healthy | HealthStatus::None)
        };
        if self.has_proxy() {
            self.containers.iter().filter(is_routed).collect()
        } else {
            Vec::new()
        }
    }

    /// Of what is routed, what answers users.
    pub fn serving(&self) -> Vec<&ContainerState> {
        self.routed().into_iter().filter(|c| answers(c, PORT)).collect()
    }

    /// Versions of a role that are up, each once per container.
    pub fn up(&self, role: &str) -> Vec<String> {
        let is_up = |c: &&ContainerState| {
            c.labels.contains(&("role".into(), role.into())) && c.status == ContainerStatus::Running
        };
        let version =
            |c: &ContainerState| c.image.rsplit(':').next().unwrap_or_default().to_string();
        self.containers.iter().filter(is_up).map(version).collect()
    }

    /// Status and text of the answer to a GET; none if nobody answers.
    pub fn get(&self, url: &str) -> Option<(u16, String)> {
        let (authority, path) = url.strip_prefix("http://")?.split_once('/')?;
        let (address, port) = authority.rsplit_once(':')?;
        let port: u16 = port.parse().ok()?;
        let at = |c: &&ContainerState| {
            c.status == ContainerStatus::Running && c.addresses.iter().any(|a| a.address == address)
        };
        let container = self.containers.iter().find(at)?;
        if container.name == TRAEFIK {
            if path == "api/version" {
                return Some((200, "{\"Version\":\"2.11\"}".into()));
            }
            (path == "api/http/services/shop-web@docker").then_some(())?;
            let urls: Vec<String> = self
                .routed()
                .iter()
                .map(|c| format!("\"http://{}:{PORT}\":\"UP\"", c.addresses[0].address))
                .collect();
            let status = if urls.is_empty() { 404 } else { 200 };
            return Some((status, format!("{{\"serverStatus\":{{{}}}}}", urls.join(","))));
        }
        answers(container, port).then(|| (200, "fine".to_string()))
    }

    /// The answer to a question.
    pub fn answer(&self, query: &Query) -> Fact {
        match query {
            Query::Container(query) => Fact::Container(self.asked(query)),
            Query::File(path) => {
                Fact::File(self.files.get(&absolute(path)).map(|content| FileState {
                    mode: 0o600,
                    size: content.len() as u64,
                    digest: format!("{:064x}", content.len()),
                }))
            }
            Query::Directory(path) => Fact::Directory(Some(self.names_in(&absolute(path)))),
            Query::EnvNames(path) => {
                Fact::EnvNames(self.files.get(&absolute(path)).map(|content| names(content)))
            }
            // Whatever is looked for, such as the engine, is there.
            Query::Command(_) => Fact::Output(Output { exit_code: 0, stdout: Vec::new() }),
            Query::Other(other) => panic!("nobody should ask {other:?}"),
        }
    }

    /// The answer to a question to the engine.
    fn asked(&self, query: &ContainerQuery) -> ContainerFact {
        match query {
            ContainerQuery::Containers(labels) => ContainerFact::Containers(
                self.containers
                    .iter()
                    .filter(|c| labels.iter().all(|label| c.labels.contains(label)))
                    .map(shown)
                    .collect(),
            ),
            ContainerQuery::Container(name) => ContainerFact::Containers(
                self.containers.iter().filter(|c| c.name == *name).map(shown).collect(),
            ),
            ContainerQuery::Images(repository) => {
                let own = |(reference, _): &&(String, String)| {
                    reference.strip_prefix(repository.as_str()).is_some_and(|r| r.starts_with(':'))
                };
                let image = |(reference, id): &(String, String)| ImageState {
                    id: id.clone(),
                    reference: reference.clone(),
                    created_at: "2026-01-01T00:00:00Z".into(),
                };
                ContainerFact::Images(self.images.iter().filter(own).map(image).collect())
            }
            ContainerQuery::Other(other) => panic!("nobody should ask {other:?}"),
        }
    }

    fn names_in(&self, directory: &str) -> Vec<String> {
        let below = format!("{directory}/");
        let paths = self.files.keys().chain(&self.directories);
        let names = paths.filter_map(|path| path.strip_prefix(&below)?.split('/').next());
        names.map(String::from).collect::<BTreeSet<_>>().into_iter().collect()
    }
}

/// The names in an env file.
fn names(content: &str) -> Vec<String> {
    let names = content.lines().filter_map(|line| Some(line.split_once('=')?.0.to_string()));
    names.collect::<BTreeSet<_>>().into_iter().collect()
}

/// True if the app in the container answers at the port.
fn answers(container: &ContainerState, port: u16) -> bool {
    let listens = match App::of(&container.image) {
        App::Good | App::Sick => PORT,
        App::Elsewhere => PORT + 1,
        App::Exits => return false,
    };
    container.status == ContainerStatus::Running && listens == port
}

/// A container as the engine reports it: what does not run has no address.
fn shown(container: &ContainerState) -> ContainerState {
    let mut shown = container.clone();
    if container.status != ContainerStatus::Running {
        shown.addresses.clear();
    }
    shown
}
