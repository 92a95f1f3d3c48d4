//! Execution: what one trip to a host carries, and how the trips of all hosts go together.
//!
//! [`Trip`] is what one host is to do, [`script`] writes it down, [`report`] reads what comes back,
//! [`observe`] asks the questions, [`lanes`] sequences the hosts with the gate between them.

mod env_file;
pub mod gate;
pub mod lanes;
pub mod observe;
mod program;
pub mod report;
pub mod script;
mod shell;
mod trip;
mod wait;

#[cfg(test)]
mod tests;

pub use report::TripReport;
pub use script::Script;
pub use trip::{Audit, Fence, ScriptError, StepResults, Trip};
