//! The fleet's sample app: a small HTTP/1.1 server on std threads that starts
//! slowly, fails, or listens on the wrong port when told to, and that stops
//! gracefully on SIGTERM. A library too, so that tests can run it in-process.

pub mod behaviour;
pub mod curl;
pub mod respond;
pub mod server;
pub mod worker;
