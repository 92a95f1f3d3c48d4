//! What authors of Windlass plugins in Rust build on: the types of `wit/`, generated once,
//! and constructors for the records that every plugin makes.
//!
//! A plugin generates the bindings of its own world with the types of this crate, in a module
//! that is compiled for wasm alone: its logic is unit-tested natively, and what the bindings
//! cost the compiler is paid once.
//!
//! ```text
//! wit_bindgen::generate!({
//!     path: "../../wit",
//!     world: "windlass:plugin/proxy-plugin@0.1.0",
//!     with: {
//!         "windlass:plugin/types@0.1.0": windlass_sdk::types,
//!         "windlass:plugin/composition@0.1.0": windlass_sdk::composition,
//!         "windlass:plugin/description@0.1.0": windlass_sdk::description,
//!         "windlass:plugin/log@0.1.0": windlass_sdk::log,
//!     },
//! });
//! struct Plugin;
//! impl exports::windlass::plugin::lifecycle::Guest for Plugin { … }
//! impl exports::windlass::plugin::proxy::Guest for Plugin { … }
//! export!(Plugin);
//! ```

pub mod arguments;
mod bindings;
pub mod containers;
pub mod describe;
pub mod env;
pub mod env_files;
pub mod names;
pub mod run_options;
pub mod scalar;
pub mod shell;
pub mod steps;
pub mod testing;
pub mod texts;

pub use bindings::{composition, description, log, lowering, types};
