//! Configuration: `config/deploy.yml`, its destinations and `.env` files, with
//! every value tied to the line it came from.
//!
//! text → [`erb`] → [`yaml`] → [`tree`] → [`overlay`] → [`load`] → `Project`;
//! [`ownership`] shares the tree out among plugins, whose schemas say what
//! [`declared`] adds to the project; [`draw`] shows problems, [`mod@print`] the
//! resolved configuration.

mod claims;
pub mod declared;
mod dotenv;
pub mod draw;
pub mod erb;
mod expressions;
pub mod foreign;
mod host_name;
pub mod load;
mod marks;
mod merge_key;
mod options;
pub mod overlay;
pub mod owner;
pub mod ownership;
pub mod print;
mod project;
mod scalar;
mod schema;
mod schema_values;
mod schema_words;
pub mod secrets;
pub mod source;
mod syntax;
mod topology;
pub mod tree;
pub mod yaml;

#[cfg(test)]
mod tests;
