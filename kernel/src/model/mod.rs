//! Plain data: no I/O, no async. What the other rooms speak about.

pub mod action;
pub mod address;
pub mod capability;
pub mod diagnostic;
pub mod event;
pub mod file_content;
pub mod outputs;
pub mod paths;
pub mod plan;
pub mod printable;
pub mod problem;
pub mod project;
pub mod render;
pub mod secret;
pub mod variable;
pub mod wit;
