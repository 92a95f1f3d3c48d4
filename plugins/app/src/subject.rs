//! One host, or one role on a host, as a command meets it; and the walk over all of them.

use windlass_sdk::arguments::Arguments;
use windlass_sdk::names::id_part;
use windlass_sdk::steps::{container, say, step};
use windlass_sdk::types::{
    Action, ContainerAction, ContainerState, Context, HostInfo, Incoming, Move, Observation, Phase,
    Problem, Step, StopOptions,
};
use windlass_sdk::{All, all};

use crate::current::up;
use crate::observe::{HostFacts, hosts, roles_on};
use crate::settings::{Settings, retain};

/// For what ends when the user says so.
pub const NO_LIMIT_MS: u32 = u32::MAX;

/// One host, or one role on a host, in a command.
pub struct Subject<'a> {
    pub context: &'a Context,
    pub settings: &'a Settings,
    pub arguments: &'a Arguments,
    pub facts: &'a HostFacts<'a>,
    pub host: &'a HostInfo,
    /// Empty where a command is about whole hosts.
    pub role: &'a str,
}

impl<'a> Subject<'a> {
    /// A step of this command.
    pub fn step(&self, id: &str, phase: Phase, title: String, action: Action) -> Step {
        let why = self.context.typed();
        if self.role.is_empty() {
            return step(id, &self.host.name, phase, title, action).why(why);
        }
        let id = format!("{}.{id}", id_part(self.role));
        step(id, &self.host.name, phase, title, action).role(self.role).why(why)
    }

    /// A step whose text is the answer.
    pub fn say(&self, id: &str, text: &str) -> Step {
        let title =
            format!("Report on {}", if self.role.is_empty() { "the host" } else { self.role });
        self.step(id, Phase::Start, title, say(text))
    }

    /// What is up of the role, the current container first.
    pub fn up(&self) -> Vec<&'a ContainerState> {
        up(self.context, self.facts.containers, self.role, self.facts.latest)
    }

    /// What takes the place of what is up: nothing.
    pub fn leaving(&self) -> Vec<Move> {
        let outgoing: Vec<_> = self.up().into_iter().cloned().collect();
        let moves = (!outgoing.is_empty()).then(|| self.moving(Incoming::None, outgoing));
        moves.into_iter().collect()
    }

    /// What happens to the role on the host.
    pub fn moving(&self, incoming: Incoming, outgoing: Vec<ContainerState>) -> Move {
        let (host, role) = (self.host.name.clone(), self.role.to_string());
        Move { host, role, incoming, outgoing }
    }

    /// True on the primary host for the first of its roles: where interactive commands go.
    pub fn is_primary(&self) -> bool {
        self.host.name == self.context.primary_host
            && roles_on(self.context, self.host).first() == Some(&self.role)
    }

    /// Stops a container with the time that the user grants it.
    pub fn stop(&self, id: &str, old: &ContainerState) -> Step {
        let timeout_s = self.settings.stop_wait_time;
        let stop = ContainerAction::Stop(StopOptions { container: old.id.clone(), timeout_s });
        self.step(id, Phase::Retire, format!("Stop {}", old.name), container(stop))
            .limit(self.settings.stop_limit_ms())
    }
}

/// What each host with roles makes of it.
pub fn on_hosts<T>(
    context: &Context,
    observations: &[Observation],
    what: impl Fn(&Subject) -> Result<T, Problem>,
) -> All<T> {
    on_subjects(context, observations, |_| vec![""], what)
}

/// What each role on each host makes of it.
pub fn on_roles<T>(
    context: &Context,
    observations: &[Observation],
    what: impl Fn(&Subject) -> Result<T, Problem>,
) -> All<T> {
    on_subjects(context, observations, |host| roles_on(context, host), what)
}

fn on_subjects<'a, T>(
    context: &'a Context,
    observations: &[Observation],
    roles: impl Fn(&'a HostInfo) -> Vec<&'a str>,
    what: impl Fn(&Subject) -> Result<T, Problem>,
) -> All<T> {
    let mut settings = Settings::of(context).map_err(|problem| vec![problem])?;
    let arguments = Arguments::of(context);
    if let Some(retain) = retain(&arguments)? {
        settings.retain_containers = Some(retain);
    }
    let mut found = Vec::new();
    for host in hosts(context) {
        let facts = match HostFacts::of(context, observations, &host.name) {
            Ok(facts) => facts,
            Err(problem) => {
                found.push(Err(problem));
                continue;
            }
        };
        let (settings, arguments, facts) = (&settings, &arguments, &facts);
        let subject = |role| Subject { context, settings, arguments, facts, host, role };
        found.extend(roles(host).into_iter().map(|role| what(&subject(role))));
    }
    all(found)
}
