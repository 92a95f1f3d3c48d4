//! The test fleet: real hosts with their own sshd and Docker Engine, a registry, a
//! real Traefik, a sample app and a load client, plus what `cargo xtask` does.
//!
//! Nothing here uses the product's code: hosts are inspected through SSH, HTTP, the
//! engines' events and sshd's log, and the product is run as a program.

pub mod artifacts;
pub mod capabilities;
pub mod checks;
pub mod demo;
pub mod engine;
pub mod events;
pub mod fleet;
pub mod fuzz;
pub mod host;
pub mod house_rules;
pub mod http;
pub mod images;
pub mod inspect;
pub mod kamal;
pub mod load;
pub mod measure;
pub mod outside;
pub mod paths;
pub mod process;
pub mod project;
pub mod registry;
pub mod sample;
pub mod setup;
pub mod ssh;
pub mod story;
pub mod trace;
pub mod wait;
pub mod windlass;
