//! `windlass status`: what is in service, the lock, the last deploys.

use serde_json::{Value, json};

use crate::deploy::history::Record;
use crate::deploy::standing::Standing;
use crate::lock::Details;

use super::super::view::View;
use super::{Cli, Failure, Operation};

/// Deploys that are shown of each host.
const SHOWN: usize = 5;

/// Looks at all hosts at once and prints what it finds.
pub fn run(cli: &Cli) -> Result<(), Failure> {
    let workspace = cli.workspace()?;
    let operation = Operation { prints: true, ..Operation::new("status") };
    let status = cli.ask(&workspace, &operation, async |run| run.status().await)?;
    status.standing.iter().for_each(|standing| cli.output.show(standing));
    status.lock.iter().for_each(|by| cli.output.show(&Lock(by)));
    for (host, records) in &status.history {
        records.iter().take(SHOWN).for_each(|record| cli.output.show(&Past { host, record }));
    }
    Ok(())
}

impl View for Standing {
    fn human(&self) -> String {
        let Self { host, role, .. } = self;
        format!("{host}  {role}: {}", in_words(self))
    }

    fn json(&self) -> Value {
        json!({"host": self.host, "role": self.role, "version": in_words(self)})
    }
}

fn in_words(standing: &Standing) -> &str {
    if standing.version.is_empty() { "nothing" } else { &standing.version }
}

/// Who holds the deploy lock.
struct Lock<'a>(&'a Details);

impl View for Lock<'_> {
    fn human(&self) -> String {
        let by = self.0;
        format!("lock  {} since {} (lock {})", by.owner(), by.since(), by.id())
    }

    fn json(&self) -> Value {
        let by = self.0;
        json!({"lock": by.id(), "owner": by.owner(), "since": by.since(), "message": by.message()})
    }
}

/// A deploy of a role on a host.
struct Past<'a> {
    host: &'a str,
    record: &'a Record,
}

impl View for Past<'_> {
    fn human(&self) -> String {
        let Record { version, role, run, outcome, .. } = self.record;
        let run = run.get(..8).unwrap_or(run);
        format!("{}  {role}: {version} {outcome} (run {run})", self.host)
    }

    fn json(&self) -> Value {
        json!({"host": self.host, "history": self.record})
    }
}
