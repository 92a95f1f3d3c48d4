//! The modules under test, without the rest of the kernel: its WebAssembly host takes minutes to
//! build with coverage, and nothing here needs it.

#![allow(dead_code, reason = "the targets use a part of these modules")]

#[path = "../../../kernel/src/config/mod.rs"]
pub mod config;
pub mod model;
#[path = "../../../kernel/src/ssh/quote.rs"]
pub mod quote;
