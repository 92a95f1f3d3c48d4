//! `windlass status`: what is in service, the lock, the last deploys.

use serde_json::json;

use crate::deploy::history::Record;
use crate::deploy::standing::Standing;
use crate::lock::Details;

use super::{Failure, Operation, Shell};

/// Deploys that are shown of each host.
const SHOWN: usize = 5;

/// Looks at all hosts at once and prints what it finds.
pub fn run(shell: &Shell) -> Result<(), Failure> {
    let workspace = shell.workspace()?;
    let operation = Operation { prints: true, ..Operation::new("status") };
    let status = shell.ask(&workspace, &operation, async |run| run.status().await)?;
    let as_json = shell.globals.json;
    for one in &status.standing {
        shell.output.result(&standing(one, as_json));
    }
    if let Some(by) = &status.lock {
        shell.output.result(&lock(by, as_json));
    }
    for (host, records) in &status.history {
        for record in records.iter().take(SHOWN) {
            shell.output.result(&past(host, record, as_json));
        }
    }
    Ok(())
}

fn standing(Standing { host, role, version }: &Standing, as_json: bool) -> String {
    let version = if version.is_empty() { "nothing" } else { version };
    match as_json {
        true => json!({"host": host, "role": role, "version": version}).to_string(),
        false => format!("{host}  {role}: {version}"),
    }
}

fn lock(by: &Details, as_json: bool) -> String {
    let (id, owner, since) = (by.id(), by.owner(), by.since());
    match as_json {
        true => {
            json!({"lock": id, "owner": owner, "since": since, "message": by.message()}).to_string()
        }
        false => format!("lock  {owner} since {since} (lock {id})"),
    }
}

fn past(host: &str, record: &Record, as_json: bool) -> String {
    let Record { version, role, run, outcome, .. } = record;
    match as_json {
        true => json!({"host": host, "history": record}).to_string(),
        false => {
            format!("{host}  {role}: {version} {outcome} (run {})", run.get(..8).unwrap_or(run))
        }
    }
}
