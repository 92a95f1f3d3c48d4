//! The Docker engine: lowers container actions, waits and questions to argv of `docker`, and
//! parses what they print. Works with clients and engines from 20.10 on.

pub mod actions;
pub mod answers;
#[cfg(target_arch = "wasm32")]
mod component;
mod draft;
pub mod queries;
mod run;
mod template;
mod time;
pub mod waits;

#[cfg(test)]
mod tests;
