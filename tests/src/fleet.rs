//! The fleet as a whole: up, down, attach. Three hosts and a registry, containers
//! of this machine's engine on a network with fixed addresses.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use serde_json::json;

use crate::engine::{self, NETWORK, docker};
use crate::host::Host;
use crate::process::Cmd;
use crate::registry::{self, Credentials};
use crate::ssh::SshFiles;
use crate::{capabilities, images, paths, setup, wait};

/// From the range that is reserved for benchmarks of network gear (RFC 2544), so
/// that it meets no real network.
const SUBNET: &str = "198.18.77.0/24";
const GATEWAY: &str = "198.18.77.1";
const HOSTS: &[(&str, &str)] =
    &[("web-1", "198.18.77.11"), ("web-2", "198.18.77.12"), ("worker-1", "198.18.77.21")];

/// A running fleet.
#[derive(Debug, Clone)]
pub struct Fleet {
    /// Keys, logs, projects.
    pub dir: PathBuf,
    pub hosts: Vec<Host>,
    pub credentials: Credentials,
    /// Traefik's image, in the registry and on every host.
    pub traefik_image: String,
    pub ssh: SshFiles,
}

impl Fleet {
    /// Brings the fleet up, or finds it up. Installs and builds what is missing.
    pub fn up() -> Result<Self> {
        setup::for_fleet()?;
        engine::ensure()?;
        let host_image = images::host()?;
        let traefik_image = images::traefik()?;
        let recipe = images::digest(&[&host_image, &traefik_image, SUBNET, "2"]);
        if let Some(fleet) = Self::running(&recipe) {
            return Ok(fleet);
        }
        Self::down()?;
        println!("starting the fleet: registry, {}", names().join(", "));
        let fleet = Self::create(&recipe, traefik_image)?;
        let made = fleet.start(&recipe, &host_image);
        made.context("the fleet did not come up; `cargo xtask fleet down` removes what there is")?;
        Ok(fleet)
    }

    /// Up, wiped, and for this process alone until it ends: for tests and demos, which
    /// would spoil one another's results. Waits for another process, saying so.
    pub fn exclusive() -> Result<Self> {
        reserve()?;
        let fleet = Self::up()?;
        fleet.wipe()?;
        Ok(fleet)
    }

    /// The fleet that is up already.
    pub fn attach() -> Result<Self> {
        let state = State::load().context("there is no fleet; run `cargo xtask fleet up`")?;
        Self::running(&state.recipe).context("the fleet is not running; run `cargo xtask fleet up`")
    }

    /// Removes the hosts, the registry's container and the network. Images stay, so
    /// that the next `up` is quick.
    pub fn down() -> Result<()> {
        let names: Vec<String> = names()
            .iter()
            .map(|name| format!("windlass-fleet-{name}"))
            .chain([registry::CONTAINER.to_string()])
            .collect();
        let mut remove = docker(["rm", "--force", "--volumes"]);
        remove = remove.args(&names);
        // Also says "no such container" for what is gone already.
        remove.output()?;
        docker(["network", "rm", NETWORK]).output()?;
        let left = docker(["ps", "--all", "--format", "{{.Names}}"]).ok()?;
        match left.lines().find(|line| names.iter().any(|name| name == line)) {
            Some(name) => bail!("{name} could not be removed; try `docker rm --force {name}`"),
            None => Ok(()),
        }
    }

    /// A host by name.
    pub fn host(&self, name: &str) -> Result<&Host> {
        self.hosts
            .iter()
            .find(|host| host.name == name)
            .with_context(|| format!("the fleet has no host {name}, only {}", names().join(", ")))
    }

    /// The hosts whose name starts with `web`.
    pub fn web_hosts(&self) -> Vec<&Host> {
        self.hosts.iter().filter(|host| host.name.starts_with("web")).collect()
    }

    /// Wipes every host, all at once.
    pub fn wipe(&self) -> Result<()> {
        self.on_all_hosts(Host::wipe)
    }

    /// Does the same on all hosts at once; all are finished before an error returns.
    pub fn on_all_hosts(&self, act: impl Fn(&Host) -> Result<()> + Sync) -> Result<()> {
        let results: Vec<Result<()>> = thread::scope(|scope| {
            let act = &act;
            let threads: Vec<_> =
                self.hosts.iter().map(|host| scope.spawn(move || act(host))).collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap_or_else(|_| Err(anyhow!("a thread panicked"))))
                .collect()
        });
        results.into_iter().collect()
    }

    /// One line for each container of the fleet.
    pub fn status() -> Result<String> {
        let format = "{{.Names}}\t{{.Status}}";
        let filter = "name=windlass-fleet-";
        docker(["ps", "--all", "--filter", filter, "--format", format]).ok()
    }

    fn new(credentials: Credentials, traefik_image: String) -> Self {
        let dir = paths::state();
        let ssh = SshFiles::new(&dir);
        let host = |(name, address): &(&str, &str)| Host {
            name: (*name).into(),
            address: (*address).into(),
            ssh: ssh.clone(),
        };
        let hosts = HOSTS.iter().map(host).collect();
        Self { dir, hosts, credentials, traefik_image, ssh }
    }

    fn running(recipe: &str) -> Option<Self> {
        let state = State::load().ok().filter(|state| state.recipe == recipe)?;
        let label = format!("label=windlass-fleet={}", state.generation());
        let running = docker(["ps", "--quiet", "--filter", &label]).ok().ok()?;
        let fleet = Self::new(state.credentials, state.traefik_image);
        (running.lines().count() == HOSTS.len() + 1).then_some(())?;
        // Short: a host that a test left cut off or frozen is soon replaced.
        fleet.on_all_hosts(|host| host.wait_until_up_for(Duration::from_secs(8))).ok()?;
        Some(fleet)
    }

    fn create(recipe: &str, traefik_image: String) -> Result<Self> {
        let state = State {
            recipe: recipe.into(),
            credentials: Credentials { user: format!("u{}", random()?), password: random()? },
            traefik_image: traefik_image.clone(),
        };
        state.save()?;
        Ok(Self::new(state.credentials, traefik_image))
    }

    fn start(&self, recipe: &str, host_image: &str) -> Result<()> {
        let generation = format!("{recipe}-{}", self.credentials.user);
        docker(["network", "create", "--subnet", SUBNET, "--gateway", GATEWAY, NETWORK])
            .ok()
            .with_context(|| format!("the fleet needs the network {SUBNET} for itself"))?;
        let public_key = self.ssh.public_key()?;
        let capabilities = capabilities::for_hosts()?;
        // The registry fills up while the hosts boot.
        thread::scope(|scope| {
            let filling = scope.spawn(|| {
                registry::start(host_image, &generation, &self.credentials)?;
                let config = paths::state_dir("docker-config")?;
                registry::push(&self.traefik_image, &self.credentials, &config)
            });
            self.on_all_hosts(|host| {
                boot(host, host_image, &generation, &capabilities, &public_key)
            })?;
            filling.join().unwrap_or_else(|_| Err(anyhow!("a thread panicked")))
        })?;
        let mut keys = Vec::new();
        for host in &self.hosts {
            let line = "cut -d' ' -f1,2 /etc/ssh/ssh_host_ed25519_key.pub";
            let key = wait::until(
                &format!("the host key of {}", host.name),
                Duration::from_secs(10),
                || Ok(Some(host.inside_cmd(line).ok()?).filter(|key| !key.is_empty())),
            )?;
            keys.push((host.name.clone(), host.address.clone(), key));
        }
        self.ssh.write(&keys)?;
        self.on_all_hosts(|host| {
            host.wait_until_up()?;
            self.preload(host)
        })
    }

    /// Pulls Traefik with a login that is forgotten at once: deploys log in themselves.
    fn preload(&self, host: &Host) -> Result<()> {
        let Credentials { user, password } = &self.credentials;
        let line = format!(
            "export DOCKER_CONFIG=$(mktemp -d); \
             docker login --username {user} --password-stdin {} 2>/dev/null >&2 && \
             docker pull --quiet {}; code=$?; rm -rf $DOCKER_CONFIG; exit $code",
            registry::SERVER,
            self.traefik_image
        );
        host.inside_cmd(&line)
            .stdin(password.clone())
            .limit(Duration::from_secs(120))
            .ok()
            .map(drop)
            .with_context(|| format!("{} cannot pull from the fleet's registry", host.name))
    }
}

fn boot(
    host: &Host,
    image: &str,
    generation: &str,
    capabilities: &[String],
    key: &str,
) -> Result<()> {
    let container = host.container();
    docker(["run", "--detach", "--name", &container, "--hostname", &host.name])
        .args(["--network", NETWORK, "--ip", &host.address, "--cgroupns=private"])
        .args(capabilities)
        .args(
            ["seccomp", "apparmor", "systempaths"]
                .map(|o| format!("--security-opt={o}=unconfined")),
        )
        .args(["--label", &format!("windlass-fleet={generation}")])
        // As on a real server /run is empty after a boot; engines rely on it.
        .args(["--volume", "/var/lib/docker", "--tmpfs", "/run:exec,mode=755"])
        .args(["--env", &format!("REGISTRY_ADDRESS={}", registry::ADDRESS)])
        .args(["--env", &format!("REGISTRY_PORT={}", registry::PORT)])
        .args(["--env", &format!("AUTHORIZED_KEY={}", key.trim())])
        .arg(image)
        .ok()
        .map(drop)
        .with_context(|| format!("the container of {} does not start", host.name))
}

/// Takes the lock on the fleet, once for the whole life of this process.
fn reserve() -> Result<()> {
    static LOCK: Mutex<Option<fs::File>> = Mutex::new(None);
    let mut held = LOCK.lock().unwrap_or_else(PoisonError::into_inner);
    if held.is_some() {
        return Ok(());
    }
    let path = paths::state_dir("")?.join("in-use");
    let file =
        fs::File::create(&path).with_context(|| format!("cannot create {}", path.display()))?;
    if file.try_lock().is_err() {
        println!("another process uses the fleet: waiting up to 30 minutes for its end");
    }
    wait::for_true("the fleet to be free", Duration::from_secs(1800), || {
        Ok(file.try_lock().is_ok())
    })?;
    *held = Some(file);
    Ok(())
}

fn names() -> Vec<&'static str> {
    HOSTS.iter().map(|(name, _)| *name).collect()
}

fn random() -> Result<String> {
    let text = Cmd::sh("od -An -N8 -tx1 /dev/urandom").ok()?;
    Ok(text.split_whitespace().collect())
}

/// What must survive between two runs of this program.
struct State {
    recipe: String,
    credentials: Credentials,
    traefik_image: String,
}

impl State {
    fn path() -> PathBuf {
        paths::state().join("state.json")
    }

    fn generation(&self) -> String {
        format!("{}-{}", self.recipe, self.credentials.user)
    }

    fn load() -> Result<Self> {
        let path = Self::path();
        let text =
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let value: serde_json::Value = serde_json::from_str(&text)?;
        let field = |name: &str| {
            let found = value[name].as_str().map(str::to_string);
            found.with_context(|| format!("{} has no {name}", path.display()))
        };
        Ok(Self {
            recipe: field("recipe")?,
            credentials: Credentials { user: field("user")?, password: field("password")? },
            traefik_image: field("traefik_image")?,
        })
    }

    fn save(&self) -> Result<()> {
        let dir = paths::state_dir("")?;
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o700))?;
        let text = json!({
            "recipe": self.recipe,
            "user": self.credentials.user,
            "password": self.credentials.password,
            "traefik_image": self.traefik_image,
        });
        write_private(&Self::path(), &format!("{text:#}\n"))
    }
}

fn write_private(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))
        .with_context(|| format!("cannot protect {}", path.display()))
}
