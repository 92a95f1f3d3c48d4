//! One command, one file; this one finds out which.

mod apply;
mod audit;
mod config;
mod deploy;
mod docs;
mod envify;
mod everywhere;
mod init;
mod lock;
mod plan;
mod rollback;
mod status;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::future::Future;
use std::path::Path;
use std::process::ExitCode;

use clap::ArgMatches;
use tokio::runtime::Runtime;

use crate::deploy::remote::Remote;
use crate::deploy::{Run, RunError};
use crate::local::{self, Here};
use crate::plugin::{DefaultVersion, Loader};

use super::args::Globals;
use super::failure::Failure;
use super::nouns;
use super::operate::{self, Operation, operate};
use super::output::Output;
use super::stream::Stream;
use super::workspace::{self, Workspace, plugin_loader};

/// What every command is given.
pub struct Cli<'a> {
    pub globals: Globals,
    pub env: BTreeMap<String, String>,
    pub output: Output,
    pub plugins: Loader,
    runtime: &'a dyn Fn() -> std::io::Result<Runtime>,
}

impl Cli<'_> {
    /// Runs what needs connections or processes.
    pub fn block<T>(&self, future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        (self.runtime)()?.block_on(future)
    }

    /// Connects for an operation, asks its hosts for something, and ends the connections.
    fn ask<T>(
        &self,
        workspace: &Workspace,
        operation: &Operation<'_>,
        ask: impl AsyncFnOnce(&Run<Remote>) -> Result<T, RunError>,
    ) -> Result<T, Failure> {
        self.block(async {
            let ready = operate::ready(workspace, operation, &self.globals, &self.output).await?;
            let answer = ask(&ready.run).await;
            ready.close().await;
            answer.map_err(|error| workspace::place(error, workspace))
        })
    }

    /// The project, with the version that git gives if no option does.
    pub fn workspace(&self) -> Result<Workspace, Failure> {
        self.open(&self.globals)
    }

    /// The project as other options than those of the command line want it.
    fn open(&self, globals: &Globals) -> Result<Workspace, Failure> {
        let cache = workspace::cache_directory(&self.env);
        let directory = Path::new(workspace::DIRECTORY);
        let here = self.block(async { Ok(Here::look(directory, cache).await) })?;
        let command = |line: &str, env: &BTreeMap<String, String>| {
            self.block(async { Ok(local::shell(line, env).await?) })
        };
        workspace::open(globals, &self.env, &self.output, &self.plugins, here, &command)
    }

    /// The project, for a command that starts a version and so must know which.
    pub fn workspace_with_version(&self) -> Result<Workspace, Failure> {
        let workspace = self.workspace()?;
        if workspace.request.version.is_empty() {
            return Err(Failure::with_help(
                "there is no version to deploy: this directory is not a git repository with a commit",
                "commit your work, or pass --version VERSION",
            ));
        }
        Ok(workspace)
    }
}

/// Parses the words, runs the command and says why it failed, if it did.
pub fn dispatch(
    words: Vec<OsString>,
    env: BTreeMap<String, String>,
    runtime: &dyn Fn() -> std::io::Result<Runtime>,
) -> ExitCode {
    // The version needs no plugin and no terminal.
    if words.get(1).is_some_and(|word| word == "version") {
        let stdout = Stream::new(std::io::stdout());
        let read = stdout.print(concat!(env!("CARGO_PKG_VERSION"), "\n"));
        return if read { ExitCode::SUCCESS } else { ExitCode::from(Failure::CutOff.code()) };
    }
    // Wrong words give no options; this one also says how the error about them is wanted.
    let json = words.iter().take_while(|word| *word != "--").any(|word| word == "--json");
    let matches = match parse(words, &env) {
        Ok(matches) => matches,
        Err(failure) => return Output::new(&Globals { json, ..Globals::default() }).fail(failure),
    };
    let globals = deepest(&matches, Globals::read);
    let output = Output::new(&globals);
    let plugins = plugin_loader(&env, Some(&output));
    let cli = Cli { globals, env, output, plugins, runtime };
    let done = run(&cli, &matches);
    // A failure of another kind is told as such.
    let cut_off = cli.output.is_cut_off() && (done.is_ok() || cli.output.has_stopped());
    match done {
        _ if cut_off => cli.output.fail(Failure::CutOff),
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => cli.output.fail(failure),
    }
}

fn parse(words: Vec<OsString>, env: &BTreeMap<String, String>) -> Result<ArgMatches, Failure> {
    let nouns = nouns::in_use(&words, env, &plugin_loader(env, None))?;
    let described: Vec<_> = nouns.iter().map(|plugin| plugin.description()).collect();
    // `-h` means hosts after a command, and help as the first word.
    let words = words.into_iter().enumerate().map(|(i, word)| {
        if i == 1 && (word == "-h" || word == "help") { OsString::from("--help") } else { word }
    });
    Ok(nouns::command(&described).try_get_matches_from(words)?)
}

fn run(cli: &Cli, matches: &ArgMatches) -> Result<(), Failure> {
    match matches.subcommand() {
        Some(("init", _)) => init::run(cli),
        Some((name @ ("setup" | "deploy" | "redeploy"), m)) => deploy::run(cli, name, m),
        Some(("rollback", m)) => rollback::run(cli, m),
        Some(("plan", m)) => plan::run(cli, m),
        Some(("apply", m)) => apply::run(cli, m),
        Some(("lock", m)) => lock::run(cli, m),
        Some(("details", _)) => everywhere::details(cli),
        Some(("remove", _)) => everywhere::remove(cli),
        Some(("audit", _)) => audit::run(cli),
        Some(("status", _)) => status::run(cli),
        Some(("envify", m)) => envify::run(cli, m),
        Some(("docs", m)) => docs::run(cli, m),
        Some(("config", _)) => config::run(cli),
        Some((noun, m)) => plugin_command(cli, noun, m),
        None => Ok(()),
    }
}

/// Reads options where the last word of the command stands: clap hands global ones down.
fn deepest<T>(matches: &ArgMatches, read: impl Fn(&ArgMatches) -> T) -> T {
    let mut matches = matches;
    while let Some((_, below)) = matches.subcommand() {
        matches = below;
    }
    read(matches)
}

/// A command that a plugin brings.
fn plugin_command(cli: &Cli, noun: &str, matches: &ArgMatches) -> Result<(), Failure> {
    let (name, matches) = match matches.subcommand() {
        Some((verb, below)) => (format!("{noun} {verb}"), below),
        None => (noun.to_string(), matches),
    };
    let workspace = cli.workspace()?;
    let missing = || Failure::new(format!("no plugin of this project provides `{name}`"));
    let (_, spec) = workspace.crew.command(&name).ok_or_else(missing)?;
    let mut arguments = nouns::arguments(spec, matches);
    // That one was asked for, beside which one is meant.
    if let Some(version) = &cli.globals.version {
        arguments["version"] = version.as_str().into();
    }
    if let Some(question) = &spec.confirm
        && !cli.globals.yes
    {
        confirm(question)?;
    }
    let prints = spec.prints;
    let in_service = spec.version == DefaultVersion::InService;
    let aims = spec.aims.clone();
    let operation = Operation { aims, arguments, prints, in_service, ..Operation::new(&name) };
    cli.block(operate(&workspace, operation, &cli.globals, &cli.output))
}

/// Asks at the terminal. Anything but `y` is no; without a terminal it says what to type.
pub fn confirm(question: &str) -> Result<(), Failure> {
    use std::io::{BufRead as _, IsTerminal as _};
    if !std::io::stdin().is_terminal() {
        return Err(Failure::with_help(format!("this asks: {question}"), "pass -y to say yes"));
    }
    Stream::new(std::io::stderr()).print(&format!("{question} [y/N] "));
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    if answer.trim() == "y" { Ok(()) } else { Err(Failure::new("not confirmed; nothing was done")) }
}
