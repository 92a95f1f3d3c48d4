//! The audit logs of hosts: who did what there. Scripts write them; see [`crate::execute::Audit`].

use tokio::task::JoinSet;

use crate::ssh::quote;

use super::remote::Remote;
use super::{Run, RunError};

impl Run<Remote> {
    /// The last `count` lines of every host in play, which are all asked at once; in the order
    /// of deploy.yml.
    ///
    /// # Errors
    /// All hosts that could not be asked.
    pub async fn audit_logs(&self, count: usize) -> Result<Vec<(String, Vec<String>)>, RunError> {
        let log = quote(&self.audit().path);
        let part = format!(
            "if [ -r {log} ]; then tail -n {count} {log} | while IFS= read -r line; do ev line \"$line\"; done; fi\n"
        );
        let mut asked = JoinSet::new();
        for (place, host) in self.request.hosts.iter().cloned().enumerate() {
            let (hosts, part) = (self.hosts.clone(), part.clone());
            asked.spawn(async move {
                let mut lines = Vec::new();
                let done = hosts.ask(&host, &part, |words| lines.push(words[1..].join(" "))).await;
                (place, done.map(|()| (host, lines)))
            });
        }
        let mut answers = asked.join_all().await;
        answers.sort_by_key(|(place, _)| *place);
        let (mut logs, mut errors) = (Vec::new(), Vec::new());
        for (_, answer) in answers {
            match answer {
                Ok(log) => logs.push(log),
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() { Ok(logs) } else { Err(RunError::Hosts(errors)) }
    }
}
