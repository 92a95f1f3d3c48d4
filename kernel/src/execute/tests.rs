//! Scripts, run by every POSIX shell that is there: what they do, and what they say.

use std::io::{Read, Write};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use crate::model::event::Event;
use crate::model::plan::{Effect, PlannedStep, Process, Program};
use crate::model::secret::{Secret, SecretStore};
use crate::model::wit::{
    Action, Condition, EnvVar, OutputKind, OutputRef, Part, Phase, Step, Text,
};
use crate::ssh::Chunk;
use crate::ssh::frame::Frames;

use super::report::Reader;
use super::{Audit, Fence, Script, StepResults, Trip, TripReport};

mod cut;
mod files;
mod lanes;
mod limits;
mod names;
mod order;
mod undo;
mod values;
mod waits;

/// What begins a line that is the script's own.
const MARK: &str = "4d61726b";

/// Words that start a shell which reads its script from stdin.
const SHELLS: &[&[&str]] = &[&["sh", "-s"], &["bash", "--posix", "-s"], &["busybox", "sh", "-s"]];

/// A host of one directory, which is the home and where scripts start.
struct Bench {
    home: tempfile::TempDir,
    shell: &'static [&'static str],
    path: Option<String>,
    secrets: SecretStore,
}

/// Runs a test once per shell that this machine has.
fn each_shell(test: impl Fn(Bench)) {
    for shell in SHELLS {
        if program(shell[0]).is_some() {
            test(Bench::new(shell));
        }
    }
}

/// Where a program is.
fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).map(|dir| dir.join(name)).find(|path| path.is_file())
}

/// What came of a script.
#[derive(Debug)]
struct Outcome {
    report: TripReport,
    /// Ids of steps in the order in which they began.
    begun: Vec<String>,
    /// Lines on stderr that belong to no step.
    stray: Vec<String>,
    /// What is to be masked from now on.
    secrets: Vec<Secret>,
}

impl Bench {
    fn new(shell: &'static [&'static str]) -> Self {
        let home = tempfile::tempdir().unwrap();
        Self { home, shell, path: None, secrets: SecretStore::default() }
    }

    fn script(&self, trip: &Trip) -> Script {
        trip.script(MARK, &self.secrets).unwrap()
    }

    /// The shell as the leader of a process group, as sshd starts it.
    fn spawn(&self) -> Child {
        let mut command = Command::new(self.shell[0]);
        command.args(&self.shell[1..]).current_dir(self.home.path()).env("HOME", self.home.path());
        if let Some(path) = &self.path {
            command.env("PATH", path);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.process_group(0).spawn().unwrap()
    }

    fn run(&self, trip: &Trip) -> Outcome {
        self.run_text(trip, &self.script(trip).text)
    }

    fn run_text(&self, trip: &Trip, text: &str) -> Outcome {
        let mut child = self.spawn();
        send(&mut child, text);
        let (mut out, mut err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let errors = std::thread::spawn(move || {
            let mut bytes = Vec::new();
            err.read_to_end(&mut bytes).unwrap();
            bytes
        });
        let mut bytes = Vec::new();
        out.read_to_end(&mut bytes).unwrap();
        child.wait().unwrap();
        read(trip, &bytes, &errors.join().unwrap())
    }

    fn file(&self, path: &str) -> PathBuf {
        self.home.path().join(path)
    }

    /// A file's text, none if it is not there.
    fn text(&self, path: &str) -> Option<String> {
        std::fs::read_to_string(self.file(path)).ok()
    }

    fn put(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.file(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
}

/// Sends a script and ends the stream. A shell that has ended already does not matter.
fn send(child: &mut Child, text: &str) {
    let mut stdin = child.stdin.take().unwrap();
    let _ = stdin.write_all(text.as_bytes());
}

fn read(trip: &Trip, out: &[u8], err: &[u8]) -> Outcome {
    let begun = Arc::new(Mutex::new(Vec::new()));
    let stray = Arc::new(Mutex::new(Vec::new()));
    let secrets = Arc::new(Mutex::new(Vec::new()));
    let (begins, strays, learned) = (begun.clone(), stray.clone(), secrets.clone());
    let sink = Arc::new(move |event| match event {
        Event::Begin { step, .. } => begins.lock().unwrap().push(step),
        Event::Debug { message } => strays.lock().unwrap().push(message),
        Event::Secret { text } => learned.lock().unwrap().push(text),
        _ => {}
    });
    let mut reader = Reader::new(trip, "host", sink);
    let mut frames = Frames::new(MARK);
    frames.read(&Chunk::Stdout(out.to_vec())).into_iter().for_each(|f| reader.take(f));
    frames.read(&Chunk::Stderr(err.to_vec())).into_iter().for_each(|f| reader.take(f));
    frames.end().into_iter().for_each(|f| reader.take(f));
    let report = reader.finish();
    let (begun, stray) = (begun.lock().unwrap().clone(), stray.lock().unwrap().clone());
    let secrets = secrets.lock().unwrap().clone();
    Outcome { report, begun, stray, secrets }
}

impl Outcome {
    fn code(&self, step: &str) -> Option<i32> {
        self.report.codes.get(step).copied()
    }

    /// All that a step printed.
    fn printed(&self, step: &str) -> String {
        self.report.texts.get(step).map(|lines| lines.join("\n")).unwrap_or_default()
    }

    /// Ids of what was taken back, in order; all of it well.
    fn undone(&self) -> Vec<&str> {
        assert!(self.report.undone.iter().all(|(_, ok)| *ok), "{self:?}");
        self.report.undone.iter().map(|(id, _)| id.as_str()).collect()
    }
}

/// A step of the `start` phase that a minute is enough for.
fn step(id: &str, program: Program) -> PlannedStep {
    let step = Step {
        why: "a test".into(),
        ..Step::new(
            id,
            "host",
            Phase::Start,
            format!("Do {id}"),
            Action::MakeDirectory("unused".into()),
        )
    };
    let (id, plugin) = (id.to_string(), "test".to_string());
    let unlinked = Vec::new();
    PlannedStep { id, plugin, effect: Effect::Write, spec: step, program, undo: None, unlinked }
}

/// A step of shell commands.
fn does(id: &str, commands: &str) -> PlannedStep {
    step(id, shell(commands))
}

impl PlannedStep {
    fn back(mut self, program: Program) -> Self {
        self.undo = Some(program);
        self
    }

    fn when(mut self, condition: Condition) -> Self {
        self.spec.when = condition;
        self
    }

    fn block(mut self, block: &str) -> Self {
        self.spec.block = Some(block.into());
        self
    }

    fn may_fail(mut self) -> Self {
        self.spec.may_fail = true;
        self
    }

    fn limit(mut self, ms: u32) -> Self {
        self.spec.time_limit_ms = ms;
        self
    }

    fn yields(mut self, kind: OutputKind) -> Self {
        if let Program::Processes { yields, .. } = &mut self.program {
            *yields = Some(kind);
        }
        self
    }
}

fn failed(id: &str) -> Condition {
    Condition::Failed(id.into())
}

fn ok(id: &str) -> Condition {
    Condition::Ok(id.into())
}

fn literal(text: &str) -> Text {
    vec![Part::Literal(text.into())]
}

fn output(step: &str, kind: OutputKind) -> Part {
    Part::OutputOf(OutputRef { step: step.into(), kind })
}

fn process(argv: &[&str]) -> Process {
    let argv = argv.iter().map(|word| literal(word)).collect();
    Process { argv, env: Vec::new(), stdin: None, success: Vec::new() }
}

fn processes(processes: Vec<Process>) -> Program {
    Program::Processes { processes, yields: None, abort: Vec::new() }
}

fn shell(commands: &str) -> Program {
    processes(vec![process(&["sh", "-c", commands])])
}

fn var(name: &str, value: Text) -> EnvVar {
    EnvVar { name: name.into(), value }
}

/// A trip that takes back what it did if it fails.
fn trip(steps: Vec<PlannedStep>) -> Trip {
    let audit = Audit { path: "audit.log".into(), performer: "Jo".into(), destination: None };
    Trip { fence: None, audit, steps, known: StepResults::default(), undo: true }
}

/// A trip of a step that does this and can be taken back, and of one more.
fn a_then_b(does_a: &str) -> Trip {
    trip(vec![does("a", does_a).back(shell("echo -a >>log")), does("b", "echo b >>log")])
}
