//! The traefik plugin: a reverse proxy that finds containers by their labels, as Kamal 1.9
//! runs it.

mod api;
mod boot;
pub mod check;
pub mod commands;
mod conflict;
mod container;
pub mod contribute;
mod cords;
pub mod describe;
mod downgrade;
mod drain;
mod lane;
pub mod observe;
mod operation;
mod reboot;
mod route;
mod settings;
mod tidy;
pub mod traffic;

use windlass_sdk::types::{
    Context, Contribution, Description, Move, Observation, Problem, Question, Step, Workload,
};
use windlass_sdk::{Plugin, Problems, Proxy};

/// The plugin.
pub struct Traefik;

impl Plugin for Traefik {
    fn describe() -> Description {
        describe::describe()
    }
    fn check(context: &Context) -> Vec<Problem> {
        check::check(context)
    }
    fn observe(context: &Context) -> Result<Vec<Question>, Problems> {
        observe::questions(context)
    }
    fn plan(context: &Context, observed: &[Observation]) -> Result<Vec<Step>, Problems> {
        commands::plan(context, observed)
    }
}

impl Proxy for Traefik {
    fn routes(context: &Context) -> Result<Vec<String>, Problems> {
        let settings = settings::Settings::of(context).map_err(|problem| vec![problem])?;
        Ok(settings.routes(context))
    }
    fn contribute(
        context: &Context,
        _: &[Observation],
        workloads: &[Workload],
    ) -> Result<Vec<Contribution>, Problems> {
        contribute::contribute(context, workloads)
    }
    fn traffic(
        context: &Context,
        observed: &[Observation],
        moves: &[Move],
    ) -> Result<Vec<Step>, Problems> {
        traffic::traffic(context, observed, moves)
    }
}

windlass_sdk::export!(proxy: Traefik);
