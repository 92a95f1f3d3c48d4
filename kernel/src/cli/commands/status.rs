//! `windlass status`: what is in service, the lock, the last deploys.

use serde_json::json;

use crate::deploy::hosts::{Entry, Hosts as _};
use crate::lock::Details;

use super::super::operate;
use super::{Failure, Operation, Shell};

/// Deploys that are shown of each host.
const SHOWN: usize = 5;

/// Looks at every host and prints what it finds.
pub fn run(shell: &Shell) -> Result<(), Failure> {
    let workspace = shell.workspace()?;
    let operation = Operation { prints: true, ..Operation::new("standing") };
    shell.block(async {
        let ready = operate::ready(&workspace, &operation, &shell.globals, &shell.output).await?;
        let shown = async {
            for standing in ready.run.versions().await? {
                let version = if standing.version.is_empty() { "nothing" } else { &standing.version };
                if shell.globals.json {
                    shell.output.result(&json!({"host": standing.host, "role": standing.role, "version": standing.version}).to_string());
                } else {
                    shell.output.result(&format!("{}  {}: {version}", standing.host, standing.role));
                }
            }
            let primary = &workspace.brief.project.primary_host;
            for host in &workspace.brief.hosts {
                let look = ready.run.hosts.look(host, Entry::default(), Vec::new()).await?;
                let facts = look.facts.unwrap_or_default();
                if let (true, Some(lock)) = (host == primary, &facts.lock) {
                    let by = Details::decode(lock);
                    shell.output.result(&match shell.globals.json {
                        true => json!({"lock": by.id(), "owner": by.owner(), "since": by.since(), "message": by.message()}).to_string(),
                        false => format!("lock  {} since {} (lock {})", by.owner(), by.since(), by.id()),
                    });
                }
                for line in facts.history.iter().rev().take(SHOWN) {
                    shell.output.result(&past(host, line, shell.globals.json));
                }
            }
            Ok::<(), Failure>(())
        }
        .await;
        ready.close().await;
        shown
    })
}

/// A line of a host's history: version, role, image, run and outcome, separated by tabs.
fn past(host: &str, line: &str, as_json: bool) -> String {
    let mut fields = line.split('\t');
    let mut field = || fields.next().unwrap_or_default();
    let (version, role, image, run, outcome) = (field(), field(), field(), field(), field());
    if as_json {
        return json!({"host": host, "history": {
            "version": version, "role": role, "image": image, "run": run, "outcome": outcome,
        }})
        .to_string();
    }
    format!("{host}  {role}: {version} {outcome} (run {})", run.get(..8).unwrap_or(run))
}
