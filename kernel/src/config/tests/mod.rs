//! Tests of whole paths through the configuration.

mod declared;
mod errors;
mod files;
mod laws;
mod loading;
mod owners;
mod reading;

use std::sync::Arc;

use super::erb::Rendered;
use super::source::{Source, Sources};
use super::tree::Tree;
use super::yaml;
use crate::model::problem::Problem;

/// A file's tree, or what is wrong with it; and the file for drawing.
fn read(text: &str) -> (Result<Tree, Vec<Problem>>, Sources) {
    let mut sources = Sources::default();
    let source: Arc<Source> = sources.add("config/deploy.yml", text);
    let parsed = yaml::parse(&source, &Rendered::plain(text));
    (parsed.map(|parsed| parsed.tree), sources)
}

#[track_caller]
pub(super) fn tree(text: &str) -> Tree {
    match read(text) {
        (Ok(tree), _) => tree,
        (Err(problems), sources) => panic!("{}", super::draw::draw(&problems, &sources, false)),
    }
}
