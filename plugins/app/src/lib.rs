//! The app plugin: groups of identical containers, as Kamal 1.9 runs them.

mod assets;
pub mod check;
mod cleanup;
pub mod commands;
pub mod current;
pub mod describe;
mod exec;
mod health;
mod names;
pub mod observe;
mod remove;
pub mod rollout;
mod scene;
mod settings;
mod spec;
pub mod standing;
mod start;
pub mod workloads;

use windlass_sdk::types::{
    Context, Description, InService, Kept, Observation, Problem, Question, Rollout, Step, Workload,
};
use windlass_sdk::{Plugin, Problems, Role};

/// The plugin.
pub struct App;

impl Plugin for App {
    fn describe() -> Description {
        describe::describe()
    }
    fn check(context: &Context) -> Vec<Problem> {
        check::check(context)
    }
    fn observe(context: &Context) -> Result<Vec<Question>, Problems> {
        scene::check_arguments(context)?;
        Ok(observe::questions(context))
    }
    fn plan(context: &Context, observed: &[Observation]) -> Result<Vec<Step>, Problems> {
        commands::plan(context, observed)
    }
}

impl Role for App {
    fn workloads(context: &Context, _: &[Observation]) -> Result<Vec<Workload>, Problems> {
        workloads::workloads(context)
    }
    fn roll(
        context: &Context,
        observed: &[Observation],
        workloads: &[Workload],
    ) -> Result<Rollout, Problems> {
        workloads::roll(context, observed, workloads)
    }
    fn standing(context: &Context, observed: &[Observation]) -> Result<Vec<InService>, Problems> {
        standing::standing(context, observed)
    }
    fn versions(context: &Context, observed: &[Observation]) -> Result<Vec<Kept>, Problems> {
        standing::versions(context, observed)
    }
}

windlass_sdk::export!(role: App);
