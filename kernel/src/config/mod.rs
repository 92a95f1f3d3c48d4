//! Configuration: `config/deploy.yml`, its destinations and `.env` files, with
//! every value tied to the line it came from.
//!
//! text → [`erb`] → [`yaml`] → [`tree`] → [`overlay`] → [`load`] → `Project`;
//! [`ownership`] shares the tree out among plugins, [`draw`] shows
//! problems, [`mod@print`] the resolved configuration.

mod claims;
mod dotenv;
pub mod draw;
pub mod erb;
mod expressions;
pub mod load;
mod merge_key;
mod newer_kamal;
pub mod overlay;
pub mod ownership;
pub mod print;
mod project;
mod scalar;
mod schema;
mod schema_values;
mod schema_words;
pub mod secrets;
pub mod sensitive;
pub mod source;
mod syntax;
mod topology;
pub mod tree;
pub mod yaml;

#[cfg(test)]
mod tests;
