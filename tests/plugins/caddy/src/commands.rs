//! What `lifecycle.plan` does for each operation.

use windlass_sdk::arguments::Arguments;
use windlass_sdk::steps::{container, container_spec, last_lines, say, step};
use windlass_sdk::texts::text;
use windlass_sdk::types::{
    Action, Area, ContainerAction, Context, Intent, Observation, Phase, Problem, RunOnce, Step,
};
use windlass_sdk::{All, joined};

use crate::boot::{boot, stop};
use crate::describe::NAME;
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
pub fn plan(context: &Context, observations: &[Observation]) -> All<Step> {
    let settings = Settings::of(context).map_err(|problem| vec![problem])?;
    let hosts = settings::hosts(context).into_iter();
    joined(hosts.map(|host| on_host(context, &settings, Facts::of(observations, host))))
}

fn on_host(context: &Context, settings: &Settings, facts: Facts) -> Result<Vec<Step>, Problem> {
    let step = |id: &str, title: &str, action| {
        let title = title.to_string();
        step(id, &facts.host.name, Phase::Start, title, action).why(context.typed())
    };
    let removed = || -> Result<Vec<Step>, Problem> {
        let found = facts.caddy()?.map(|found| {
            let action = container(ContainerAction::Remove(stop(&found.id)));
            step("remove", "Remove Caddy", action).audit("Removed caddy")
        });
        let directory = Action::RemoveDirectory(files::directory(context));
        let files = step("remove-files", "Remove the files of Caddy", directory);
        Ok(found.into_iter().chain([files]).collect())
    };
    match context.verb(NAME) {
        Some("boot") => boot(context, settings, facts),
        Some("details") => {
            let text = match facts.caddy()? {
                None => "no Caddy".to_string(),
                Some(found) => format!("{} {} {:?}", found.name, found.image, found.status),
            };
            Ok(vec![step("details", &text, say(&text))])
        }
        Some("logs") => {
            let lines = || step("logs", "Show lines of Caddy", last_lines(NAME, 100));
            Ok(facts.caddy()?.map(|_| lines()).into_iter().collect())
        }
        Some("try") => {
            let command = Arguments::of(context).list("cmd");
            let mut spec = container_spec(once(context), settings.caddy.image.as_str());
            spec.command = command.iter().map(text).collect();
            let title = format!("Try `{}`", command.join(" "));
            let action =
                container(ContainerAction::RunOnce(RunOnce { container: spec, tty: false }));
            Ok(vec![step("try", &title, action).limit(TRY_LIMIT_MS)])
        }
        Some("remove") => removed(),
        Some(_) => Ok(Vec::new()),
        None if context.aims(Intent::Prepare, Area::Proxies) => boot(context, settings, facts),
        None if context.aims(Intent::Remove, Area::Proxies) => removed(),
        None => Ok(Vec::new()),
    }
}
