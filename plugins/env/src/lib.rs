//! The environment of the app's containers: clear values as they are in deploy.yml, secrets
//! from files on the hosts that `env push` wrote.

pub mod check;
pub mod contribute;
pub mod describe;
pub mod files;
pub mod schema;
mod settings;
pub mod steps;

#[cfg(test)]
mod tests;

use check::check;
use contribute::contribute;
use describe::describe;
use files::questions as observe;
use steps::plan;

struct Environment;

windlass_sdk::implement!(Plugin for Environment: describe, check, observe, plan);
windlass_sdk::implement!(Env for Environment: contribute);
windlass_sdk::export!(env: Environment);
