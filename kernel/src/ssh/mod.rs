//! The way to the servers: the user's own `ssh`, one connection per host and run, channels inside
//! it.
//!
//! [`Pool`] starts and owns the masters, [`Session`] is one connected host, [`Channel`] is one
//! remote shell that reads a script on stdin, [`quote`] is the only place that writes words for a
//! shell.

mod channel;
mod control;
mod error;
pub mod frame;
mod master;
mod mux;
mod pool;
mod quote;
mod session;
mod target;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_connect;

pub use channel::{Channel, Chunk, Exit};
pub use error::{ConnectError, ConnectFailure, SshError};
pub use master::Options;
pub use pool::Pool;
pub use quote::{quote, quote_bytes, quote_words};
pub use session::Session;
pub use target::Target;
