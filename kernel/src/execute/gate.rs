//! The gate: other roles go on only when a first container of the primary role is good.

use tokio::sync::watch;

/// How the gate was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Open,
    Closed,
}

/// One decision for all hosts of a run. Opened by the first primary host that is good;
/// closed when the last one has failed. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Gate {
    state: watch::Sender<(usize, Option<Verdict>)>,
}

impl Gate {
    /// A gate that waits for `primaries` hosts; open at once if there are none.
    pub fn new(primaries: usize) -> Self {
        let verdict = (primaries == 0).then_some(Verdict::Open);
        Self { state: watch::Sender::new((primaries, verdict)) }
    }

    /// A primary host reports, exactly once, on every exit path.
    pub fn report(&self, good: bool) {
        self.state.send_modify(|(waiting, verdict)| {
            *waiting = waiting.saturating_sub(1);
            if verdict.is_none() {
                if good {
                    *verdict = Some(Verdict::Open);
                } else if *waiting == 0 {
                    *verdict = Some(Verdict::Closed);
                }
            }
        });
    }

    /// Waits for the decision. Bounded by the primary hosts' own time limits: each reports.
    pub async fn wait(&self) -> Verdict {
        let mut state = self.state.subscribe();
        let decided = state.wait_for(|(_, verdict)| verdict.is_some()).await;
        decided.ok().and_then(|state| state.1).unwrap_or(Verdict::Closed)
    }
}

/// Reports to the gate when dropped, unless it did before: no exit path leaves it undecided.
#[derive(Debug)]
pub struct Ticket {
    gate: Option<Gate>,
}

impl Ticket {
    /// A ticket of one primary host.
    pub fn new(gate: Gate) -> Self {
        Self { gate: Some(gate) }
    }

    /// The host's report.
    pub fn report(mut self, good: bool) {
        if let Some(gate) = self.gate.take() {
            gate.report(good);
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if let Some(gate) = self.gate.take() {
            gate.report(false);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn opens_with_the_first_good_host_and_closes_with_the_last_bad_one() {
        let gate = Gate::new(2);
        Ticket::new(gate.clone()).report(false);
        Ticket::new(gate.clone()).report(true);
        assert_eq!(gate.wait().await, Verdict::Open);

        let gate = Gate::new(2);
        drop(Ticket::new(gate.clone()));
        Ticket::new(gate.clone()).report(false);
        assert_eq!(gate.wait().await, Verdict::Closed);
        assert_eq!(Gate::new(0).wait().await, Verdict::Open);
    }
}
