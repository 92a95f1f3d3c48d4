//! The modules under test, without the rest of the kernel: its WebAssembly host takes minutes to
//! build with coverage, and nothing here needs it.

#![allow(dead_code, reason = "the targets use a part of these modules")]

#[path = "../../../kernel/src/config/mod.rs"]
pub mod config;
#[path = "../../../kernel/src/ssh/quote.rs"]
pub mod quote;

/// The part of the data model that configuration speaks.
pub mod model {
    #[path = "../../../../kernel/src/model/problem.rs"]
    pub mod problem;
    #[path = "../../../../kernel/src/model/project.rs"]
    pub mod project;
    #[path = "../../../../kernel/src/model/secret.rs"]
    pub mod secret;
}
