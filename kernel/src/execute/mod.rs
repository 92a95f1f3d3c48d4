//! Execution: what one trip to a host carries, and how the trips of all hosts go together.
//!
//! [`Trip`] writes the script of one host, [`report`] reads what it says, [`observe`] asks
//! the questions, [`lanes`] sequences the hosts with the gate between them.

mod env_file;
pub mod gate;
pub mod lanes;
pub mod observe;
mod program;
pub mod report;
pub mod script;
mod shell;
mod wait;

#[cfg(test)]
mod tests;

pub use report::TripReport;
pub use script::{Audit, Fence, Known, Script, ScriptError, Trip};
