//! Caddy's own container: there when it is needed, started, answering, and told of changes.

use windlass_sdk::steps::{container, container_spec, error_on, get, last_lines, step};
use windlass_sdk::texts::{output_of, text, words};
use windlass_sdk::types::{
    Action, Condition, ContainerAction, ContainerSpec, ContainerState, ContainerStatus, Context,
    ExecOptions, HttpWait, NetworkSpec, OutputKind, Part, Phase, Problem, Step, StopOptions, Wait,
};

use crate::describe::NAME;
use crate::files::{self, GREETING, INSIDE, STATUS_PORT};
use crate::observe::Facts;
use crate::settings::Settings;

/// Starting may include pulling the image.
const RUN_LIMIT_MS: u32 = 300_000;
const ANSWER_LIMIT_MS: u32 = 30_000;
const LINES: u32 = 30;

/// Sees to it that Caddy runs with the present `Caddyfile`.
pub fn boot(context: &Context, settings: &Settings, facts: Facts) -> Result<Vec<Step>, Problem> {
    let step = |id: &str, title: &str, action| {
        step(id, &facts.host.name, Phase::Prepare, title.to_string(), action)
    };
    let mut steps = Vec::new();
    let file = files::caddyfile(context);
    if !file.is(facts.file("caddyfile")?) {
        let write = step("caddyfile", "Write the configuration of Caddy", file.write());
        steps.push(write.why("it is missing, or of another version of the plugin"));
    }
    match facts.caddy()? {
        Some(found) if found.status == ContainerStatus::Paused => {
            let help = "resume it there: docker unpause caddy";
            return Err(error_on(&facts.host.name, "Caddy is paused on the host", help));
        }
        Some(found) if runs(found) => {
            serves_ours(context, facts, found)?;
            steps.extend((!steps.is_empty()).then(|| reload(facts, "reload")));
            return Ok(steps);
        }
        Some(found) if found.status == ContainerStatus::Exited => {
            serves_ours(context, facts, found)?;
            let action = container(ContainerAction::Start(found.id.clone()));
            steps.push(step("start", "Start Caddy again", action).why("it is stopped"));
        }
        found => {
            if let Some(found) = found {
                let action = container(ContainerAction::Remove(stop(&found.id)));
                let title = "Remove the Caddy container that never ran";
                steps.push(step("clear", title, action).why("it would keep what did not work"));
            }
            let network = step("network", "Make the network of Caddy", network());
            steps.push(network.why("there Caddy finds containers by name"));
            let run = container(ContainerAction::Run(spec(context, settings, facts)?));
            let run = step("run", "Start Caddy", run).limit(RUN_LIMIT_MS);
            steps.push(run.why("/caddy: the host has no Caddy yet"));
            let discard = container(ContainerAction::Remove(stop(NAME)));
            let discard = step("discard", "Remove the Caddy container that did not start", discard)
                .when(Condition::Failed("run".to_string()))
                .may_fail();
            steps.push(discard.why("the next run starts afresh"));
        }
    }
    let (look, url) = look_up(facts, "", Phase::Prepare);
    steps.push(look);
    let answers = Wait::Http(HttpWait { contains: Some(text(GREETING)), ..http(url, "/") });
    let answers = step("answers", "Wait until Caddy answers", Action::Wait(answers));
    steps.push(answers.limit(ANSWER_LIMIT_MS).why("a Caddy with a wrong file ends at once"));
    steps.push(explain(facts, Phase::Prepare, "answers", "Caddy did not answer"));
    Ok(steps)
}

fn runs(found: &ContainerState) -> bool {
    matches!(found.status, ContainerStatus::Running | ContainerStatus::Restarting)
}

/// Refuses a Caddy that serves from elsewhere: it would not see our files.
fn serves_ours(context: &Context, facts: Facts, found: &ContainerState) -> Result<(), Problem> {
    let ours = files::mounted(context, facts.host)?;
    let from = found.mounts.iter().find(|mount| mount.target == INSIDE);
    match from {
        Some(mount) if mount.source == ours => Ok(()),
        from => {
            let place = from.map_or("files of its own", |mount| mount.source.as_str());
            let message = format!("the host has a Caddy that serves {place}, not {ours}");
            Err(error_on(&facts.host.name, message, "remove it there: docker rm --force caddy"))
        }
    }
}

/// The container to run.
fn spec(context: &Context, settings: &Settings, facts: Facts) -> Result<ContainerSpec, Problem> {
    let mut spec = container_spec(NAME, settings.caddy.image.as_str());
    spec.restart = Some("unless-stopped".to_string());
    spec.network = Some(NAME.to_string());
    spec.publish = vec![format!("{}:80", settings.caddy.host_port.as_str())];
    spec.volumes = vec![text(format!("{}:{INSIDE}:ro", files::mounted(context, facts.host)?))];
    spec.log_options = vec![("max-size".to_string(), "10m".to_string())];
    spec.command = words(["caddy", "run", "--config"]);
    spec.command.push(text(format!("{INSIDE}/Caddyfile")));
    Ok(spec)
}

fn network() -> Action {
    let (name, labels) = (NAME.to_string(), Vec::new());
    container(ContainerAction::EnsureNetwork(NetworkSpec { name, subnet: None, labels }))
}

/// Makes Caddy take its files up. It does nothing if they say what they said before, so it
/// stands in every deploy: a run may have been cut off between writing and reloading.
pub fn reload(facts: Facts, id: &str) -> Step {
    let mut argv = words(["caddy", "reload", "--config"]);
    argv.push(text(format!("{INSIDE}/Caddyfile")));
    let container_name = NAME.to_string();
    let exec = ExecOptions { container: container_name, argv, env: Vec::new(), tty: false };
    let action = container(ContainerAction::Exec(exec));
    step(id, &facts.host.name, Phase::Prepare, "Make Caddy take its files up".to_string(), action)
        .why("Caddy reads them only when told")
}

/// A step that looks Caddy's address up, and, as a text to be used after it, the URL of the
/// status port. `prefix` keeps ids apart.
pub fn look_up(facts: Facts, prefix: &str, phase: Phase) -> (Step, Vec<Part>) {
    let id = format!("{prefix}address");
    let action = container(ContainerAction::InspectAddress(NAME.to_string()));
    let url = vec![
        Part::Literal("http://".to_string()),
        output_of(id.as_str(), OutputKind::IpAddress),
        Part::Literal(format!(":{STATUS_PORT}")),
    ];
    let title = "Look up the address of Caddy".to_string();
    let look = step(id, &facts.host.name, phase, title, action);
    (look.why("its status port answers there"), url)
}

/// A GET of a path of the status port that must answer 200.
pub fn http(mut url: Vec<Part>, path: &str) -> HttpWait {
    url.push(Part::Literal(path.to_string()));
    get(url)
}

/// Shows Caddy's log if a step failed.
pub fn explain(facts: Facts, phase: Phase, failed: &str, why: &str) -> Step {
    let title = format!("Show the last {LINES} lines of Caddy: {why}");
    step(format!("{failed}-logs"), &facts.host.name, phase, title, last_lines(NAME, LINES))
        .when(Condition::Failed(failed.to_string()))
        .may_fail()
        .why(why)
}

/// Stops a container in its own time.
pub fn stop(container: &str) -> StopOptions {
    StopOptions { container: container.to_string(), timeout_s: None }
}
