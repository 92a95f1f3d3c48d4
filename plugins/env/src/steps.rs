//! Writing and removing env files. They are written in `share`, so that a command that runs once
//! for the whole deploy, as a role would run it, finds them.

use windlass_sdk::env::Env;
use windlass_sdk::env_files::EnvFileState;
use windlass_sdk::names::id_part;
use windlass_sdk::steps::step;
use windlass_sdk::types::{
    Action, Area, Context, HostInfo, Intent, Observation, Phase, Problem, Step,
};

use crate::files;
use crate::settings::Settings;

/// The steps of an operation.
pub fn plan(context: &Context, observations: &[Observation]) -> Result<Vec<Step>, Vec<Problem>> {
    let settings = Settings::of(context).map_err(|problem| vec![problem])?;
    let each = |steps: &dyn Fn(&HostInfo, &str) -> Vec<Step>, audit: &str| {
        let hosts = context.hosts.iter();
        hosts.flat_map(|host| on_host(host, steps, audit)).collect::<Vec<_>>()
    };
    Ok(if context.aims(Intent::Prepare, Area::Env) {
        let push = |host: &HostInfo, role: &str| {
            let env = settings.effective(role, settings.tags_on(role, host));
            vec![push(context, &host.name, role, &env)]
        };
        each(&push, "Pushed env files")
    } else if context.aims(Intent::Remove, Area::Env) {
        let delete = |host: &HostInfo, role: &str| delete(context, &host.name, role);
        each(&delete, "Deleted env files")
    } else if files::replaces(context) {
        fill(context, observations, &settings)
    } else {
        Vec::new()
    })
}

/// The steps for each role of a host. The first one begins the work that is audited.
fn on_host(
    host: &HostInfo,
    steps: &dyn Fn(&HostInfo, &str) -> Vec<Step>,
    audit: &str,
) -> Vec<Step> {
    let mut steps: Vec<Step> = host.roles.iter().flat_map(|role| steps(host, role)).collect();
    if let Some(first) = steps.first_mut() {
        first.audit = Some(audit.to_string());
    }
    steps
}

fn push(context: &Context, host: &str, role: &str, env: &Env) -> Step {
    let file = files::file(context, role);
    let title = format!("Write the secrets of {role} to {}", file.path);
    let action = file.write(&env.secret);
    let id = format!("write-{}", id_part(role));
    step(id, host, Phase::Share, title, action).role(role).why("/env")
}

fn delete(context: &Context, host: &str, role: &str) -> Vec<Step> {
    let file = files::file(context, role);
    let (path, directory) = (file.path.clone(), file.directory());
    let on = |verb: &str, path: &str, action| {
        let title = format!("Remove {path}");
        step(format!("{verb}-{}", id_part(role)), host, Phase::Prepare, title, action)
            .role(role)
            .why("/env")
    };
    vec![
        on("remove", &path, Action::RemoveFile(path.clone())),
        on("clear", &directory, Action::RemoveDirectory(directory.clone())),
    ]
}

/// A role without secrets needs no push, but its containers are started with an env file all
/// the same, as Kamal does it: an empty one is written where there is none. A host that could
/// not answer is a problem of the contribution.
fn fill(context: &Context, observations: &[Observation], settings: &Settings) -> Vec<Step> {
    let mut steps = Vec::new();
    for host in &context.hosts {
        for role in &host.roles {
            let env = settings.effective(role, settings.tags_on(role, host));
            let file = files::file(context, role);
            let absent = file.seen(observations, &host.name) == Ok(EnvFileState::Absent);
            if env.secret.is_empty() && absent {
                steps.push(Step {
                    title: format!("Write the empty env file {}", file.path),
                    ..push(context, &host.name, role, &env).why("there is no env file")
                });
            }
        }
    }
    steps
}
