//! Windlass deploys web apps to any servers with zero downtime, over plain SSH and Docker.
//!
//! **Plugins decide, the kernel acts.** A plugin is a pure function from configuration and
//! observed facts to typed steps; this library observes hosts, asks plugins for a plan,
//! checks it, shows it, and executes exactly that, under a fenced lock.
//!
//! The rooms lie on floors. Imports run downward only, and rooms of one floor do not see
//! each other; a test reads every `use crate::…` and fails on anything else.
//!
//! | floor | room | what happens there |
//! |---|---|---|
//! | 5 | [`cli`] | arguments, terminal, exit codes; the only place that prints or reads the environment |
//! | 4 | [`deploy`] | the story: observe, plan, lock, execute, report |
//! | 3 | [`plugin`] | the WebAssembly host: limits, cache, grants, checks of answers |
//! | 3 | [`execute`] | trips to hosts: scripts, lanes, the gate |
//! | 3 | [`lock`] | the deploy lock, its lease, and every host's fence |
//! | 2 | [`ssh`] | connections, channels, quoting, framing |
//! | 2 | [`config`] | deploy.yml: spans, overlay, ownership, secrets, drawing of problems |
//! | 2 | [`local`] | processes on the user's machine |
//! | 1 | [`model`] | plain data: the plan vocabulary, events, problems, paths |
//!
//! Paths that the kernel writes on a host are all in [`model::paths`].

// These panic when nobody reads the stream any more; `cli::stream` does not.
#![cfg_attr(not(test), deny(clippy::print_stdout, clippy::print_stderr))]

pub mod cli;
pub mod config;
pub mod deploy;
pub mod execute;
pub mod local;
pub mod lock;
pub mod model;
pub mod plugin;
pub mod ssh;
