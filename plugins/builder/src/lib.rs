//! The builder: builds the image of what is committed, pushes it, and pulls it on the hosts.
//!
//! The engine of this machine builds for its own architecture. What it cannot do alone (several
//! architectures, other machines, caches, secrets) is done by buildx.

mod buildx;
pub mod check;
mod clone;
#[cfg(target_arch = "wasm32")]
mod component;
pub mod describe;
mod driver;
mod machine;
pub mod settings;
mod source;
pub mod steps;
