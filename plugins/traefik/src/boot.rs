//! Traefik's own container: there when it is needed, started, and answering.

use windlass_sdk::names::enumerate;
use windlass_sdk::steps::{container, error_on, last_lines, step};
use windlass_sdk::texts::secret;
use windlass_sdk::types::{
    Action, Area, Condition, ContainerAction, ContainerCondition, ContainerState, ContainerStatus,
    ContainerWait, Context, EnvFileWrite, EnvVar, HostInfo, Intent, Phase, Problem, Step,
    StopOptions, Wait,
};

use crate::api::Api;
use crate::container::{NAME, env_file, secrets, spec};
use crate::observe::ProxyFacts;
use crate::settings::Settings;

/// Starting may include pulling the image.
pub const RUN_LIMIT_MS: u32 = 300_000;
const ANSWER_LIMIT_MS: u32 = 30_000;
/// The block of steps that see whether Traefik works.
const WORKS: &str = "works";

/// One host whose Traefik is planned.
pub struct TraefikHost<'a> {
    pub context: &'a Context,
    pub settings: &'a Settings,
    pub facts: &'a ProxyFacts<'a>,
}

impl TraefikHost<'_> {
    /// The host.
    pub fn host(&self) -> &HostInfo {
        self.facts.host
    }

    /// A step on it.
    pub fn step(&self, id: &str, phase: Phase, title: &str, action: Action) -> Step {
        step(id, &self.host().name, phase, title.to_string(), action)
    }
}

/// True for a container that never got as far as running. It holds nothing but a configuration
/// that did not work, and makes room for the present one.
pub fn never_ran(container: &ContainerState) -> bool {
    matches!(container.status, ContainerStatus::Created | ContainerStatus::Dead)
}

/// Sees to it that Traefik runs. As in Kamal one that exists keeps its configuration until it
/// is rebooted. There is no undo: Traefik is shared by all services of a host, and another may
/// have begun to rely on it.
pub fn boot(place: &TraefikHost) -> Result<Vec<Step>, Problem> {
    let mut steps = Vec::new();
    match place.facts.traefik()? {
        Some(found) if never_ran(found) => {
            steps.push(discard(place, "clear", found.id.clone()));
            steps.extend(run_new(place)?);
        }
        Some(found) => match found.status {
            ContainerStatus::Running | ContainerStatus::Restarting => {}
            ContainerStatus::Paused => {
                let message = "Traefik is paused on the host";
                let help = "resume it there: docker unpause traefik";
                return Err(error_on(&place.host().name, message, help));
            }
            _ => steps.extend(start(place, found)),
        },
        None => steps.extend(run_new(place)?),
    }
    Ok(steps)
}

/// Starts a container that is stopped, and waits for it.
pub fn start(place: &TraefikHost, found: &ContainerState) -> Vec<Step> {
    let action = container(ContainerAction::Start(found.id.clone()));
    let start = place
        .step("start", Phase::Prepare, "Start Traefik again", action)
        .why("the host has a Traefik that is stopped");
    [vec![start], ready(place, Phase::Prepare, Api::of(found).as_ref())].concat()
}

/// Runs a new container, waits for it, and takes it away again if it does not work, so that the
/// next run starts afresh.
fn run_new(place: &TraefikHost) -> Result<Vec<Step>, Problem> {
    let mut steps: Vec<Step> = env_file_step(place)?.into_iter().collect();
    steps.push(run(place, Phase::Prepare));
    let failed = discard(place, "discard", NAME.to_string()).when(Condition::Failed("run".into()));
    steps.push(failed.may_fail());
    let api = Api::planned(&place.settings.traefik);
    let ready = ready(place, Phase::Prepare, api.as_ref());
    let waited = Condition::Failed(WORKS.to_string());
    steps.extend(ready);
    steps.push(discard(place, "discard-silent", NAME.to_string()).when(waited).may_fail());
    Ok(steps)
}

/// Runs the configured container.
pub fn run(place: &TraefikHost, phase: Phase) -> Step {
    let action = container(ContainerAction::Run(spec(place.context, place.settings)));
    place
        .step("run", phase, "Start Traefik", action)
        .limit(RUN_LIMIT_MS)
        .why("/traefik: the host has no Traefik yet")
}

fn discard(place: &TraefikHost, id: &str, target: String) -> Step {
    let stop = StopOptions { container: target, timeout_s: None };
    let title = "Remove the Traefik container that does not work";
    let action = container(ContainerAction::Remove(stop));
    place.step(id, Phase::Prepare, title, action).why("it would keep its configuration forever")
}

/// Waits until Traefik answers, and shows its log if it does not.
pub fn ready(place: &TraefikHost, phase: Phase, api: Option<&Api>) -> Vec<Step> {
    let mut steps = Vec::new();
    let wait = match api {
        None => Wait::Container(ContainerWait {
            container: NAME.to_string(),
            until: ContainerCondition::Ready,
            steady_ms: 2_000,
        }),
        Some(api) => {
            if api.address.is_none() {
                let look = container(ContainerAction::InspectAddress(NAME.to_string()));
                let title = "Look up the address of Traefik";
                steps.push(place.step("address", phase, title, look).why("its API answers there"));
            }
            Wait::Http(api.answers("address"))
        }
    };
    let answers = place
        .step("answers", phase, "Wait until Traefik answers", Action::Wait(wait))
        .limit(ANSWER_LIMIT_MS)
        .why("a Traefik with wrong arguments ends at once");
    steps.push(answers);
    for step in &mut steps {
        step.block = Some(WORKS.to_string());
    }
    let logs = last_lines(NAME, 20);
    let explain = place
        .step("answers-logs", phase, "Show the last 20 lines of Traefik", logs)
        .when(Condition::Failed(WORKS.to_string()))
        .may_fail()
        .why("Traefik did not answer");
    steps.push(explain);
    steps
}

/// Writes Traefik's env file: always where the operation prepares env files; before a start only
/// if it is missing and nothing secret belongs there.
pub fn env_file_step(place: &TraefikHost) -> Result<Option<Step>, Problem> {
    let secrets = secrets(&place.settings.traefik);
    if !place.context.aims(Intent::Prepare, Area::Env) {
        let names = place.facts.env_names()?;
        let known = names.unwrap_or_default();
        let missing: Vec<_> = secrets.iter().filter(|name| !known.contains(name)).collect();
        if !missing.is_empty() {
            let missing: Vec<String> = missing.iter().map(|name| format!("`{name}`")).collect();
            let missing = enumerate(&missing.iter().map(String::as_str).collect::<Vec<_>>());
            let message = format!("the env file of Traefik on the host lacks {missing}");
            return Err(error_on(&place.host().name, message, "write it: windlass env push"));
        }
        if names.is_some() {
            return Ok(None);
        }
    }
    let var = |name: String| EnvVar { value: secret(name.as_str()), name };
    let vars = secrets.into_iter().map(var).collect();
    let path = env_file(place.context);
    let title = "Write the env file of Traefik";
    let action = Action::WriteEnvFile(EnvFileWrite { path, vars });
    Ok(Some(place.step("env-file", Phase::Prepare, title, action).why("/traefik/env")))
}

/// Removes the env file, and the values that stand beside it.
pub fn delete_env_file(place: &TraefikHost) -> Vec<Step> {
    let path = env_file(place.context);
    let beside = Action::RemoveDirectory(format!("{path}.d"));
    let title = "Remove the env file of Traefik";
    vec![
        place.step("env-file", Phase::Start, title, Action::RemoveFile(path)).why("/traefik/env"),
        place
            .step(
                "env-values",
                Phase::Start,
                "Remove values beside the env file of Traefik",
                beside,
            )
            .why("/traefik/env"),
    ]
}
