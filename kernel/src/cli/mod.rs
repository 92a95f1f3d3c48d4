//! The command line: arguments in, events and results out, exit code.
//!
//! This floor alone prints, reads the process environment and knows the terminal.

mod args;
mod clashes;
mod commands;
mod connect;
mod failure;
mod nouns;
mod operate;
mod output;
mod plan_text;
mod stream;
mod view;
mod workspace;

use std::collections::BTreeMap;
use std::process::ExitCode;

pub use args::Globals;

/// Runs the program; returns its exit code: 0, 1 for a failure, 2 for wrong usage, 130 when
/// interrupted, 141 when nobody read the results to their end.
pub fn main() -> ExitCode {
    let env: BTreeMap<String, String> = std::env::vars_os()
        .filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)))
        .collect();
    let words: Vec<std::ffi::OsString> = std::env::args_os().collect();
    let runtime = || tokio::runtime::Builder::new_multi_thread().enable_all().build();
    commands::dispatch(words, env, &runtime)
}
