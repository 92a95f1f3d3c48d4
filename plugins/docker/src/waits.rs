//! Waiting for a container: one line of `docker container inspect`, and what its first word
//! means. A changed restart count or start time makes the line another one, so that only a
//! container that stays up counts as steady.

use windlass_sdk::types::{ContainerCondition, ContainerWait, LoweredWait};

use crate::draft::Draft;
use crate::template;

/// The words of a container that will not come up any more. One that is merely `unhealthy`
/// may, as may one that is `restarting` for the first time.
const LOST: [&str; 5] = ["exited", "dead", "removing", "crash-looping", "gone"];

/// The words of a container that serves nobody.
const OUT: [&str; 6] = ["unhealthy", "exited", "dead", "created", "crash-looping", "gone"];

/// The command to ask, and the words that decide.
pub fn lower(wait: &ContainerWait) -> Result<LoweredWait, String> {
    let format = format!("{} {{{{.RestartCount}}}} {{{{.State.StartedAt}}}}", template::STATE);
    let command = Draft::docker(&["container", "inspect", "--format", &format])
        .operand(&wait.container)?
        .done()?;
    let list = |words: &[&str]| words.iter().map(ToString::to_string).collect();
    let (accept, reject, steady) = match wait.until {
        ContainerCondition::Ready => (list(&["healthy"]), list(&LOST), list(&["running"])),
        ContainerCondition::OutOfService => (list(&OUT), Vec::new(), Vec::new()),
    };
    Ok(LoweredWait { argv: command.argv, accept, reject, steady })
}
