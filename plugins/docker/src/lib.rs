//! The Docker engine: lowers container actions, waits and questions to argv of `docker`, and
//! parses what they print. Works with clients and engines from 20.10 on.

pub mod actions;
pub mod answers;
mod draft;
pub mod queries;
mod run;
mod template;
mod time;
pub mod waits;

#[cfg(test)]
mod tests;

use windlass_sdk::names::CLIENT_VARIABLES;
use windlass_sdk::types::{
    Answer, Capability, CommandScope, ContainerAction, ContainerFact, ContainerQuery,
    ContainerWait, Description, Lowered, LoweredQuery, LoweredWait,
};
use windlass_sdk::{Engine, Plugin, describe};

struct Docker;

impl Plugin for Docker {
    fn describe() -> Description {
        let about = "Runs containers with the docker command line (20.10 or newer)";
        let commands = |words: &[&str]| {
            let argv = describe::exact(words.iter().copied());
            Capability::Commands(CommandScope { argv, read_only: false })
        };
        Description {
            // `mkdir` makes the parent of a directory that is copied out of an image.
            capabilities: vec![commands(&["docker"]), commands(&["mkdir", "-p"])],
            ..describe::plugin("docker", env!("CARGO_PKG_VERSION"), about)
        }
    }
}

impl Engine for Docker {
    fn lower(action: &ContainerAction) -> Result<Lowered, String> {
        actions::lower(action)
    }
    fn lower_wait(wait: &ContainerWait) -> Result<LoweredWait, String> {
        waits::lower(wait)
    }
    fn lower_query(query: &ContainerQuery) -> Result<LoweredQuery, String> {
        queries::lower(query)
    }
    fn read_answer(answer: &Answer) -> Result<ContainerFact, String> {
        answers::read(answer)
    }
    fn client_variables() -> Vec<String> {
        CLIENT_VARIABLES.iter().map(ToString::to_string).collect()
    }
}

windlass_sdk::export!(engine: Docker);
