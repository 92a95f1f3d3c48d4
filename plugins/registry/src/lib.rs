//! The container registry: where the image is pushed to and pulled from, and how to log in.

pub mod check;
#[cfg(target_arch = "wasm32")]
mod component;
pub mod describe;
pub mod settings;
pub mod steps;
