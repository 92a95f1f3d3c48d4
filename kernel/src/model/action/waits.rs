//! The rows of waits.

use crate::model::capability::Capability;
use crate::model::plan::Effect;
use crate::model::wit::{ContainerCondition, OutputKind, Wait};

use super::{Profile, Slot, Yields, command};

/// The row of a wait.
pub(super) fn profile(wait: &Wait) -> Profile<'_> {
    match wait {
        Wait::Container(wait) => Profile {
            effect: Effect::Read,
            needs: Some(Capability::Containers),
            paths: Vec::new(),
            texts: Vec::new(),
            variables: &[],
            yields: Yields::Nothing,
            sentence: match wait.until {
                ContainerCondition::Ready => format!("wait until {} is ready", wait.container),
                ContainerCondition::OutOfService => {
                    format!("wait until {} is out of service", wait.container)
                }
            },
        },
        Wait::Http(http) => {
            let expected = http.contains.iter().chain(&http.absent).chain(&http.port_after);
            let expected = expected.map(|text| (Slot::Expected, text));
            Profile {
                effect: Effect::Read,
                needs: Some(Capability::Http),
                paths: Vec::new(),
                texts: std::iter::once((Slot::Url, &http.url)).chain(expected).collect(),
                variables: &[],
                yields: match http.port_after {
                    Some(_) => Yields::Only(OutputKind::Port),
                    None => Yields::Nothing,
                },
                sentence: "ask a URL until it answers as expected".into(),
            }
        }
        Wait::Command(run) => Profile {
            effect: if run.read_only { Effect::Read } else { Effect::Write },
            needs: Some(Capability::Run),
            paths: Vec::new(),
            texts: command(run),
            variables: &run.env,
            yields: Yields::Nothing,
            sentence: "run a command again until it succeeds".into(),
        },
        Wait::DelayMs(ms) => Profile {
            effect: Effect::Read,
            needs: None,
            paths: Vec::new(),
            texts: Vec::new(),
            variables: &[],
            yields: Yields::Nothing,
            sentence: format!("wait for {}.{:03} s", ms / 1000, ms % 1000),
        },
    }
}
