//! From typed steps to programs: the engine plugin lowers what concerns containers.

use std::collections::BTreeMap;

use crate::model::action::{Yields, profile};
use crate::model::plan::{Effect, FailFast, LOCAL, PlannedStep, Process, Program};
use crate::model::problem::Problem;
use crate::model::wit::{
    Action, Command, Condition, ContainerAction, ContainerCondition, ContainerWait, HttpWait, Part,
    Phase, Step, Text, UserCommand, Wait, Workload,
};
use crate::plugin::{LoweredCommand, Plugin, PluginError};

use super::as_role;
use super::local_files::LocalFiles;

/// Why a plan could not be lowered.
#[derive(Debug, thiserror::Error)]
pub enum LowerError {
    #[error(transparent)]
    Plugin(#[from] PluginError),
    #[error("the engine plugin cannot do the step `{title}` of {plugin}: {why}")]
    Refused { plugin: String, title: String, why: String },
    /// A file of the user that cannot be put on a host.
    #[error("{0}")]
    File(Box<Problem>),
}

/// What steps refer to.
pub struct AtHand<'a> {
    pub files: &'a LocalFiles,
    /// The containers of the new version without what proxies add, which serves requests: a
    /// command as a role would run it has no use for it, and may run before a proxy's network or
    /// files are there.
    pub unrouted: &'a [Workload],
    pub run_id: &'a str,
}

/// Lowers the steps of all plugins; each comes with its plugin's name, its ids still local.
/// The user's files that steps put on hosts are read here, so that a plan is about their
/// content, and a missing one is found before anything is done.
pub fn lower(
    engine: &Plugin,
    at_hand: &AtHand,
    steps: Vec<(String, Step)>,
) -> Result<Vec<PlannedStep>, LowerError> {
    let mut wanted = Wanted::default();
    for (plugin, step) in &steps {
        for action in std::iter::once(&step.action).chain(&step.undo) {
            wanted.note(step, action, at_hand).map_err(|why| refusal(plugin, step, why))?;
        }
    }
    let mut actions = engine.lower(&wanted.actions)?.into_iter();
    let mut waits = engine.lower_waits(&wanted.waits)?.into_iter();
    let client_variables = if wanted.env_files { engine.client_variables()? } else { Vec::new() };
    let mut planned = Vec::with_capacity(steps.len());
    for (plugin, step) in steps {
        let refused = |why: String| refusal(&plugin, &step, why);
        let mut program = |action: &Action| -> Result<Program, LowerError> {
            Ok(match action.clone() {
                Action::Container(_) | Action::RunAsRole(_) => {
                    let lowered = next(&mut actions).map_err(refused)?;
                    Program::Processes {
                        processes: lowered.commands.into_iter().map(process).collect(),
                        yields: lowered.yields,
                        abort: lowered.abort.into_iter().map(process).collect(),
                    }
                }
                Action::Wait(Wait::Container(wait)) => {
                    let lowered = next(&mut waits).map_err(refused)?;
                    Program::Watch {
                        argv: lowered.argv,
                        accept: lowered.accept,
                        reject: lowered.reject,
                        steady: lowered.steady,
                        steady_ms: wait.steady_ms,
                    }
                }
                Action::Wait(Wait::Http(wait)) => {
                    let fail_fast = match life(&wait) {
                        Some(_) => Some(next(&mut waits).map_err(refused)?),
                        None => None,
                    };
                    let fail_fast = fail_fast
                        .map(|lowered| FailFast { argv: lowered.argv, words: lowered.reject });
                    Program::Http { wait, fail_fast }
                }
                Action::Wait(Wait::Command(command)) => Program::Until(command.into()),
                Action::Wait(Wait::DelayMs(ms)) => Program::Delay { ms },
                Action::Upload(upload) => {
                    let read = at_hand.files.read(&upload, &step.why);
                    let content =
                        read.map_err(|p| LowerError::File(Box::new(p.origin(&plugin))))?;
                    Program::Upload { path: upload.path, content, mode: upload.mode }
                }
                Action::WriteFile(file) => {
                    Program::WriteFile { path: file.path, content: file.content, mode: file.mode }
                }
                Action::WriteEnvFile(file) => {
                    let client_variables = client_variables.clone();
                    Program::WriteEnvFile { path: file.path, vars: file.vars, client_variables }
                }
                Action::MakeDirectory(path) => Program::MakeDirectory { path },
                Action::MergeDirectory(merge) => {
                    Program::MergeDirectory { from: merge.source, to: merge.target }
                }
                Action::AppendLine(append) => {
                    Program::AppendLine { path: append.path, line: append.line }
                }
                Action::RemoveFile(path) => Program::RemoveFile { path },
                Action::RemoveDirectory(path) => Program::RemoveDirectory { path },
                Action::Run(command) | Action::Exec(UserCommand { command, .. }) => {
                    let processes = vec![command.into()];
                    Program::Processes { processes, yields: None, abort: Vec::new() }
                }
                Action::Hook(name) => Program::Hook { name },
                Action::Say(text) => Program::Say { text },
                Action::Other(other) => {
                    return Err(refused(format!("`{}` is not known here", other.name)));
                }
            })
        };
        let lowered = program(&step.action)?;
        let undo = step.undo.as_ref().map(&mut program).transpose()?;
        planned.push(qualify(plugin, step, lowered, undo));
    }
    name_outputs(&mut planned);
    Ok(planned)
}

/// What a command prints is of the kind that the steps say which use it.
fn name_outputs(planned: &mut [PlannedStep]) {
    let mut used = BTreeMap::new();
    for PlannedStep { spec: step, program, undo, .. } in planned.iter_mut() {
        let host = &step.host;
        for program in std::iter::once(program).chain(undo.as_mut()) {
            each_text(program, &mut |text| {
                used.extend(text.iter().filter_map(|part| match part {
                    Part::OutputOf(output) => {
                        Some(((host.clone(), output.step.clone()), output.kind))
                    }
                    _ => None,
                }));
            });
        }
    }
    for PlannedStep { id, spec: step, program, .. } in planned {
        if let Program::Processes { yields: yields @ None, .. } = program
            && profile(&step.action).yields == Yields::Printed
        {
            // What this machine yields, every host may use.
            let is_use = |(host, of): &(String, String)| {
                of == id && (*host == step.host || step.host == LOCAL)
            };
            *yields = used.iter().find(|(key, _)| is_use(key)).map(|(_, kind)| *kind);
        }
    }
}

fn refusal(plugin: &str, step: &Step, why: String) -> LowerError {
    LowerError::Refused { plugin: plugin.to_string(), title: step.title.clone(), why }
}

/// The engine plugin's next answer.
fn next<T>(answers: &mut impl Iterator<Item = Result<T, String>>) -> Result<T, String> {
    answers.next().unwrap_or_else(|| Err("it gave no answer".to_string()))
}

#[derive(Default)]
struct Wanted {
    actions: Vec<ContainerAction>,
    waits: Vec<ContainerWait>,
    /// Some step writes an env file.
    env_files: bool,
}

impl Wanted {
    fn note(&mut self, step: &Step, action: &Action, at_hand: &AtHand) -> Result<(), String> {
        match action {
            Action::Container(action) => self.actions.push(action.clone()),
            Action::RunAsRole(command) => {
                let container =
                    as_role::container(step, command, at_hand.unrouted, at_hand.run_id)?;
                self.actions.push(ContainerAction::RunOnce(container));
            }
            Action::Wait(Wait::Container(wait)) => self.waits.push(wait.clone()),
            Action::Wait(Wait::Http(wait)) => self.waits.extend(life(wait)),
            Action::WriteEnvFile(_) => self.env_files = true,
            _ => {}
        }
        Ok(())
    }
}

/// The wait that tells what has become of the container that an HTTP wait depends on.
fn life(wait: &HttpWait) -> Option<ContainerWait> {
    let until = ContainerCondition::Ready;
    let container = wait.container.clone()?;
    Some(ContainerWait { container, until, steady_ms: 0 })
}

/// Makes ids unique among plugins, in the step itself and in whatever refers to it.
fn qualify(plugin: String, step: Step, program: Program, undo: Option<Program>) -> PlannedStep {
    let full = |id: &str| format!("{plugin}.{id}");
    let mut step = step;
    step.when = match step.when {
        Condition::Always => Condition::Always,
        Condition::Ok(id) => Condition::Ok(full(&id)),
        Condition::Failed(id) => Condition::Failed(full(&id)),
    };
    step.block = step.block.map(|block| full(&block));
    let mut program = program;
    let mut undo = undo;
    for program in std::iter::once(&mut program).chain(undo.as_mut()) {
        each_text(program, &mut |text| {
            for part in text {
                if let Part::OutputOf(output) = part {
                    output.step = full(&output.step);
                }
            }
        });
    }
    let effect = effect_of(&step);
    let id = full(&step.id);
    PlannedStep { id, effect, plugin, spec: step, program, undo, unlinked: Vec::new() }
}

/// What a step changes on the user's own machine before the lock is nothing that another deploy
/// depends on: it needs neither lock nor fence, which guard hosts.
fn effect_of(step: &Step) -> Effect {
    match profile(&step.action).effect {
        Effect::Write if step.host == LOCAL && step.phase == Phase::Stage => Effect::Stage,
        effect => effect,
    }
}

fn each_text(program: &mut Program, on: &mut dyn FnMut(&mut Text)) {
    fn process(process: &mut Process, on: &mut dyn FnMut(&mut Text)) {
        process.argv.iter_mut().for_each(&mut *on);
        process.env.iter_mut().for_each(|var| on(&mut var.value));
        process.stdin.iter_mut().for_each(on);
    }
    match program {
        Program::Processes { processes, abort, .. } => {
            processes.iter_mut().chain(abort).for_each(|p| process(p, on));
        }
        Program::Until(p) => process(p, on),
        Program::Watch { argv, .. } => argv.iter_mut().for_each(on),
        Program::Http { wait, fail_fast } => {
            on(&mut wait.url);
            wait.contains.iter_mut().for_each(&mut *on);
            wait.absent.iter_mut().for_each(&mut *on);
            wait.port_after.iter_mut().for_each(&mut *on);
            fail_fast.iter_mut().flat_map(|fail_fast| &mut fail_fast.argv).for_each(on);
        }
        Program::WriteFile { content, .. } => on(content),
        Program::WriteEnvFile { vars, .. } => vars.iter_mut().for_each(|var| on(&mut var.value)),
        Program::AppendLine { line, .. } => on(line),
        _ => {}
    }
}

fn process(command: LoweredCommand) -> Process {
    Process { argv: command.argv, env: command.env, stdin: command.stdin, success: command.success }
}

impl From<Command> for Process {
    fn from(command: Command) -> Self {
        let mut argv = command.argv;
        if let Some(directory) = command.directory {
            // `env -C` is not everywhere; a shell with fixed text is.
            let words = ["sh", "-c", "cd \"$1\" && shift && exec \"$@\"", "sh"];
            let mut wrapped: Vec<Text> =
                words.iter().map(|word| vec![Part::Literal(word.to_string())]).collect();
            wrapped.push(vec![Part::Literal(directory)]);
            wrapped.append(&mut argv);
            argv = wrapped;
        }
        Self { argv, env: command.env, stdin: command.stdin, success: command.success }
    }
}
