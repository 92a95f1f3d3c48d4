//! ERB with the real world around it: the files that it reads, and whether it may run commands.

use std::cell::Cell;
use std::path::Path;

use super::erb::{self, Rendered, World};
use super::options::LoadOptions;
use super::source::Source;
use super::tree::{Node, Tree};
use super::yaml;
use crate::model::problem::Problem;

/// Replace the ERB of a file. A command runs only if `commands` is set, or if the file itself
/// says that it may, which sets `commands`.
///
/// # Errors
/// See [`erb::render`].
pub(super) fn render(
    source: &std::sync::Arc<Source>,
    options: &LoadOptions<'_>,
    commands: &Cell<bool>,
) -> Result<Rendered, Vec<Problem>> {
    let read = |path: &str| read(options, path);
    let world = World { env: options.env, read: &read, run: &|_| Ok(String::new()) };
    let run = |command: &str| {
        if !commands.get() {
            // What the file says when its commands print nothing.
            let looked = erb::render(source, &world).and_then(|text| yaml::parse(source, &text));
            commands.set(looked.is_ok_and(|parsed| allows(&parsed.tree)));
        }
        if commands.get() { (options.run)(command) } else { Err(not_allowed(command)) }
    };
    erb::render(source, &World { run: &run, ..world })
}

/// Whether a file allows the commands in its ERB.
pub(super) fn allows(tree: &Tree) -> bool {
    tree.get("/x-windlass/allow_commands").and_then(Node::text).as_deref() == Some("true")
}

fn not_allowed(command: &str) -> Box<Problem> {
    let problem = Problem::error(format!("`{command}` would run on this machine"));
    Box::new(problem.label("commands are not allowed here").help(
        "pass `--allow-commands`, or allow it in this file for good: \
         `x-windlass: {allow_commands: true}`",
    ))
}

fn read(options: &LoadOptions<'_>, path: &str) -> Result<String, Box<Problem>> {
    let bytes = (options.read)(Path::new(path)).map_err(|error| error.to_string());
    let text =
        bytes.and_then(|bytes| String::from_utf8(bytes).map_err(|_| "it is not text".into()));
    text.map_err(|why: String| {
        let problem = Problem::error(format!("`{path}` cannot be read: {why}"));
        Box::new(
            problem.label("read here").help("the path is relative to the directory you are in"),
        )
    })
}
