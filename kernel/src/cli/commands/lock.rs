//! `windlass lock status|acquire|release`.

use clap::ArgMatches;
use serde_json::{Value, json};

use crate::deploy::hosts::{Acquire, Hosts as _};
use crate::lock::{Details, LockAnswer, script};
use crate::model::diagnostic::{Diagnostic, Kind};
use crate::model::paths::Paths;

use super::super::operate::{self, Ready};
use super::super::view::View;
use super::{Cli, Failure, Operation, confirm};

/// Shows, takes or gives back the deploy lock on the primary host.
pub fn run(cli: &Cli<'_>, matches: &ArgMatches) -> Result<(), Failure> {
    let mut workspace = cli.workspace()?;
    let primary = workspace.request.project.primary_host.clone();
    workspace.request.hosts = vec![primary.clone()];
    let (verb, matches) = matches.subcommand().expect("clap requires a verb");
    let name = format!("lock {verb}");
    let operation = Operation::new(&name);
    cli.block(async {
        let ready = operate::ready(&workspace, &operation, &cli.globals, &cli.output).await?;
        let done = match verb {
            "acquire" => acquire(cli, &ready, &primary, matches).await,
            "release" => release(cli, &ready, &primary, matches).await,
            _ => status(cli, &ready, &primary).await,
        };
        ready.close().await;
        done
    })
}

fn paths(ready: &Ready) -> Paths {
    let project = &ready.run.request.project;
    Paths::new(&project.run_directory, &project.service, project.destination.as_deref())
}

/// The lock's details and the seconds that its lease still has.
struct Held(Option<(Details, Option<i64>)>);

async fn held(ready: &Ready, primary: &str) -> Result<Held, Failure> {
    let look = ready.run.hosts.look(primary, Acquire::default(), Vec::new()).await?;
    let facts = look.facts.unwrap_or_default();
    Ok(Held(facts.lock.map(|lock| (Details::decode(&lock), facts.lease))))
}

async fn status(cli: &Cli<'_>, ready: &Ready, primary: &str) -> Result<(), Failure> {
    let held = held(ready, primary).await?;
    cli.output.show(&held);
    Ok(())
}

impl View for Held {
    fn human(&self) -> String {
        let Some((by, lease)) = &self.0 else { return "There is no deploy lock.".into() };
        let lease = match lease {
            None => "none: it stays until it is released".to_string(),
            Some(left) if *left > 0 => format!("{left} s left"),
            Some(_) => "ended: the next deploy takes it over".to_string(),
        };
        format!("{}\nLock id: {}\nLease: {lease}", by.text, by.id())
    }

    fn json(&self) -> Value {
        let value = self.0.as_ref().map(|(by, lease)| {
            json!({"owner": by.owner(), "since": by.since(), "version": by.version(),
                   "message": by.message(), "id": by.id(), "lease_seconds": lease})
        });
        json!({ "lock": value })
    }
}

async fn acquire(
    cli: &Cli<'_>,
    ready: &Ready,
    primary: &str,
    matches: &ArgMatches,
) -> Result<(), Failure> {
    let message = matches.get_one::<String>("message").expect("clap requires it");
    let settings = &ready.run.settings;
    let details = Details::new(&settings.owner, &settings.now, &ready.run.request.version, message);
    let part = script::acquire_by_hand(&paths(ready), &details);
    match said(ready, primary, &part).await? {
        Some(LockAnswer::Acquired { .. }) => {
            cli.output.say(&format!(
                "The lock is taken (lock {}). Give it back with: windlass lock release {}",
                details.id(),
                details.id()
            ));
            Ok(())
        }
        Some(LockAnswer::Held { by, .. }) => Err(Failure::with_help(
            format!(
                "the lock is held by {} since {}: {} (lock {})",
                by.owner(),
                by.since(),
                by.message(),
                by.id()
            ),
            format!("windlass lock release {}", by.id()),
        )),
        _ => {
            let message = format!("{primary} did not say whether the lock was taken");
            Err(Diagnostic::new(Kind::Host, message).about(primary).into())
        }
    }
}

async fn release(
    cli: &Cli<'_>,
    ready: &Ready,
    primary: &str,
    matches: &ArgMatches,
) -> Result<(), Failure> {
    let Held(Some((by, _))) = held(ready, primary).await? else {
        cli.output.say("There is no deploy lock.");
        return Ok(());
    };
    match matches.get_one::<String>("ID") {
        Some(id) if *id != by.id() => {
            return Err(Failure::with_help(
                format!(
                    "the lock is a different one: {} of {} since {}",
                    by.id(),
                    by.owner(),
                    by.since()
                ),
                format!("windlass lock release {}", by.id()),
            ));
        }
        Some(_) => {}
        None if cli.globals.yes => {}
        None => confirm(&format!(
            "Release the lock of {} since {} ({})?",
            by.owner(),
            by.since(),
            by.message()
        ))?,
    }
    let part = script::release_by_hand(&paths(ready), Some(&by));
    match said(ready, primary, &part).await? {
        Some(LockAnswer::Released | LockAnswer::Free) => {
            cli.output.say("The lock is released.");
            Ok(())
        }
        _ => Err(Failure::with_help("the lock has changed hands", "windlass lock status")),
    }
}

async fn said(ready: &Ready, primary: &str, part: &str) -> Result<Option<LockAnswer>, Failure> {
    let mut answer = None;
    ready
        .run
        .hosts
        .ask(primary, part, |words| answer = answer.take().or(LockAnswer::read(words)))
        .await?;
    Ok(answer)
}
