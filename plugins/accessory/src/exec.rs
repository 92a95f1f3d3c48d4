//! `windlass accessory exec`: a command in the running container, or in a new one.

use windlass_sdk::containers::is_up;
use windlass_sdk::env_files::EnvFileState;
use windlass_sdk::shell;
use windlass_sdk::steps::{container as act, distinct_digits, error_on};
use windlass_sdk::types::{ContainerAction, ExecOptions, Phase, Problem, RunOnce, Step};

use crate::container;
use crate::logs::NO_LIMIT_MS;
use crate::rollout::present;
use crate::subject::Subject;

/// On every host; at a terminal on the first.
pub fn exec(subject: &Subject) -> Result<Vec<Step>, Problem> {
    let interactive = subject.arguments.switch("interactive");
    if interactive && !subject.first {
        return Ok(Vec::new());
    }
    let accessory = subject.accessory;
    let given = subject.arguments.list("cmd");
    let shown = given.join(" ");
    let argv = shell::typed(&given)?;
    let (title, action) = if subject.arguments.switch("reuse") {
        let found = present(subject)?;
        if !is_up(found) {
            let help = "leave out --reuse to run it in a new one, or start it first";
            return Err(error_on(&subject.host.name, format!("{} is stopped", found.name), help));
        }
        let exec =
            ExecOptions { container: found.id.clone(), argv, env: Vec::new(), tty: interactive };
        (format!("Run `{shown}` in {}", found.name), ContainerAction::Exec(exec))
    } else {
        let seen = subject.facts.env_file(subject.context)?;
        if let Some(problem) = subject.lacking(&seen) {
            return Err(problem);
        }
        let mut spec = container::base(subject, &seen)?;
        if seen == EnvFileState::Absent {
            spec.env_files.clear();
        }
        // By its name it is ended if the command is interrupted.
        let digits = distinct_digits(subject.context, &subject.host.name, &accessory.name);
        spec.name = format!("{}-exec-{digits}", accessory.service);
        spec.command = argv;
        let title = format!("Run `{shown}` in a new container of {}", spec.image);
        (title, ContainerAction::RunOnce(RunOnce { container: spec, tty: interactive }))
    };
    let step = subject
        .step("exec", Phase::Start, title, act(action))
        .limit(NO_LIMIT_MS)
        .audit(format!("Executed cmd '{shown}' on {} accessory", accessory.name));
    Ok(vec![step])
}
