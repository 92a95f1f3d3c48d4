//! The builder: builds the image of what is committed, pushes it, and pulls it on the hosts.
//!
//! The engine of this machine builds for its own architecture. What it cannot do alone (several
//! architectures, other machines, caches, secrets) is done by buildx.

mod buildx;
pub mod check;
mod clone;
pub mod describe;
mod driver;
mod machine;
pub mod settings;
mod source;
pub mod steps;

use check::check;
use describe::describe;
use steps::plan;

struct Builder;

windlass_sdk::implement!(Plugin for Builder: describe, check, plan);
windlass_sdk::export!(step: Builder);
