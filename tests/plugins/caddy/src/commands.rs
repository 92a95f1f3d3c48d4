//! What `lifecycle.plan` does for each operation.

use windlass_sdk::arguments::Arguments;
use windlass_sdk::containers::rolls;
use windlass_sdk::steps::{StepExt, container, container_spec, say, step};
use windlass_sdk::texts::text;
use windlass_sdk::types::{Action, ContainerAction, Context, Observation, Phase, Problem, Step};

use crate::boot::{boot, logs, stop};
use crate::files;
use crate::observe::Facts;
use crate::settings::{self, Settings};

/// How long a command may take that is tried.
const TRY_LIMIT_MS: u32 = 2_000;

/// The container in which a command is tried.
fn once(context: &Context) -> String {
    format!("caddy-try-{}", &context.run_id[..16])
}

/// The steps of an operation, on the hosts of the role that Caddy serves.
pub fn plan(context: &Context, observations: &[Observation]) -> Result<Vec<Step>, Vec<Problem>> {
    let settings = Settings::of(context).map_err(|problem| vec![problem])?;
    let (mut steps, mut problems) = (Vec::new(), Vec::new());
    for host in settings::hosts(context) {
        match on_host(context, &settings, Facts::of(observations, host)) {
            Ok(found) => steps.extend(found),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok(steps) } else { Err(problems) }
}

fn on_host(context: &Context, settings: &Settings, facts: Facts) -> Result<Vec<Step>, Problem> {
    let step = |id: &str, title: &str, action| {
        let title = title.to_string();
        step(id, &facts.host.name, Phase::Start, title, action)
            .why(format!("windlass {}", context.operation))
    };
    match context.operation.as_str() {
        operation if rolls(operation) || operation == "caddy boot" => {
            boot(context, settings, facts)
        }
        "caddy details" => {
            let text = match facts.caddy()? {
                None => "no Caddy".to_string(),
                Some(found) => format!("{} {} {:?}", found.name, found.image, found.status),
            };
            Ok(vec![step("details", &text, say(&text))])
        }
        "caddy logs" => {
            let found = facts.caddy()?;
            Ok(found.map(|_| step("logs", "Show lines of Caddy", logs(100))).into_iter().collect())
        }
        "caddy try" => {
            let command = Arguments::of(context).list("cmd");
            let mut spec = container_spec(&once(context), settings.caddy.image.as_str());
            spec.command = command.iter().map(text).collect();
            let title = format!("Try `{}`", command.join(" "));
            let action = container(ContainerAction::RunOnce((spec, false)));
            Ok(vec![step("try", &title, action).limit(TRY_LIMIT_MS)])
        }
        "caddy remove" | "remove" => {
            let found = facts.caddy()?.map(|found| {
                let action = container(ContainerAction::Remove(stop(&found.id)));
                step("remove", "Remove Caddy", action).audit("Removed caddy")
            });
            let directory = Action::RemoveDirectory(files::directory(context));
            let files = step("remove-files", "Remove the files of Caddy", directory);
            Ok(found.into_iter().chain([files]).collect())
        }
        _ => Ok(Vec::new()),
    }
}
