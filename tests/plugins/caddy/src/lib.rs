//! The caddy plugin: a proxy as a third party would write it, by other means than the bundled
//! one. No labels and no cord: Caddy serves what files say.
//!
//! * One Caddy per host, on a network of its own that the app's containers join. Each new
//!   container has an alias there that no other ever has, so a file can name it before it
//!   runs, and the name outlives renames and reboots.
//! * A *site* file per role says how it is served, and changes with deploy.yml. Caddy takes
//!   it up by a reload, which does nothing if nothing changed.
//! * A *route* file per role names the container that serves. Caddy reads it for each request:
//!   replacing the file is the switch. A reload would not do for that: Caddy closes the idle
//!   connections of its clients then, and under load some requests are lost.

mod boot;
pub mod commands;
pub mod describe;
mod files;
pub mod observe;
pub mod settings;
pub mod traffic;
#[cfg(test)]
mod traffic_tests;

use windlass_sdk::types::{
    Context, Contribution, Description, Move, Observation, Problem, Question, Step, Workload,
};
use windlass_sdk::{Plugin, Problems, Proxy};

struct Caddy;

impl Plugin for Caddy {
    fn describe() -> Description {
        describe::describe()
    }
    fn check(context: &Context) -> Vec<Problem> {
        settings::check(context)
    }
    fn observe(context: &Context) -> Result<Vec<Question>, Problems> {
        observe::questions(context)
    }
    fn plan(context: &Context, observed: &[Observation]) -> Result<Vec<Step>, Problems> {
        commands::plan(context, observed)
    }
}

impl Proxy for Caddy {
    fn routes(context: &Context) -> Result<Vec<String>, Problems> {
        Ok(vec![context.primary_role.clone()])
    }
    fn contribute(
        context: &Context,
        _: &[Observation],
        workloads: &[Workload],
    ) -> Result<Vec<Contribution>, Problems> {
        Ok(traffic::contribute(context, workloads))
    }
    fn traffic(
        context: &Context,
        observed: &[Observation],
        moves: &[Move],
    ) -> Result<Vec<Step>, Problems> {
        traffic::traffic(context, observed, moves)
    }
}

windlass_sdk::export!(proxy: Caddy);
