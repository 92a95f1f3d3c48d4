//! Plugins: pure WebAssembly components that decide what is done; this room runs them and
//! believes nothing they say before it is checked.
//!
//! | file | what is in it |
//! |---|---|
//! | `loader`, `engine` | [`Loader`]: loading; what compiles and links |
//! | `loaded`, `kinds` | [`Plugin`]: the functions of the contract, with checked answers |
//! | `guest` | one component: compile, link, call |
//! | `limits`, `ticker` | memory, time and size of a call |
//! | `source`, `kind`, `shape` | bundled or file; what its type says before it is compiled |
//! | `cache` | descriptions and compiled code between runs |
//! | `describe`, `verify`, `verify_steps`, `verify_texts`, `url`, `walk` | checks of answers |
//! | `grant`, `handed`, `links` | what the user allowed, and what came with the call |
//! | `error` | [`PluginError`] |
//! | `contract` | one adapter for each released package of the contract |
//!
//! All calls are synchronous and compute only; they take microseconds to milliseconds, the
//! first one after an update a second, for compiling.

mod cache;
mod contract;
mod describe;
mod engine;
mod error;
mod grant;
mod guest;
mod handed;
mod kind;
mod kinds;
mod limits;
mod links;
mod loaded;
mod loader;
mod shape;
mod source;
#[cfg(test)]
mod tests;
mod ticker;
mod url;
mod verify;
mod verify_steps;
mod verify_texts;
mod walk;

pub use contract::{
    Answer, Argument, CommandSpec, DefaultVersion, Description, Flag, ForeignKey, HookInfo,
    InService, Kept, Lowered, LoweredCommand, LoweredQuery, LoweredWait, Ownership, Rollout, Scope,
};
pub use error::{Fault, PluginError};
pub use grant::Violation;
pub use kind::Kind;
pub use limits::{Limits, LogSink};
pub use loaded::Plugin;
pub use loader::{Loader, LoaderOptions};
pub use source::{Source, bundled};
