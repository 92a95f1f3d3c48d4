//! The app plugin: groups of identical containers, as Kamal 1.9 runs them.

mod assets;
pub mod check;
mod cleanup;
pub mod commands;
#[cfg(target_arch = "wasm32")]
mod component;
pub mod describe;
mod exec;
mod health;
pub mod observe;
mod remove;
pub mod rollout;
mod settings;
mod spec;
mod standing;
mod start;
pub mod workloads;
