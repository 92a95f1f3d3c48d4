//! What can go wrong with a plugin. Every error names the plugin and the call.

use std::time::Duration;

use super::grant::Violation;
use super::kind::Kind;
use crate::model::diagnostic::{self, Diagnostic};
use crate::model::wit::Problem;

/// A call to a plugin that gave no usable answer. The host lives on.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("the plugin `{plugin}` {fault}{}", place(.call, .fault))]
pub struct PluginError {
    /// The plugin's name, or the name it was asked for by if it could not say its own.
    pub plugin: String,
    /// The function of the contract: `plan`, `role.roll`; `load` before any was called.
    pub call: &'static str,
    pub fault: Fault,
}

impl From<PluginError> for Diagnostic {
    fn from(error: PluginError) -> Self {
        Self::new(diagnostic::Kind::Plugin, error.to_string())
    }
}

/// The calls in the text of an error: those of a fault that happened *in* a call.
fn place(call: &str, fault: &Fault) -> String {
    match fault {
        Fault::Problems(_) | Fault::Grant(_) => String::new(),
        _ if call == "load" => String::new(),
        Fault::ContractViolation(_) => format!(" (in its answer to `{call}`)"),
        _ => format!(" (in `{call}`)"),
    }
}

/// What a plugin did wrong, or found.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Fault {
    /// There is no such bundled plugin, or its file cannot be read.
    #[error("cannot be loaded: {0}")]
    Source(String),
    /// The bytes are no component that the engine accepts.
    #[error("is not a usable WebAssembly component: {0}")]
    NotAComponent(String),
    /// Built against another version of the contract.
    #[error(
        "speaks version {found} of the plugin contract; this Windlass speaks {supported}: {}",
        if newer(.found, .supported) { "update Windlass" } else { "update the plugin" }
    )]
    Contract { found: String, supported: String },
    /// It imports something that nobody offers.
    #[error(
        "imports `{0}`, which Windlass does not offer: a plugin may import \
         `windlass:plugin/log`, and `wasi:` interfaces as long as it does not call them"
    )]
    Import(String),
    /// It called a `wasi:` function; those exist only so that it can be linked.
    #[error(
        "called `{0}`: a plugin has no clock, randomness, environment, file or socket. \
         Remove what needs it, or stub WASI out when the component is built"
    )]
    Wasi(String),
    /// It crashed. `said` is the last thing it logged, such as the text of a panic.
    #[error("crashed: {message}{}{}", last_words(.said), frames(.backtrace))]
    Trap { message: String, backtrace: Vec<String>, said: Option<String> },
    #[error("gave no answer within {:.1} s of computing", .limit.as_secs_f64())]
    Time { limit: Duration },
    #[error("wanted more than {} MiB of memory", .limit >> 20)]
    Memory { limit: usize },
    #[error("gave an answer of more than {} MiB", .limit >> 20)]
    Size { limit: usize },
    /// It cannot do what it is used for.
    #[error("is of kind {is}; what is needed here is one of kind {needed}")]
    Kind { is: Kind, needed: Kind },
    /// Its answer breaks the contract.
    #[error("breaks the contract: {0}")]
    ContractViolation(String),
    /// It wants to do what the user did not grant.
    #[error("{0}")]
    Grant(Box<Violation>),
    /// Its own findings; never empty.
    #[error("found {}", problems(.0))]
    Problems(Vec<Problem>),
}

fn newer(found: &str, supported: &str) -> bool {
    let key = |text: &str| -> Vec<u64> {
        text.split(['.', '-', '+']).map_while(|part| part.parse().ok()).collect()
    };
    key(found) > key(supported)
}

fn last_words(said: &Option<String>) -> String {
    said.as_ref().map(|text| format!("; its last message: {text}")).unwrap_or_default()
}

fn frames(frames: &[String]) -> String {
    match frames {
        [] => String::new(),
        frames => format!("; at {}", frames.join(", from ")),
    }
}

fn problems(problems: &[Problem]) -> String {
    match problems {
        [only] => only.message.clone(),
        [first, rest @ ..] => format!("{} (and {} more)", first.message, rest.len()),
        [] => "nothing".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(call: &'static str, fault: Fault) -> String {
        PluginError { plugin: "caddy".to_owned(), call, fault }.to_string()
    }

    #[test]
    fn names_the_plugin_and_the_call() {
        assert_eq!(
            error("plan", Fault::Time { limit: Duration::from_secs(5) }),
            "the plugin `caddy` gave no answer within 5.0 s of computing (in `plan`)"
        );
        assert_eq!(
            error("plan", Fault::ContractViolation("two steps are called `a`".to_owned())),
            "the plugin `caddy` breaks the contract: two steps are called `a` \
             (in its answer to `plan`)"
        );
    }

    #[test]
    fn says_which_side_is_old() {
        let contract = |found: &str| {
            let (found, supported) = (found.to_owned(), "0.1.0".to_owned());
            error("load", Fault::Contract { found, supported })
        };
        assert!(contract("0.10.0").ends_with("update Windlass"));
        assert!(contract("0.0.9").ends_with("update the plugin"));
    }
}
