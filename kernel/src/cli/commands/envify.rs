//! `windlass envify`: secrets from a template into the file that every command reads.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use clap::ArgMatches;

use crate::config::load::{LoadOptions, from_disk, template};
use crate::local;
use crate::model::diagnostic::Kind;

use super::{Cli, Failure, Operation, operate};

/// Writes `.env` from `.env.erb`, then pushes env files unless told otherwise.
pub fn run(cli: &Cli, matches: &ArgMatches) -> Result<(), Failure> {
    if !write(cli)? {
        let (template, _) = names(cli);
        cli.output.say(&format!("There is no {}: nothing to do.", template.display()));
        return Ok(());
    }
    if matches.get_flag("skip-push") {
        return Ok(());
    }
    let workspace = cli.workspace()?;
    cli.block(operate(&workspace, Operation::new("envify"), &cli.globals, &cli.output))
}

/// Writes the file, if there is a template. The template sees the environment as it is, without
/// what an earlier file says.
pub fn write(cli: &Cli) -> Result<bool, Failure> {
    let (path, file) = names(cli);
    let command = |line: &str| cli.block(async { Ok(local::shell(line, &cli.env).await?) });
    let options = LoadOptions {
        path: &path,
        destination: None,
        version: None,
        env: &cli.env,
        read: &from_disk,
        foreign: &[],
        allow_commands: cli.globals.allow_commands,
        run: &|line| command(line).map_err(|failure| Box::new(failure.into_problem())),
    };
    let Some(text) = template(&options) else { return Ok(false) };
    let text = text.map_err(|found| Failure::Problems(found.problems, found.sources))?;
    keep(&file, &text)
        .map_err(|error| Failure::of(Kind::Io, format!("{}: {error}", file.display())))?;
    cli.output.say(&format!("Wrote {} from {}", file.display(), path.display()));
    Ok(true)
}

/// The template and the file: `.env.erb` and `.env`, or those of the destination.
fn names(cli: &Cli) -> (PathBuf, PathBuf) {
    let file = match &cli.globals.destination {
        Some(destination) => format!(".env.{destination}"),
        None => ".env".to_string(),
    };
    (format!("{file}.erb").into(), file.into())
}

/// Replaces the file in one moment; nobody else may read it.
fn keep(file: &Path, text: &str) -> std::io::Result<()> {
    let new = file.with_extension("windlass-new");
    let _ = std::fs::remove_file(&new);
    let mut to = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
    to.write_all(text.as_bytes())?;
    std::fs::rename(&new, file)
}
