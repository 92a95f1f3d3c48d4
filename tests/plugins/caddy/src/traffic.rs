//! How traffic moves from the old container to the new one: by one file, replaced at once.
//!
//! Before the gate only the status port knows the new container: a request through it proves
//! that Caddy reaches the container, while users keep the old one and nothing of theirs has
//! to be taken back. After the gate the route file is replaced, and Caddy is asked what it
//! reads there. What the old container had begun, it finishes while it is stopped.

use windlass_sdk::names::id_part;
use windlass_sdk::steps::{contribution, distinct_digits, step};
use windlass_sdk::texts::text;
use windlass_sdk::types::{
    Action, Area, Context, Contribution, HttpWait, Incoming, Intent, Move, Observation, Phase,
    Problem, Step, Wait, Workload,
};
use windlass_sdk::{All, joined};

use crate::boot::{self, explain, http, look_up};
use crate::describe::NAME;
use crate::files::{File, NEXT, Site};
use crate::observe::Facts;
use crate::settings::{self, Settings};

const LIMIT_MS: u32 = 30_000;

/// Puts the containers of the role on Caddy's network, each under its own alias.
pub fn contribute(context: &Context, workloads: &[Workload]) -> Vec<Contribution> {
    if !context.aims(Intent::Replace, Area::Roles) {
        return Vec::new();
    }
    let served = settings::role(context).map(|role| &role.name);
    let ours = workloads.iter().filter(|workload| Some(&workload.role) == served);
    ours.map(|workload| Contribution {
        // The long form of `docker run --network`.
        network: Some(format!("name={NAME},alias={}", alias(context, workload))),
        ..contribution(workload)
    })
    .collect()
}

/// The name of a container on Caddy's network. No other container ever has it: Caddy keeps
/// connections by name, so the name must not come to mean another container.
fn alias(context: &Context, workload: &Workload) -> String {
    format!("app-{}", distinct_digits(context, &workload.host, &workload.role))
}

/// The steps of all moves.
pub fn traffic(context: &Context, observations: &[Observation], moves: &[Move]) -> All<Step> {
    let settings = Settings::of(context).map_err(|problem| vec![problem])?;
    joined(moves.iter().filter_map(|moved| {
        let Incoming::New(workload) = &moved.incoming else { return None };
        let role_move = RoleMove {
            workload,
            site: Site::new(context, &settings, &workload.role),
            upstream: format!("{}:{}", alias(context, workload), settings.app_port(&workload.role)),
            facts: Facts::of(observations, context.host(&moved.host)?),
        };
        Some(role_move.steps())
    }))
}

/// One role on one host.
struct RoleMove<'a> {
    workload: &'a Workload,
    site: Site<'a>,
    upstream: String,
    facts: Facts<'a>,
}

impl RoleMove<'_> {
    fn id(&self, id: &str) -> String {
        format!("{}.{id}", id_part(&self.workload.role))
    }

    fn step(&self, id: &str, phase: Phase, title: String, action: Action) -> Step {
        step(self.id(id), &self.workload.host, phase, title, action).role(&self.workload.role)
    }

    fn steps(&self) -> Result<Vec<Step>, Problem> {
        let name = &self.workload.container.name;
        let site = &self.site.name;
        let (next, route) = (self.site.next(&self.upstream), self.site.route(&self.upstream));
        let mut steps = Vec::new();
        for (id, file) in self.site.configuration() {
            steps.extend(self.configure(id, &file)?);
        }
        steps.push(boot::reload(self.facts, &self.id("reload")).role(&self.workload.role));
        steps.push(
            self.step("next", Phase::Prepare, format!("Tell Caddy of {name}"), next.write())
                .undo(Action::RemoveFile(next.path.clone()))
                .why("Caddy is asked to reach it before users are sent there"),
        );

        let (look, url) = look_up(self.facts, &self.id(""), Phase::Route);
        steps.push(look.role(&self.workload.role));
        let path = self.workload.health_path.as_deref();
        let reached = http(url.clone(), &format!("/{site}/next{}", path.unwrap_or("/")));
        // Without a health path it is enough that something answers.
        let most = if path.is_some() { 399 } else { 499 };
        let answered = Some(text(format!("{NEXT}: {};", self.upstream)));
        let reached = Wait::Http(HttpWait { status_to: most, contains: answered, ..reached });
        let title = format!("Wait until Caddy reaches {name}");
        steps.push(
            self.step("reached", Phase::Route, title, Action::Wait(reached))
                .limit(LIMIT_MS)
                .why("a container can be healthy and listen on another port"),
        );
        let why = format!("it did not reach {name} at port {}", self.port());
        steps.push(explain(self.facts, Phase::Route, &self.id("reached"), &why));

        let title = format!("Send users to {name}");
        steps.push(
            self.step("switch", Phase::Drain, title, route.write())
                .why("Caddy reads this file for each request"),
        );
        let routed = Wait::Http(HttpWait {
            contains: Some(text(format!("now={};", self.upstream))),
            ..http(url, &format!("/{site}/now"))
        });
        let title = format!("Wait until Caddy says that it sends users to {name} alone");
        steps.push(
            self.step("switched", Phase::Drain, title, Action::Wait(routed))
                .limit(LIMIT_MS)
                .why("old containers are stopped next"),
        );
        let forget = Action::RemoveFile(next.path);
        let title = format!("Remove the file that told Caddy of {name}");
        steps.push(
            self.step("tidy", Phase::Cleanup, title, forget).may_fail().why("it is served now"),
        );
        Ok(steps)
    }

    /// Writes a file of the role's configuration unless it is there.
    fn configure(&self, id: &str, file: &File) -> Result<Option<Step>, Problem> {
        let found = self.facts.file(id)?;
        if file.is(found) {
            return Ok(None);
        }
        let title = format!("Write how Caddy serves {} ({id})", self.site.name);
        let step = self.step(id, Phase::Prepare, title, file.write());
        // A file that Caddy cannot read would keep it from starting again. What another
        // version of it said is not known, so only a new one is taken back.
        let step = match found {
            None => step.undo(Action::RemoveFile(file.path.clone())),
            Some(_) => step,
        };
        Ok(Some(step.why("it is missing, or /caddy has changed")))
    }

    fn port(&self) -> &str {
        self.upstream.rsplit(':').next().unwrap_or_default()
    }
}
