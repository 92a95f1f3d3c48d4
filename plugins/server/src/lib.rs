//! The servers themselves: Docker on them, the run directory, and commands that somebody types.

mod bootstrap;
pub mod commands;
pub mod describe;
mod exec;

use commands::{observe, plan};
use describe::describe;

struct Servers;

windlass_sdk::implement!(Plugin for Servers: describe, observe, plan);
windlass_sdk::export!(step: Servers);
