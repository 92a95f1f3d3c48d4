//! The beginning that most of the fleet's tests share: an empty fleet, a project,
//! version 1 deployed by `windlass setup`; and the questions they ask afterwards.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use crate::fleet::Fleet;
use crate::host::Host;
use crate::load::{Load, LoadPlan};
use crate::process::Running;
use crate::project::Project;
use crate::wait;
use crate::windlass::Windlass;

/// A fleet, a project on it, and the product.
pub struct Story {
    pub fleet: Fleet,
    pub project: Project,
    pub windlass: Windlass,
    /// The commit of version 1.
    pub one: String,
}

impl Story {
    /// An empty fleet and a project at version 1, not deployed yet.
    pub fn prepare(service: &str) -> Result<Self> {
        let fleet = Fleet::exclusive()?;
        let project = Project::create(&fleet, service, "1")?;
        let windlass = Windlass::new(&fleet, &project)?;
        let one = project.head()?;
        Ok(Self { fleet, project, windlass, one })
    }

    /// The same with version 1 deployed and serving.
    pub fn begin(service: &str) -> Result<Self> {
        let story = Self::prepare(service)?;
        story.windlass.ok(&["setup"])?;
        story.expect_serving("1")?;
        Ok(story)
    }

    /// An empty fleet and a project that has `web-1` as its only server.
    pub fn prepare_one(service: &str) -> Result<Self> {
        let story = Self::prepare(service)?;
        story.project.servers("servers:\n  - web-1\n")?;
        Ok(story)
    }

    /// The same with version 1 deployed and serving.
    pub fn begin_one(service: &str) -> Result<Self> {
        let story = Self::prepare_one(service)?;
        story.windlass.ok(&["setup"])?;
        story.web()?.serves("1")?;
        Ok(story)
    }

    /// The primary host.
    pub fn web(&self) -> Result<&Host> {
        self.fleet.host("web-1")
    }

    /// From here on the project has no secret but the registry's password.
    pub fn forget_secrets(&self) -> Result<()> {
        let password = &self.fleet.credentials.password;
        self.project.write(".env", &format!("KAMAL_REGISTRY_PASSWORD={password}\n"))
    }

    /// Eight connections to each web host; only these versions may answer.
    pub fn load(&self, versions: &[&str]) -> Load {
        let targets = self.fleet.web_hosts().into_iter().map(|host| host.authority(80));
        Load::start(&LoadPlan::new(targets).versions(versions))
    }

    /// Every web host answers with this version.
    pub fn expect_serving(&self, version: &str) -> Result<()> {
        self.fleet.web_hosts().into_iter().try_for_each(|host| host.serves(version))
    }

    /// The same soon: a proxy follows what it is told, but not in the same moment.
    pub fn expect_serving_soon(&self, version: &str) -> Result<()> {
        wait::for_true(&format!("version {version} to serve"), Duration::from_secs(10), || {
            Ok(self.expect_serving(version).is_ok())
        })
    }

    /// The commits that run in a role of a host.
    pub fn running(&self, host: &Host, role: &str) -> Result<Vec<String>> {
        let prefix = format!("{}-{role}-", self.project.service);
        let containers = host.containers()?;
        let running = containers.iter().filter(|container| container.state == "running");
        Ok(running.filter_map(|c| c.name.strip_prefix(&prefix)).map(str::to_string).collect())
    }

    /// Exactly this commit runs: `web` on the web hosts, `workers` on the worker host.
    pub fn expect_running(&self, commit: &str) -> Result<()> {
        for host in &self.fleet.hosts {
            let role = if host.name.starts_with("web") { "web" } else { "workers" };
            let running = self.running(host, role)?;
            if running != [commit] {
                bail!(
                    "{role} on {} should run {commit} alone, but there are:\n{:#?}",
                    host.name,
                    host.containers()?
                );
            }
        }
        Ok(())
    }

    /// Whether the deploy lock's directory exists on the primary host.
    pub fn is_locked(&self) -> Result<bool> {
        let host = self.web()?;
        let line = format!("test -d /root/.kamal/locks/{}", self.project.service);
        Ok(host.inside(&line)?.success())
    }

    /// A deploy has come to its end: this version serves, its commit runs alone, and nobody holds
    /// the lock.
    pub fn expect_settled(&self, version: &str, commit: &str) -> Result<()> {
        self.expect_serving(version)?;
        self.expect_running(commit)?;
        self.expect_lock_free()
    }

    pub fn expect_lock_free(&self) -> Result<()> {
        ensure!(!self.is_locked()?, "the deploy lock is still held on web-1");
        Ok(())
    }

    /// Waits until a shell condition holds on a host, asked there every 10 ms, while
    /// a run of the product goes on. An error if the run ends first.
    pub fn wait_on_host(
        &self,
        host: &Host,
        what: &str,
        condition: &str,
        run: &Running,
    ) -> Result<()> {
        let line = format!(
            "for i in $(seq 6000); do if {condition}; then exit 0; fi; sleep 0.01; done; exit 9"
        );
        let asking = host.inside_cmd(&line).start()?;
        let waited = wait::for_true(what, Duration::from_secs(60), || {
            if asking.is_alive() && !run.is_alive() {
                bail!("the run ended before");
            }
            Ok(!asking.is_alive())
        });
        waited.with_context(|| format!("the run has said:\n{}", run.so_far()))?;
        ensure!(asking.finish(Duration::from_secs(5))?.success(), "{what} did not come about");
        Ok(())
    }
}
