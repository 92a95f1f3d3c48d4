//! The environment of the app's containers: clear values as they are in deploy.yml, secrets
//! from files on the hosts that `env push` wrote.

pub mod check;
#[cfg(target_arch = "wasm32")]
mod component;
pub mod contribute;
pub mod describe;
pub mod files;
pub mod schema;
mod settings;
pub mod steps;

#[cfg(test)]
mod tests;
