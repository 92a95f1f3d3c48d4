//! From typed steps to programs: the engine plugin lowers what concerns containers.

use std::collections::BTreeMap;

use crate::model::plan::{Effect, LOCAL, PlannedStep, Process, Program, Vain, effect};
use crate::model::problem::Problem;
use crate::model::wit::{
    Action, Command, Condition, ContainerAction, ContainerCondition, ContainerWait, HttpWait, Part,
    Phase, Step, Text, Wait,
};
use crate::plugin::{LoweredCommand, Plugin, PluginError};

use super::local_files::{LocalFiles, named};

/// Why a plan could not be lowered.
#[derive(Debug, thiserror::Error)]
pub enum LowerError {
    #[error(transparent)]
    Plugin(#[from] PluginError),
    #[error("the engine plugin cannot do the step `{title}` of {plugin}: {why}")]
    Refused { plugin: String, title: String, why: String },
    /// A file of the user's that cannot be put on a host.
    #[error("{0}")]
    File(Box<Problem>),
}

/// Lowers the steps of all plugins; each comes with its plugin's name, its ids still local.
/// The user's files that steps put on hosts are read here, so that a plan is about their
/// content, and a missing one is found before anything is done.
pub fn lower(
    engine: &Plugin,
    files: &LocalFiles,
    steps: Vec<(String, Step)>,
) -> Result<Vec<PlannedStep>, LowerError> {
    let mut wanted = Wanted::default();
    for (_, step) in &steps {
        wanted.note(&step.action);
        step.undo.iter().for_each(|undo| wanted.note(undo));
    }
    let mut actions = engine.lower(&wanted.actions)?.into_iter();
    let mut waits = engine.lower_waits(&wanted.waits)?.into_iter();
    let mut planned = Vec::with_capacity(steps.len());
    for (plugin, step) in steps {
        let refused = |why: String| LowerError::Refused {
            plugin: plugin.clone(),
            title: step.title.clone(),
            why,
        };
        let mut uploaded = None;
        if let Action::WriteFile(file) = &step.action
            && let Some(part) = named(&file.content)
        {
            let read = files.read(part, &step.why);
            uploaded = Some(read.map_err(|p| LowerError::File(Box::new(p.origin(&plugin))))?);
        }
        let mut program = |action: &Action| -> Result<Program, String> {
            Ok(match action.clone() {
                Action::Container(_) => {
                    let lowered = actions.next().ok_or("it gave no answer")??;
                    let processes = lowered.commands.into_iter().map(process).collect();
                    let abort = lowered.abort.into_iter().map(process).collect();
                    Program::Processes { processes, yields: lowered.yields, abort }
                }
                Action::Wait(Wait::Container(wait)) => {
                    let lowered = waits.next().ok_or("it gave no answer")??;
                    Program::Watch {
                        argv: lowered.argv,
                        accept: lowered.accept,
                        reject: lowered.reject,
                        steady: lowered.steady,
                        steady_ms: wait.steady_ms,
                    }
                }
                Action::Wait(Wait::Http(wait)) => {
                    let vain = match life(&wait) {
                        Some(_) => Some(waits.next().ok_or("it gave no answer")??),
                        None => None,
                    };
                    let vain =
                        vain.map(|lowered| Vain { argv: lowered.argv, words: lowered.reject });
                    Program::Http { wait, vain }
                }
                Action::Wait(Wait::Command(command)) => Program::Until(command.into()),
                Action::Wait(Wait::DelayMs(ms)) => Program::Delay { ms },
                Action::WriteFile(file) if named(&file.content).is_some() => {
                    let content = uploaded.take().ok_or("an undo can upload nothing")?;
                    Program::Upload { path: file.path, content, mode: file.mode }
                }
                Action::WriteFile(file) => {
                    Program::WriteFile { path: file.path, content: file.content, mode: file.mode }
                }
                Action::WriteEnvFile(file) => {
                    Program::WriteEnvFile { path: file.path, vars: file.vars }
                }
                Action::MakeDirectory(path) => Program::MakeDirectory { path },
                Action::MergeDirectory((from, to)) => Program::MergeDirectory { from, to },
                Action::AppendLine((path, line)) => Program::AppendLine { path, line },
                Action::RemoveFile(path) => Program::RemoveFile { path },
                Action::RemoveDirectory(path) => Program::RemoveDirectory { path },
                Action::Run(command) | Action::Exec((command, _)) => {
                    let processes = vec![command.into()];
                    Program::Processes { processes, yields: None, abort: Vec::new() }
                }
                Action::Hook(name) => Program::Hook { name },
                Action::Other((name, text)) if name == "say" => {
                    Program::Say { text: serde_json::from_str(&text).unwrap_or(text) }
                }
                Action::Other((name, _)) => return Err(format!("`{name}` is not known here")),
            })
        };
        let lowered = program(&step.action).map_err(refused)?;
        let undo = step.undo.as_ref().map(&mut program).transpose().map_err(refused)?;
        planned.push(qualify(plugin, step, lowered, undo));
    }
    name_outputs(&mut planned);
    Ok(planned)
}

/// What a command prints is of the kind that the steps say which use it.
fn name_outputs(planned: &mut [PlannedStep]) {
    let mut used = BTreeMap::new();
    for PlannedStep { step, program, undo, .. } in planned.iter_mut() {
        for program in std::iter::once(program).chain(undo.as_mut()) {
            each_text(program, &mut |text| {
                used.extend(text.iter().filter_map(|part| match part {
                    Part::OutputOf(output) => {
                        Some(((step.host.clone(), output.step.clone()), output.kind))
                    }
                    _ => None,
                }));
            });
        }
    }
    for PlannedStep { id, step, program, .. } in planned {
        if let Program::Processes { yields: yields @ None, .. } = program {
            *yields = used.get(&(step.host.clone(), id.clone())).copied();
        }
    }
}

#[derive(Default)]
struct Wanted {
    actions: Vec<ContainerAction>,
    waits: Vec<ContainerWait>,
}

impl Wanted {
    fn note(&mut self, action: &Action) {
        match action {
            Action::Container(action) => self.actions.push(action.clone()),
            Action::Wait(Wait::Container(wait)) => self.waits.push(wait.clone()),
            Action::Wait(Wait::Http(wait)) => self.waits.extend(life(wait)),
            _ => {}
        }
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
    PlannedStep { id, effect, plugin, step, program, undo, unlinked: Vec::new() }
}

/// What a step changes on the user's own machine before the lock is nothing that another deploy
/// depends on: it needs neither lock nor fence, which guard hosts.
fn effect_of(step: &Step) -> Effect {
    match effect(&step.action) {
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
        Program::Http { wait, vain } => {
            on(&mut wait.url);
            wait.contains.iter_mut().for_each(&mut *on);
            wait.absent.iter_mut().for_each(&mut *on);
            wait.port_after.iter_mut().for_each(&mut *on);
            vain.iter_mut().flat_map(|vain| &mut vain.argv).for_each(on);
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
