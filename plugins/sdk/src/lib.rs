//! What authors of Windlass plugins in Rust build on: the types of `wit/`, a trait for each kind
//! of plugin, and constructors for the records that every plugin makes.
//!
//! ```
//! use windlass_sdk::types::{Context, Description, Observation, Phase, Step};
//! use windlass_sdk::{Plugin, describe, steps};
//!
//! struct Greeter;
//!
//! impl Plugin for Greeter {
//!     fn describe() -> Description {
//!         Description {
//!             commands: vec![describe::command("greet", "hello", "Say hello").reading()],
//!             ..describe::plugin("greeter", env!("CARGO_PKG_VERSION"), "Greets people")
//!         }
//!     }
//!
//!     fn plan(context: &Context, _: &[Observation]) -> Result<Vec<Step>, windlass_sdk::Problems> {
//!         if !context.is("greet hello") {
//!             return Ok(Vec::new());
//!         }
//!         let title = "Say hello".to_string();
//!         let hello = steps::say("hello");
//!         Ok(vec![steps::step("hello", &context.primary_host, Phase::Start, title, hello)])
//!     }
//! }
//!
//! windlass_sdk::export!(step: Greeter);
//! ```
//!
//! [`implement!`] implements a trait by functions of other files.
//!
//! The crate is a `cdylib`, compiled for `wasm32-unknown-unknown`; an encoder of components
//! makes a plugin of the module: `wasm-tools component new greeter.wasm -o greeter.component.wasm`.
//! Its logic is unit-tested natively.

pub mod arguments;
pub mod containers;
mod context;
pub mod describe;
pub mod env;
pub mod env_files;
mod export;
#[cfg(target_arch = "wasm32")]
mod guest;
mod implement;
pub mod log;
pub mod names;
mod plugin;
pub mod run_options;
pub mod scalar;
pub mod shell;
pub mod steps;
pub mod testing;
pub mod texts;
pub mod types;
pub mod wit;

pub use plugin::{All, Engine, Env, Plugin, Problems, Proxy, Registry, Role, all, joined};
