//! From facts to a plan: every plugin is asked, in a fixed order, and nothing else decides.

use crate::model::paths::Paths;
use crate::model::plan::{Effect, LOCAL, Plan, PlannedStep, Program, rank};
use crate::model::problem::{Problem, Severity};
use crate::model::wit::{self, Incoming, LineAppend, Move, OutputKind, Phase, Step, Workload};
use crate::plugin::{Fault, Kind, Plugin, PluginError};

use super::crew::{Crew, Request};
use super::history;
use super::lower::{AtHand, LowerError, lower};
use super::merge::merge;
use super::operation::only_looks;
use super::snapshot::{Asked, Snapshot};

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    #[error(transparent)]
    Plugin(#[from] PluginError),
    #[error(transparent)]
    Lower(LowerError),
    /// A plugin wants to write in an operation that only looks.
    #[error(
        "the plugin `{plugin}` would change a host (`{title}`) in `{operation}`, which only looks: a defect of the plugin"
    )]
    Writes { plugin: String, operation: String, title: String },
    /// Plugins found the configuration or the hosts wanting.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Problems(Vec<Problem>),
}

impl From<LowerError> for PlanError {
    fn from(error: LowerError) -> Self {
        match error {
            LowerError::File(problem) => Self::Problems(vec![*problem]),
            error => Self::Lower(error),
        }
    }
}

/// All plugins' questions for the operation.
pub fn questions(crew: &Crew, request: &Request) -> Result<Vec<Asked>, PlanError> {
    let mut asked = Vec::new();
    for plugin in crew.iter().filter(|plugin| plugin.kind() != Kind::Engine) {
        let context = request.context(plugin, &|_| String::new());
        for question in plugin.observe(&context).map_err(in_words)? {
            asked.push(Asked {
                plugin: plugin.name().to_string(),
                host: question.host,
                id: question.id,
                query: question.query,
            });
        }
    }
    Ok(asked)
}

/// The plan of the operation on hosts as seen.
pub fn plan(crew: &Crew, request: &Request, seen: &Snapshot) -> Result<Plan, PlanError> {
    let home = |host: &str| seen.facts(host).map(|facts| facts.home.clone()).unwrap_or_default();
    let context = |plugin: &Plugin| request.context(plugin, &home);
    let role = crew.role();
    let observed = seen.observations(role.name());

    let mut workloads = role.workloads(&context(role), observed).map_err(in_words)?;
    let contributions = |kind, workloads: &[Workload]| -> Result<Vec<_>, PlanError> {
        let mut given = Vec::new();
        for plugin in crew.of(kind) {
            let observed = seen.observations(plugin.name());
            let parts = plugin.contribute(&context(plugin), observed, workloads);
            let named = |part| (plugin.name().to_string(), part);
            given.extend(parts.map_err(in_words)?.into_iter().map(named));
        }
        Ok(given)
    };
    let mut given = contributions(Kind::Env, &workloads)?;
    let mut unrouted = workloads.clone();
    merge(&mut unrouted, &given);
    given.extend(contributions(Kind::Proxy, &workloads)?);
    let conflicts = merge(&mut workloads, &given);
    if !conflicts.is_empty() {
        return Err(PlanError::Problems(conflicts));
    }
    let rollout = role.roll(&context(role), observed, &workloads).map_err(in_words)?;
    let mut steps: Vec<(String, Step)> = Vec::new();
    for plugin in crew.iter().filter(|plugin| plugin.kind() != Kind::Engine) {
        let own = plugin.plan(&context(plugin), seen.observations(plugin.name()));
        steps.extend(own.map_err(in_words)?.into_iter().map(|s| (plugin.name().to_string(), s)));
        if plugin.kind() == Kind::Role {
            let own = rollout.steps.iter().cloned();
            steps.extend(own.map(|step| (plugin.name().to_string(), step)));
        }
    }
    for proxy in crew.of(Kind::Proxy) {
        let is_routed =
            |m: &&Move| request.routed.get(&m.role).is_some_and(|by| by == proxy.name());
        let moves: Vec<Move> = rollout.moves.iter().filter(is_routed).cloned().collect();
        let observed = seen.observations(proxy.name());
        let own = proxy.traffic(&context(proxy), observed, &moves).map_err(in_words)?;
        steps.extend(own.into_iter().map(|step| (proxy.name().to_string(), step)));
    }

    if request.prints {
        steps.iter_mut().for_each(|(_, step)| step.is_result = true);
    }
    let at_hand = AtHand { files: &request.files, unrouted: &unrouted, run_id: &request.run_id };
    let mut planned = lower(crew.engine(), &at_hand, steps)?;
    for step in &mut planned {
        let plugin = crew.iter().find(|plugin| plugin.name() == step.plugin);
        let unlinked = plugin.map(|p| p.unlinked(&request.project.run_directory, &step.spec));
        step.unlinked = unlinked.unwrap_or_default();
    }
    planned.extend(records(request, &rollout.moves, &planned));
    order(&mut planned, request);
    if let Some(step) = planned.iter().find(|step| step.effect == Effect::Write)
        && only_looks(&request.operation)
    {
        let (operation, title) = (request.operation.name.clone(), step.spec.title.clone());
        return Err(PlanError::Writes { plugin: step.plugin.clone(), operation, title });
    }
    Ok(Plan {
        operation: request.operation.name.clone(),
        service: request.project.service.clone(),
        destination: request.project.destination.clone(),
        version: request.version.clone(),
        run_id: request.run_id.clone(),
        steps: planned,
    })
}

/// By host as deploy.yml lists them, the user's machine first; within a host by phase; within
/// a phase as the plugins gave them.
fn order(steps: &mut [PlannedStep], request: &Request) {
    let place = |host: &str| match host {
        LOCAL => 0,
        host => 1 + request.hosts.iter().position(|h| h == host).unwrap_or(usize::MAX - 1),
    };
    steps.sort_by_key(|s| (place(&s.spec.host), rank(s.spec.phase), s.spec.once));
}

/// One line of history per role and host that gets a new container.
fn records(request: &Request, moves: &[Move], planned: &[PlannedStep]) -> Vec<PlannedStep> {
    let project = &request.project;
    let paths =
        Paths::new(&project.run_directory, &project.service, project.destination.as_deref());
    moves
        .iter()
        .filter_map(|moved| match &moved.incoming {
            Incoming::New(workload) => Some(workload),
            Incoming::Started(_) | Incoming::None => None,
        })
        .map(|workload| {
            let mut here = planned.iter().filter(|s| s.spec.host == workload.host);
            let image = here.find(|step| yields_digest(step)).map(|step| step.id.as_str());
            let line = history::line(&workload.version, &workload.role, image, &request.run_id);
            let title = format!("Record version {} of {}", workload.version, workload.role);
            let step = Step {
                role: Some(workload.role.clone()),
                time_limit_ms: 10_000,
                why: "`rollback` and `status` read the history".into(),
                ..Step::new(
                    format!("history-{}", workload.role),
                    workload.host.clone(),
                    Phase::Cleanup,
                    title,
                    wit::Action::AppendLine(LineAppend {
                        path: paths.history(),
                        line: line.clone(),
                    }),
                )
            };
            PlannedStep {
                id: format!("kernel.history-{}", workload.role),
                plugin: "kernel".into(),
                effect: Effect::Write,
                program: Program::AppendLine { path: paths.history(), line },
                spec: step,
                undo: None,
                unlinked: Vec::new(),
            }
        })
        .collect()
}

fn yields_digest(step: &PlannedStep) -> bool {
    matches!(&step.program, Program::Processes { yields: Some(OutputKind::Digest), .. })
}

/// A plugin's own findings are the user's problems, not faults of the plugin.
pub(super) fn in_words(error: PluginError) -> PlanError {
    match &error.fault {
        Fault::Problems(problems) => {
            PlanError::Problems(problems.iter().map(|p| translate(p, &error.plugin)).collect())
        }
        _ => PlanError::Plugin(error),
    }
}

/// A problem of the contract as one of the kernel's; the place is found by whoever has the
/// source files.
pub fn translate(problem: &wit::Problem, plugin: &str) -> Problem {
    let severity = match problem.severity {
        wit::Severity::Error => Severity::Error,
        wit::Severity::Warning => Severity::Warning,
        wit::Severity::Info => Severity::Info,
    };
    let mut translated = Problem::new(severity, &problem.message).origin(plugin);
    translated.host = problem.host.clone();
    translated.pointer = problem.pointer.clone();
    translated.help = problem.help.clone();
    translated
}
