//! What the environment adds to the containers of a new version.

use windlass_sdk::composition::{Contribution, Workload};
use windlass_sdk::containers::rolls;
use windlass_sdk::names::is_exportable;
use windlass_sdk::steps::{error_on, host_info};
use windlass_sdk::texts::{is_name, secret, with_host_env};
use windlass_sdk::types::{Context, EnvVar, Observation, Part, Problem};

use crate::files::{self, Seen};
use crate::settings::{Env, Settings};

/// One contribution per workload, or all the hosts that lack their secrets.
pub fn contribute(
    context: &Context,
    observations: &[Observation],
    workloads: &[Workload],
) -> Result<Vec<Contribution>, Vec<Problem>> {
    let settings = Settings::of(context).map_err(|problem| vec![problem])?;
    let (mut contributions, mut problems) = (Vec::new(), Vec::new());
    for workload in workloads {
        match one(context, &settings, observations, workload) {
            Ok(contribution) => contributions.push(contribution),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok(contributions) } else { Err(problems) }
}

fn one(
    context: &Context,
    settings: &Settings,
    observations: &[Observation],
    workload: &Workload,
) -> Result<Contribution, Problem> {
    let (host, role) = (&workload.host, &workload.role);
    let tags = host_info(context, host).map(|host| host.tags.as_slice()).unwrap_or_default();
    let env = settings.effective(role, tags);
    let seen = files::seen(observations, host, role)?;
    if seen == Seen::Absent && !env.secret.is_empty() {
        return Err(missing(context, host, role));
    }
    // An absent file without secrets is written before a deploy, and by nothing else.
    let has_file = seen != Seen::Absent || rolls(&context.operation);
    let mut vars: Vec<EnvVar> = env
        .clear
        .iter()
        .map(|(name, value)| EnvVar { name: name.clone(), value: with_host_env(value) })
        .collect();
    vars.extend(exact(context, role, &env, seen));
    Ok(Contribution {
        host: host.clone(),
        role: role.clone(),
        labels: Vec::new(),
        env: vars,
        env_files: has_file.then(|| files::path(context, role)).into_iter().collect(),
        volumes: Vec::new(),
        network: None,
        health: None,
        proxied: false,
    })
}

/// Secrets that do not, or may not, fit into the env file. A clear value of the same name
/// wins, as it does over the file.
///
/// In `setup` nobody knows yet which these are, for the files are written in the same run, but
/// then all values are at hand.
fn exact(context: &Context, role: &str, env: &Env, seen: Seen) -> Vec<EnvVar> {
    let directory = files::directory(context, role);
    let from_host =
        |name: String| EnvVar { value: vec![Part::HostFile(format!("{directory}/{name}"))], name };
    let at_hand = |name: String| EnvVar { value: secret(name.as_str()), name };
    let unless_clear = |name: &String| !env.has_clear(name);
    match seen {
        Seen::Present(names) => {
            let fit = |name: &String| is_name(name) && unless_clear(name);
            names.into_iter().filter(fit).map(from_host).collect()
        }
        _ if context.operation == "setup" => {
            let fit = |name: &String| is_exportable(name) && unless_clear(name);
            env.secret.iter().filter(|name| fit(name)).cloned().map(at_hand).collect()
        }
        _ => Vec::new(),
    }
}

fn missing(context: &Context, host: &str, role: &str) -> Problem {
    let path = files::path(context, role);
    let command = match &context.destination {
        Some(destination) => format!("windlass env push -d {destination}"),
        None => "windlass env push".to_string(),
    };
    error_on(
        host,
        format!("the secrets of `{role}` are not on this host: there is no {path}"),
        format!("run `{command}`"),
    )
}
