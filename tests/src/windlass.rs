//! The product, run as a user runs it: a program in a project directory, with an
//! environment that holds only what it needs.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::fleet::Fleet;
use crate::paths;
use crate::process::{Cmd, Output, Running};
use crate::project::Project;

/// How to run it.
#[derive(Debug, Clone)]
pub struct Windlass {
    bin: PathBuf,
    dir: PathBuf,
    env: Vec<(String, OsString)>,
    limit: Duration,
}

impl Windlass {
    /// Runs in the project's directory, with a HOME of the project's own and the
    /// fleet's `ssh` first in PATH.
    pub fn new(fleet: &Fleet, project: &Project) -> Result<Self> {
        let bin = binary()?;
        let home = Self::home(project)?;
        fs::create_dir_all(&home).with_context(|| format!("cannot create {}", home.display()))?;
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path =
            std::env::join_paths([fleet.ssh.bin()].into_iter().chain(std::env::split_paths(&path)))
                .context("the fleet's directory cannot be part of PATH")?;
        let mut env: Vec<(String, OsString)> = vec![
            ("PATH".into(), path),
            ("HOME".into(), home.into()),
            // Compiled plugins are shared between projects, as on a user's machine.
            ("XDG_CACHE_HOME".into(), paths::state_dir("cache")?.into()),
            ("LANG".into(), "C.UTF-8".into()),
            ("USER".into(), "fleet".into()),
            ("NO_COLOR".into(), "1".into()),
        ];
        // Without these it could not find the engine that the fleet runs on.
        for name in ["DOCKER_HOST", "DOCKER_CONTEXT"] {
            env.extend(std::env::var_os(name).map(|value| (name.to_string(), value)));
        }
        Ok(Self { bin, dir: project.dir.clone(), env, limit: Duration::from_secs(180) })
    }

    /// Its HOME, where docker keeps the logins of this machine.
    pub fn home(project: &Project) -> Result<PathBuf> {
        Ok(paths::state_dir("homes")?.join(&project.service))
    }

    /// Another build of it.
    pub fn binary(mut self, bin: PathBuf) -> Self {
        self.bin = bin;
        self
    }

    /// `hyperfine` with these options over commands of it.
    pub fn timed(&self, options: &[&str], commands: &[&str]) -> Cmd {
        let lines = commands.iter().map(|words| format!("{} {words}", self.bin.display()));
        self.with_surroundings(Cmd::new("hyperfine").args(options).args(lines))
    }

    /// Adds an environment variable.
    pub fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.env.retain(|(known, _)| known != name);
        self.env.push((name.into(), value.into()));
        self
    }

    /// Ended after this time; 180 s if not set.
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// The command, for what is not offered here (stdin, a terminal, a tracer).
    pub fn cmd(&self, args: &[&str]) -> Cmd {
        self.with_surroundings(Cmd::new(&self.bin).args(args))
    }

    /// The same under another program, such as the words of [`crate::trace::wrapper`].
    pub fn cmd_under(&self, wrapper: &[String], args: &[&str]) -> Cmd {
        let mut words = wrapper.iter().map(OsString::from).chain([self.bin.clone().into()]);
        let program = words.next().unwrap_or_else(|| self.bin.clone().into());
        self.with_surroundings(Cmd::new(program).args(words).args(args))
    }

    /// Runs it to its end, whatever its exit code.
    pub fn run(&self, args: &[&str]) -> Result<Output> {
        self.cmd(args).output()
    }

    /// Runs it and insists on exit code 0; the error shows all that was printed.
    pub fn ok(&self, args: &[&str]) -> Result<Output> {
        let output = self.run(args)?;
        if !output.success() {
            bail!(
                "`windlass {}` ended with {:?}:\n{}",
                args.join(" "),
                output.code,
                output.all().trim_end()
            );
        }
        Ok(output)
    }

    /// Runs it and insists on failure.
    pub fn fails(&self, args: &[&str]) -> Result<Output> {
        let output = self.run(args)?;
        if output.success() {
            bail!("`windlass {}` should have failed:\n{}", args.join(" "), output.all());
        }
        Ok(output)
    }

    /// Starts it, to be watched, signalled or killed.
    pub fn start(&self, args: &[&str]) -> Result<Running> {
        self.cmd(args).start()
    }

    fn with_surroundings(&self, cmd: Cmd) -> Cmd {
        let cmd = cmd.dir(&self.dir).clear_env().limit(self.limit);
        self.env.iter().fold(cmd, |cmd, (name, value)| cmd.env(name, value))
    }

    /// Writes `./windlass` into the project, which runs the product with the same environment, for
    /// a person who wants to look around.
    pub fn write_launcher(&self) -> Result<()> {
        let path = self.dir.join("windlass");
        fs::write(&path, self.as_script())
            .with_context(|| format!("cannot write {}", path.display()))?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755))
            .with_context(|| format!("cannot make {} executable", path.display()))
    }

    fn as_script(&self) -> String {
        let mut text = String::from("#!/bin/sh\n# The product with the fleet's SSH settings.\n");
        let quote = |value: &std::ffi::OsStr| {
            let value = value.to_string_lossy();
            shlex::try_quote(&value).map_or_else(|_| value.to_string(), |text| text.into_owned())
        };
        for (name, value) in self.env.iter().filter(|(name, _)| name != "NO_COLOR") {
            text.push_str(&format!("export {name}={}\n", quote(value)));
        }
        text.push_str(&format!("exec {} \"$@\"\n", quote(self.bin.as_os_str())));
        text
    }
}

/// The program under test.
pub fn binary() -> Result<PathBuf> {
    let bin = std::env::var_os("WINDLASS_BIN")
        .map_or_else(|| paths::cargo_target().join("debug/windlass"), PathBuf::from);
    if !bin.is_file() {
        bail!("{} does not exist; build it with `cargo build`", bin.display());
    }
    Ok(bin)
}
