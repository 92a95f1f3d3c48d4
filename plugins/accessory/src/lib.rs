//! Accessories: databases, caches and the like, one container each, beside the app and with
//! a life of their own. A deploy leaves them alone.

pub mod check;
pub mod commands;
mod container;
pub mod describe;
mod exec;
mod files;
mod logs;
pub mod observe;
mod remove;
mod rollout;
mod scope;
mod settings;
mod subject;

#[cfg(test)]
mod tests;

use check::check;
use commands::plan;
use describe::describe;
use observe::questions as observe;

struct Accessories;

windlass_sdk::implement!(Plugin for Accessories: describe, check, observe, plan);
windlass_sdk::export!(step: Accessories);
