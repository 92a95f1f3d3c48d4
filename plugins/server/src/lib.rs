//! The servers themselves: Docker on them, the run directory, and commands that somebody types.

mod bootstrap;
pub mod commands;
#[cfg(target_arch = "wasm32")]
mod component;
pub mod describe;
mod exec;
