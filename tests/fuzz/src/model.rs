//! The part of the data model that configuration speaks.

#[path = "../../../kernel/src/model/problem.rs"]
pub mod problem;
#[path = "../../../kernel/src/model/project.rs"]
pub mod project;
#[path = "../../../kernel/src/model/secret/mod.rs"]
pub mod secret;
