//! Kamal 1.9.3's side of a host: its own command lines, over ssh as it runs them. Tests build
//! with them what Kamal leaves, and read with them what Windlass leaves.
//!
//! Nothing here is meant to be good, only to be Kamal's: unquoted lines, a password in an argv,
//! waits of fixed length. What runs at several hosts at once is the tests' affair.

use std::io::Read as _;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::engine::docker;
use crate::fleet::Fleet;
use crate::host::Host;
use crate::process::{Cmd, Output};
use crate::project::Project;
use crate::registry::{self, Credentials};
use crate::{paths, wait};

/// Where the cord is in a container.
const CORD: &str = "/tmp/kamal-cord";
/// What is up of a role: first among containers of the image tagged latest, then among all.
const CURRENT: &str = "sh -c 'docker ps --latest FORMAT FILTERS --filter status=running \
    --filter status=restarting --filter ancestor=$(docker image ls --filter reference=LATEST \
    --format '\\''{{.ID}}'\\'') ; docker ps --latest FORMAT FILTERS --filter status=running \
    --filter status=restarting' | head -1";
const TRAEFIK: &str = "docker container start traefik || docker run --name traefik --detach \
    --restart unless-stopped --publish 80:80 --volume /var/run/docker.sock:/var/run/docker.sock \
    --env-file .kamal/env/traefik/traefik.env --log-opt max-size=\"10m\" \
    --label traefik.http.routers.catchall.entryPoints=\"http\" \
    --label traefik.http.routers.catchall.rule=\"PathPrefix(\\`/\\`)\" \
    --label traefik.http.routers.catchall.service=\"unavailable\" \
    --label traefik.http.routers.catchall.priority=\"1\" \
    --label traefik.http.services.unavailable.loadbalancer.server.port=\"0\" \
    IMAGE --providers.docker --log.level=\"DEBUG\"";
const RUN: &str = "docker run --detach --restart unless-stopped --name NAME --hostname HOSTNAME \
    -e KAMAL_CONTAINER_NAME=\"NAME\" -e KAMAL_VERSION=\"VERSION\" \
    --env-file .kamal/env/roles/PREFIX.env ENV CHECK --log-opt max-size=\"10m\" \
    --label service=\"SERVICE\" --label role=\"ROLE\" --label destination ROUTE IMAGE CMD";
const CHECK: &str = "--health-cmd \"(curl -f http://localhost:3000/up || exit 1) && \
    (stat /tmp/kamal-cord/cord > /dev/null || exit 1)\" --health-interval \"1s\" \
    --volume $(pwd)/.kamal/cords/PREFIX-RUNID:/tmp/kamal-cord";
const ROUTE: &str = "--label traefik.http.services.PREFIX.loadbalancer.server.scheme=\"http\" \
    --label traefik.http.routers.PREFIX.rule=\"PathPrefix(\\`/\\`)\" \
    --label traefik.http.routers.PREFIX.priority=\"2\" \
    --label traefik.http.middlewares.PREFIX-retry.retry.attempts=\"5\" \
    --label traefik.http.middlewares.PREFIX-retry.retry.initialinterval=\"500ms\" \
    --label traefik.http.routers.PREFIX.middlewares=\"PREFIX-retry@docker\"";
const STATUS: &str = "docker container ls --all --filter name=^NAME$ --quiet | xargs docker \
    inspect --format '{{if .State.Health}}{{.State.Health.Status}}{{else}}{{.State.Status}}{{end}}'";
const FIND_CORD: &str = "docker inspect -f '{{ range .Mounts }}{{printf \"%s %s\\n\" .Source \
    .Destination}}{{ end }}' NAME | awk '$2 == \"CORD\" {print $1}'";
const PRUNE: [&str; 4] = [
    "docker ps -q -a --filter label=service=SERVICE --filter status=created --filter \
     status=exited --filter status=dead | tail -n +FROM | while read container_id; do docker rm \
     $container_id; done",
    "docker container prune --force --filter label=service=healthcheck-SERVICE",
    "docker image prune --force --filter label=service=SERVICE",
    "docker image ls --filter label=service=SERVICE --format '{{.ID}} {{.Repository}}:{{.Tag}}' \
     | grep -v -w \"$(docker container ls -a --format '{{.Image}}\\|' --filter \
     label=service=SERVICE | tr -d '\\n')LATEST\\|REPOSITORY:<none>\" | while read image tag; do \
     docker rmi $tag; done",
];

/// A role, as it concerns the commands.
#[derive(Debug, Clone, Copy)]
pub struct Role {
    pub name: &'static str,
    /// Whether Traefik routes to it.
    pub public: bool,
    pub cmd: &'static str,
}

pub const WEB: Role = Role { name: "web", public: true, cmd: "" };
pub const WORKERS: Role = Role { name: "workers", public: false, cmd: "app worker" };

/// Kamal, for one project.
#[derive(Debug, Clone)]
pub struct Kamal {
    service: String,
    traefik_image: String,
    credentials: Credentials,
    /// The options of `docker run` for the clear part of the environment.
    pub clear: String,
    /// The env file for its secret part.
    pub secret: String,
    /// `retain_containers`.
    pub retain: usize,
    /// How long it gives Traefik to follow.
    pub settle: Duration,
}

impl Kamal {
    /// For a project as [`Project`] makes it.
    pub fn of(fleet: &Fleet, project: &Project) -> Self {
        Self {
            service: project.service.clone(),
            traefik_image: fleet.traefik_image.clone(),
            credentials: fleet.credentials.clone(),
            clear: "--env GREETING=\"hello\"".to_string(),
            secret: "APP_SECRET=only-the-app-knows\n".to_string(),
            retain: 5,
            settle: Duration::from_secs(5),
        }
    }

    /// Runs a line as Kamal does, in the login shell; returns what it prints, trimmed.
    pub fn run(&self, host: &Host, line: &str) -> Result<String> {
        let output = self.attempt(host, line)?;
        ensure!(output.success(), "`{line}` on {} failed:\n{}", host.name, output.all());
        Ok(output.stdout.trim_end().to_string())
    }

    /// The same, whatever comes of it.
    pub fn attempt(&self, host: &Host, line: &str) -> Result<Output> {
        let is_mapped = line.starts_with("docker ");
        host.sh(&if is_mapped { line.to_string() } else { format!("/usr/bin/env {line}") })
    }

    /// `kamal build push`: of what the project's directory holds.
    pub fn push(&self, project: &Project, version: &str) -> Result<()> {
        let (image, latest) = (self.image(version), self.image("latest"));
        let label = format!("service={}", self.service);
        docker(["build", "-t", &image, "-t", &latest, "--label", &label])
            .args(["--file", "Dockerfile", "."])
            .env("DOCKER_BUILDKIT", "0")
            .dir(&project.dir)
            .ok()?;
        let config = paths::state_dir("docker-config")?;
        registry::push(&image, &self.credentials, &config)?;
        registry::push(&latest, &self.credentials, &config)
    }

    /// `kamal server bootstrap`, `env push` and `registry login`.
    pub fn set_up(&self, host: &Host, roles: &[Role]) -> Result<()> {
        self.run(host, "mkdir -p .kamal")?;
        self.audit(host, None, "Pushed env files")?;
        for role in roles {
            let file = format!("roles/{}.env", self.prefix(*role));
            self.upload(host, &file, &self.secret)?;
        }
        if roles.iter().any(|role| role.public) {
            self.upload(host, "traefik/traefik.env", "\n")?;
        }
        let Credentials { user, password } = &self.credentials;
        let login = format!("docker login {} -u \"{user}\" -p \"{password}\"", registry::SERVER);
        self.run(host, &login).map(drop)
    }

    /// An env file. Kamal's copy ends with the mode 0600 where the umask is 022.
    pub fn upload(&self, host: &Host, file: &str, text: &str) -> Result<()> {
        let (directory, _) = file.rsplit_once('/').context("env files lie in directories")?;
        self.run(host, &format!("mkdir -p .kamal/env/{directory}"))?;
        let line = format!("umask 077; cat > .kamal/env/{file}");
        host.ssh_cmd(&line).stdin(text).ok().map(drop)
    }

    /// `kamal deploy --skip-push`, as far as it concerns one host.
    pub fn deploy(&self, host: &Host, roles: &[Role], version: &str) -> Result<()> {
        self.pull(host, version)?;
        if roles.iter().any(|role| role.public) {
            self.run(host, &TRAEFIK.replace("IMAGE", &self.traefik_image))?;
        }
        for role in roles {
            for stale in self.stale(host, *role)? {
                self.stop(host, *role, &stale)?;
            }
        }
        self.boot(host, roles, version)?;
        self.prune(host)
    }

    /// `kamal rollback` and the greater part of a deploy: the new containers in place of the
    /// old ones, then the tag.
    pub fn boot(&self, host: &Host, roles: &[Role], version: &str) -> Result<()> {
        for role in roles {
            self.replace(host, *role, version)?;
        }
        let (image, latest) = (self.image(version), self.image("latest"));
        self.audit(host, None, &format!("Tagging {image} as the latest image"))?;
        self.run(host, &format!("docker tag {image} {latest}")).map(drop)
    }

    fn pull(&self, host: &Host, version: &str) -> Result<()> {
        let (image, service) = (self.image(version), &self.service);
        self.audit(host, None, &format!("Pulled image with version {version}"))?;
        self.attempt(host, &format!("docker image rm --force {image}"))?;
        self.run(host, &format!("docker pull {image}"))?;
        let check = format!(
            "docker inspect -f '{{{{ .Config.Labels.service }}}}' {image} | grep -x {service} || \
             (echo \"Image {image} is missing the 'service' label\" && exit 1)"
        );
        self.run(host, &check).map(drop)
    }

    fn replace(&self, host: &Host, role: Role, version: &str) -> Result<()> {
        let name = self.name(role, version);
        if !self.id(host, role, version)?.is_empty() {
            let other = format!("{version}_replaced_{}", digits(16)?);
            let text = format!("Renaming container {version} to {other}");
            self.audit(host, Some(role), &text)?;
            self.run(host, &format!("docker rename {name} {}", self.name(role, &other)))?;
        }
        let old = self.version(host, role)?;
        self.audit(host, Some(role), &format!("Booted app version {version}"))?;
        let run_id = digits(32)?;
        if role.public {
            let directory = format!(".kamal/cords/{}-{run_id}", self.prefix(role));
            self.run(host, &format!("mkdir -p {directory} ; touch {directory}/cord"))?;
        }
        let (check, route) = if role.public { (CHECK, ROUTE) } else { ("", "") };
        let line = RUN
            .replace("CHECK", check)
            .replace("ROUTE", route)
            .replace("HOSTNAME", &format!("{}-{}", host.name, digits(12)?))
            .replace("RUNID", &run_id)
            .replace("PREFIX", &self.prefix(role))
            .replace("IMAGE", &self.image(version))
            .replace("=\"SERVICE\"", &format!("=\"{}\"", self.service))
            .replace("=\"ROLE\"", &format!("=\"{}\"", role.name))
            .replace("=\"VERSION\"", &format!("=\"{version}\""))
            .replace("--name NAME", &format!("--name {name}"))
            .replace("=\"NAME\"", &format!("=\"{name}\""))
            .replace(" ENV ", &format!(" {} ", self.clear))
            .replace(" CMD", &format!(" {}", role.cmd));
        self.run(host, &line)?;
        self.wait_for(host, &name, if role.public { "healthy" } else { "running" })?;
        if old.is_empty() {
            return Ok(());
        }
        if role.public {
            thread::sleep(self.settle);
            let cord = self.cord(host, role, &old)?;
            if !cord.is_empty() {
                self.run(host, &format!("rm -r {cord}"))?;
                self.wait_for(host, &self.name(role, &old), "unhealthy")?;
                thread::sleep(self.settle);
            }
        }
        self.stop(host, role, &old)
    }

    fn wait_for(&self, host: &Host, name: &str, wanted: &str) -> Result<()> {
        let line = STATUS.replace("NAME", name);
        let what = format!("{name} on {} to be {wanted}", host.name);
        wait::for_true(&what, Duration::from_secs(28), || Ok(self.run(host, &line)? == wanted))
    }

    /// Stops the container of a version.
    pub fn stop(&self, host: &Host, role: Role, version: &str) -> Result<()> {
        let name = self.name(role, version);
        let list = format!("docker container ls --all --filter name=^{name}$ --quiet");
        self.attempt(host, &format!("{list} | xargs docker stop")).map(drop)
    }

    /// `kamal prune all`.
    pub fn prune(&self, host: &Host) -> Result<()> {
        self.audit(host, None, "Pruned containers")?;
        self.audit(host, None, "Pruned images")?;
        for line in PRUNE {
            let line = line
                .replace("SERVICE", &self.service)
                .replace("FROM", &(self.retain + 1).to_string())
                .replace("LATEST", &self.image("latest"))
                .replace("REPOSITORY", &self.repository());
            self.run(host, &line)?;
        }
        Ok(())
    }

    /// The current container's id.
    pub fn current(&self, host: &Host, role: Role) -> Result<String> {
        self.run(host, &self.filtered(CURRENT, role).replace("FORMAT", "--quiet"))
    }

    /// The current container's version; empty without one.
    pub fn version(&self, host: &Host, role: Role) -> Result<String> {
        let names = CURRENT.replace("FORMAT", "--format '\\''{{.Names}}'\\''");
        self.run(host, &self.unprefixed(&self.filtered(&names, role), role))
    }

    /// The versions that run, the stale ones among them.
    pub fn versions(&self, host: &Host, role: Role) -> Result<Vec<String>> {
        let list = self.filtered("docker ps FILTERS --format \"{{.Names}}\"", role);
        let text = self.run(host, &self.unprefixed(&list, role))?;
        Ok(text.lines().map(str::to_string).collect())
    }

    /// What runs beside the current version.
    pub fn stale(&self, host: &Host, role: Role) -> Result<Vec<String>> {
        let current = self.version(host, role)?;
        Ok(self.versions(host, role)?.into_iter().filter(|v| *v != current).collect())
    }

    /// The id of a version's container in any state; empty without one. A rollback to a version
    /// needs it on every host.
    pub fn id(&self, host: &Host, role: Role, version: &str) -> Result<String> {
        let name = self.name(role, version);
        self.run(host, &format!("docker container ls --all --filter name=^{name}$ --quiet"))
    }

    /// The directory of a version's cord.
    pub fn cord(&self, host: &Host, role: Role, version: &str) -> Result<String> {
        let line = FIND_CORD.replace("NAME", &self.name(role, version)).replace("CORD", CORD);
        self.run(host, &line)
    }

    /// Takes the lock, or does what Kamal does when somebody has it.
    pub fn lock(&self, host: &Host, details: &str) -> Result<Output> {
        let encoded = Cmd::new("base64").arg("--wrap=60").stdin(details).ok()?;
        let lock = format!(".kamal/locks/{}", self.service);
        self.run(host, "mkdir -p .kamal/locks")?;
        self.attempt(host, &format!("mkdir {lock} && echo \"{encoded}\" > {lock}/details"))
    }

    /// Who has the lock.
    pub fn lock_status(&self, host: &Host) -> Result<Output> {
        let lock = format!(".kamal/locks/{}", self.service);
        self.attempt(host, &format!("stat {lock} > /dev/null && cat {lock}/details | base64 -d"))
    }

    /// Gives the lock back.
    pub fn unlock(&self, host: &Host) -> Result<Output> {
        let lock = format!(".kamal/locks/{}", self.service);
        self.attempt(host, &format!("rm {lock}/details && rm -r {lock}"))
    }

    /// `kamal audit`.
    pub fn audits(&self, host: &Host) -> Result<String> {
        self.run(host, &format!("tail -n 50 .kamal/{}-audit.log", self.service))
    }

    fn audit(&self, host: &Host, role: Option<Role>, text: &str) -> Result<()> {
        let role = role.map(|role| format!(" [{}]", role.name)).unwrap_or_default();
        let log = format!(".kamal/{}-audit.log", self.service);
        let line = format!("echo [2026-01-02T03:04:05Z] [fleet@example.com]{role} {text} >> {log}");
        self.run(host, &line).map(drop)
    }

    /// `SERVICE-ROLE-VERSION`.
    pub fn name(&self, role: Role, version: &str) -> String {
        format!("{}-{version}", self.prefix(role))
    }

    /// `SERVICE-ROLE`.
    pub fn prefix(&self, role: Role) -> String {
        format!("{}-{}", self.service, role.name)
    }

    pub fn image(&self, tag: &str) -> String {
        registry::image(&self.service, tag)
    }

    /// The image without a tag.
    pub fn repository(&self) -> String {
        let image = self.image("");
        image.trim_end_matches(':').to_string()
    }

    fn filtered(&self, line: &str, role: Role) -> String {
        let filters =
            format!("--filter label=service={} --filter label=role={}", self.service, role.name);
        line.replace("FILTERS", &filters).replace("LATEST", &self.image("latest"))
    }

    fn unprefixed(&self, line: &str, role: Role) -> String {
        format!("{line} | while read line; do echo ${{line#{}-}}; done", self.prefix(role))
    }
}

/// Random hexadecimal digits.
fn digits(count: usize) -> Result<String> {
    let mut bytes = vec![0; count / 2];
    std::fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
