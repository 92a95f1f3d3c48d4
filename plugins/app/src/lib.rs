//! The app plugin: groups of identical containers, as Kamal 1.9 runs them.

mod assets;
pub mod check;
mod cleanup;
pub mod commands;
pub mod current;
pub mod describe;
mod exec;
mod health;
mod names;
pub mod observe;
mod remove;
pub mod rollout;
mod settings;
mod spec;
pub mod standing;
mod start;
mod subject;
pub mod workloads;

use check::check;
use commands::plan;
use describe::describe;
use observe::observe;
use standing::{standing, versions};
use workloads::{roll, workloads};

/// The plugin.
pub struct App;

windlass_sdk::implement!(Plugin for App: describe, check, observe, plan);
windlass_sdk::implement!(Role for App: workloads, roll, standing, versions);
windlass_sdk::export!(role: App);
