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
}

impl Story {
    /// An empty fleet and a project at version 1, not deployed yet.
    pub fn prepare(service: &str) -> Result<Self> {
        let fleet = Fleet::exclusive()?;
        let project = Project::create(&fleet, service, "1")?;
        let windlass = Windlass::new(&fleet, &project)?;
        Ok(Self { fleet, project, windlass })
    }

    /// The same with version 1 deployed and serving.
    pub fn begin(service: &str) -> Result<Self> {
        let story = Self::prepare(service)?;
        story.windlass.ok(&["setup"])?;
        story.expect_serving("1")?;
        Ok(story)
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
        let host = self.fleet.host("web-1")?;
        let line = format!("test -d /root/.kamal/locks/{}", self.project.service);
        Ok(host.inside(&line)?.success())
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
