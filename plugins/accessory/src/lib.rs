//! Accessories: databases, caches and the like, one container each, beside the app and with
//! a life of their own. A deploy leaves them alone.

pub mod check;
pub mod commands;
#[cfg(target_arch = "wasm32")]
mod component;
mod container;
pub mod describe;
mod exec;
mod files;
mod logs;
pub mod observe;
mod remove;
mod rollout;
mod settings;

#[cfg(test)]
mod tests;
