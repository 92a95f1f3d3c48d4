//! `windlass app exec`: a command in a running container, or in a new one of its own.

use windlass_sdk::arguments::Arguments;
use windlass_sdk::containers::version;
use windlass_sdk::names::id_part;
use windlass_sdk::shell;
use windlass_sdk::steps::{container, distinct_digits, error_on, role_prefix, step};
use windlass_sdk::texts::text;
use windlass_sdk::types::{
    ContainerAction, Context, EnvVar, ExecOptions, HostInfo, Phase, Problem, RunOnce, Step,
    Workload,
};

use crate::observe::roles_on;
use crate::settings::Settings;
use crate::spec;
use crate::subject::{NO_LIMIT_MS, Subject};

/// The containers that `exec` without `--reuse` runs in, before the environment is added:
/// Kamal gives them volumes and options, but neither labels nor a name of the app's.
pub fn workloads(
    context: &Context,
    settings: &Settings,
    host: &HostInfo,
) -> Result<Vec<Workload>, Problem> {
    let arguments = Arguments::of(context);
    if arguments.switch("reuse") {
        return Ok(Vec::new());
    }
    let mut roles = roles_on(context, host);
    if arguments.switch("interactive") {
        roles.truncate(usize::from(host.name == context.primary_host));
    }
    let workload = |role: &str| {
        let mut container = spec::base(context, settings, role)?;
        let digits = distinct_digits(context, &host.name, role);
        container.name = format!("{}-exec-{digits}", role_prefix(context, role));
        container.command = shell::typed(&arguments.list("cmd"))?;
        Ok(Workload {
            host: host.name.clone(),
            role: role.to_string(),
            version: context.version.clone(),
            container,
            health_path: None,
            start_limit_ms: settings.ready_limit_ms(role),
            log_lines: settings.log_lines(role),
            annotations: Vec::new(),
        })
    };
    roles.into_iter().map(workload).collect()
}

/// Runs the merged containers.
pub fn in_new(context: &Context, workloads: &[Workload]) -> Result<Vec<Step>, Problem> {
    let arguments = Arguments::of(context);
    let steps = workloads.iter().map(|workload| {
        let mut spec = workload.container.clone();
        // Given on the command line, they win over the role's own.
        for var in env(&arguments) {
            spec.env.retain(|known| known.name != var.name);
            spec.env.push(var);
        }
        let title = format!("Run `{}` in a new container of {}", shown(&arguments), spec.image);
        let tty = arguments.switch("interactive");
        let action = container(ContainerAction::RunOnce(RunOnce { container: spec, tty }));
        let id = format!("{}.exec", id_part(&workload.role));
        step(id, &workload.host, Phase::Start, title, action)
            .role(&workload.role)
            .limit(NO_LIMIT_MS)
            .audit(format!(
                "Executed cmd '{}' on app version {}",
                shown(&arguments),
                workload.version
            ))
            .why(context.typed())
    });
    Ok(steps.collect())
}

/// Runs the command in what is up. Kamal takes the version of the primary host everywhere; here
/// each host uses its own current container unless `--version` says otherwise.
pub fn in_running(subject: &Subject) -> Result<Vec<Step>, Problem> {
    let arguments = subject.arguments;
    let interactive = arguments.switch("interactive");
    if !arguments.switch("reuse") || interactive && !subject.is_primary() {
        return Ok(Vec::new());
    }
    let wanted = arguments.text("version");
    let up = subject.up();
    let target = up.iter().find(|c| {
        wanted.as_ref().is_none_or(|wanted| version(subject.context, c, subject.role) == wanted)
    });
    let Some(target) = target else {
        let version = wanted.map(|v| format!(" with version {v}")).unwrap_or_default();
        let message = format!("no container of {}{version} is up", subject.role);
        return Err(error_on(
            &subject.host.name,
            message,
            "leave out --reuse to run it in a new one",
        ));
    };
    let action = container(ContainerAction::Exec(ExecOptions {
        container: target.id.clone(),
        argv: shell::typed(&arguments.list("cmd"))?,
        env: env(arguments),
        tty: interactive,
    }));
    let version = version(subject.context, target, subject.role);
    let step = subject
        .step(
            "exec",
            Phase::Start,
            format!("Run `{}` in {}", shown(arguments), target.name),
            action,
        )
        .limit(NO_LIMIT_MS)
        .audit(format!("Executed cmd '{}' on app version {version}", shown(arguments)));
    Ok(vec![step])
}

/// The command as the user typed it.
fn shown(arguments: &Arguments) -> String {
    arguments.list("cmd").join(" ")
}

/// `--env KEY:VALUE KEY2:VALUE2`, or with `=`. An empty value is an empty value.
fn env(arguments: &Arguments) -> Vec<EnvVar> {
    let pairs = arguments.list("env");
    let pairs = pairs.iter().flat_map(|pairs| pairs.split_whitespace());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once([':', '=']).unwrap_or((pair, ""));
            EnvVar { name: name.to_string(), value: text(value) }
        })
        .collect()
}
