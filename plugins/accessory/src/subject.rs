//! One accessory on one host, as a command meets it.

use windlass_sdk::arguments::Arguments;
use windlass_sdk::env_files::EnvFileState;
use windlass_sdk::names::id_part;
use windlass_sdk::steps::step;
use windlass_sdk::types::{Action, Context, HostInfo, Phase, Problem, Step};

use crate::observe::Facts;
use crate::settings::{Accessory, Settings};

/// One accessory on one host.
pub struct Subject<'a> {
    pub context: &'a Context,
    pub settings: &'a Settings,
    pub arguments: &'a Arguments,
    pub accessory: &'a Accessory,
    pub host: &'a HostInfo,
    pub facts: Facts<'a>,
    /// It is the first of the accessory's hosts: interactive commands go there.
    pub first: bool,
}

impl Subject<'_> {
    /// A step for the accessory.
    pub fn step(&self, id: &str, phase: Phase, title: String, action: Action) -> Step {
        let id = format!("{}.{id}", self.prefix());
        step(id, &self.host.name, phase, title, action).why(self.accessory.pointer.as_str())
    }

    /// Why its container must not be started, if the host lacks secrets of it.
    pub fn lacking(&self, seen: &EnvFileState) -> Option<Problem> {
        let file = self.accessory.env_file(self.context);
        file.lacking(self.context, &self.host.name, &self.accessory.env, seen)
    }

    /// The beginning of its steps' ids.
    pub fn prefix(&self) -> String {
        id_part(&self.accessory.name)
    }
}
