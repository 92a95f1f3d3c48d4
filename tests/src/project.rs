//! A project as a user has it: deploy.yml, .env, a Dockerfile, the app, and a git
//! repository whose commits are the versions.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::fleet::Fleet;
use crate::process::Cmd;
use crate::{artifacts, images, paths, registry};

const DOCKERFILE: &str = include_str!("../fleet/project/Dockerfile");
const DOCKERIGNORE: &str = include_str!("../fleet/project/.dockerignore");
const DEPLOY_YML: &str = include_str!("../fleet/project/deploy.yml");

/// Servers and more of deploy.yml, for [`Project::servers`]: two roles on one host, for any
/// service.
pub const TWO_ROLES: &str = "servers:
  web:
    hosts:
      - web-1
  workers:
    hosts:
      - web-1
    cmd: app worker

retain_containers: 1
";

/// A project directory.
#[derive(Debug, Clone)]
pub struct Project {
    pub dir: PathBuf,
    pub service: String,
}

impl Project {
    /// Writes a fresh project `service` for the fleet below its directory, replacing
    /// a former one, with the app at version `version` committed.
    pub fn create(fleet: &Fleet, service: &str, version: &str) -> Result<Self> {
        let dir = paths::state_dir("projects")?.join(service);
        Self::create_in(&dir, fleet, service, version)
    }

    /// The same in a directory of the caller's choice.
    pub fn create_in(dir: &Path, fleet: &Fleet, service: &str, version: &str) -> Result<Self> {
        if dir.exists() {
            fs::remove_dir_all(dir).with_context(|| format!("cannot remove {}", dir.display()))?;
        }
        for name in ["config", "bin", "app"] {
            fs::create_dir_all(dir.join(name))
                .with_context(|| format!("cannot create {}/{name}", dir.display()))?;
        }
        let project = Self { dir: dir.into(), service: service.into() };
        let config = DEPLOY_YML
            .replace("{service}", service)
            .replace("{registry}", registry::SERVER)
            .replace("{registry_user}", &fleet.credentials.user)
            .replace("{traefik}", &fleet.traefik_image);
        project.write("config/deploy.yml", &config)?;
        project.write(
            ".env",
            &format!(
                "KAMAL_REGISTRY_PASSWORD={}\nAPP_SECRET=only-the-app-knows\n",
                fleet.credentials.password
            ),
        )?;
        project.write(".gitignore", ".env*\n/windlass\n")?;
        project.write("Dockerfile", DOCKERFILE)?;
        project.write(".dockerignore", DOCKERIGNORE)?;
        let bin = dir.join("bin");
        images::shell_tools(&bin)?;
        images::place(&artifacts::sample_app()?, &bin.join("app"))?;
        std::os::unix::fs::symlink("app", bin.join("curl")).context("cannot link curl")?;
        project.behave("")?;
        project.git(&["init", "--quiet", "--initial-branch=main"])?;
        project.git(&["config", "user.name", "Fleet"])?;
        project.git(&["config", "user.email", "fleet@example.com"])?;
        project.commit_version(version)?;
        Ok(project)
    }

    /// Writes a file of the project.
    pub fn write(&self, name: &str, text: &str) -> Result<()> {
        let path = self.dir.join(name);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
    }

    pub fn read(&self, name: &str) -> Result<String> {
        let path = self.dir.join(name);
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
    }

    /// Changes deploy.yml. Not committed: it is read from the working directory.
    pub fn edit_config(&self, edit: impl FnOnce(String) -> String) -> Result<()> {
        self.write("config/deploy.yml", &edit(self.read("config/deploy.yml")?))
    }

    /// Puts other lines in the place of deploy.yml's `servers`, which stand before `registry`.
    pub fn servers(&self, lines: &str) -> Result<()> {
        let text = self.read("config/deploy.yml")?;
        let parts = text.split_once("servers:\n").zip(text.split_once("registry:\n"));
        let ((before, _), (_, after)) = parts.context("deploy.yml is another one")?;
        self.write("config/deploy.yml", &format!("{before}{lines}\nregistry:\n{after}"))
    }

    /// Adds lines at the end of deploy.yml.
    pub fn append(&self, lines: &str) -> Result<()> {
        self.edit_config(|text| format!("{text}\n{lines}"))
    }

    /// Writes one of the user's hooks: the commands of a shell.
    pub fn hook(&self, name: &str, commands: &str) -> Result<()> {
        let hooks = self.dir.join(".kamal/hooks");
        fs::create_dir_all(&hooks).with_context(|| format!("cannot create {}", hooks.display()))?;
        self.write(&format!(".kamal/hooks/{name}"), &format!("#!/bin/sh\n{commands}\n"))?;
        fs::set_permissions(hooks.join(name), fs::Permissions::from_mode(0o755))
            .with_context(|| format!("cannot make the hook {name} executable"))
    }

    /// Bakes settings into the next image: lines as the sample app reads them, such
    /// as `APP_MODE=exit`, `unhealthy` or `other-port`, `APP_START_DELAY_MS=2000`.
    pub fn behave(&self, settings: &str) -> Result<()> {
        self.write("app/BEHAVIOUR", settings)
    }

    /// Makes the app say that it is `version`, commits everything, and returns the
    /// commit: the version in the sense of the deploy.
    pub fn commit_version(&self, version: &str) -> Result<String> {
        self.write("app/VERSION", version)?;
        self.commit(&format!("Version {version}"))
    }

    /// Commits everything and returns the commit.
    pub fn commit(&self, message: &str) -> Result<String> {
        self.git(&["add", "--all"])?;
        self.git(&["commit", "--quiet", "--allow-empty", "--message", message])?;
        self.head()
    }

    /// Goes to another commit: the next deploy is of that version.
    pub fn checkout(&self, commit: &str) -> Result<()> {
        self.git(&["checkout", "--quiet", commit]).map(drop)
    }

    /// The current commit.
    pub fn head(&self) -> Result<String> {
        Ok(self.git(&["rev-parse", "HEAD"])?.trim().to_string())
    }

    fn git(&self, args: &[&str]) -> Result<String> {
        Cmd::new("git")
            .args(["-c", "commit.gpgsign=false", "-c", "core.hooksPath=/dev/null"])
            .args(args)
            .dir(&self.dir)
            .ok()
    }

    /// The image that a deploy of `version` uses.
    pub fn image(&self, version: &str) -> String {
        registry::image(&self.service, version)
    }
}
