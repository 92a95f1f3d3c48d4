//! The rows of waits.

use crate::model::capability::Capability;
use crate::model::plan::Effect;
use crate::model::wit::{ContainerCondition, OutputKind, Wait};

use super::{Profile, Slot, Yields, of_a_command, row};

/// The row of a wait.
pub(super) fn profile(wait: &Wait) -> Profile<'_> {
    match wait {
        Wait::Container(wait) => {
            let until = match wait.until {
                ContainerCondition::Ready => "ready",
                ContainerCondition::OutOfService => "out of service",
            };
            let sentence = format!("wait until {} is {until}", wait.container);
            row(Effect::Read, Capability::Containers, sentence)
        }
        Wait::Http(http) => {
            let expected = http.contains.iter().chain(&http.absent).chain(&http.port_after);
            let expected = expected.map(|text| (Slot::Expected, text));
            Profile {
                texts: std::iter::once((Slot::Url, &http.url)).chain(expected).collect(),
                yields: match http.port_after {
                    Some(_) => Yields::Only(OutputKind::Port),
                    None => Yields::Nothing,
                },
                ..row(Effect::Read, Capability::Http, "ask a URL until it answers as expected")
            }
        }
        Wait::Command(run) => of_a_command(
            if run.read_only { Effect::Read } else { Effect::Write },
            run,
            "run a command again until it succeeds",
        ),
        Wait::DelayMs(ms) => row(
            Effect::Read,
            None::<Capability>,
            format!("wait for {}.{:03} s", ms / 1000, ms % 1000),
        ),
    }
}
