//! Steps on the user's own machine before the lock: logins, hooks, clones, builds, pushes.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::local::{self, Command, Exit, LocalError, REPOSITORY_VARIABLES, Stream};
use crate::model::event::{Ending, Event, Sink};
use crate::model::outputs;
use crate::model::plan::{Effect, PlannedStep, Process, Program};
use crate::model::secret::{MissingSecret, Secret, SecretStore};
use crate::model::wit::{Condition, OutputKind, Part, Text};

use super::error::{LocalFailure, RunError};
use super::hooks::Hooks;

/// Lines of a step's output that an error quotes.
const QUOTED: usize = 20;

/// Why a step did not come to a good end.
struct Stopped {
    why: String,
    help: Vec<String>,
    is_out_of_time: bool,
}

impl From<String> for Stopped {
    fn from(why: String) -> Self {
        Self { why, help: Vec::new(), is_out_of_time: false }
    }
}

impl From<LocalError> for Stopped {
    fn from(error: LocalError) -> Self {
        let is_out_of_time = matches!(error, LocalError::TimedOut { .. });
        let help = error.help().map(String::from).into_iter().collect();
        Self { why: error.to_string(), help, is_out_of_time }
    }
}

impl From<MissingSecret> for Stopped {
    fn from(missing: MissingSecret) -> Self {
        Self { help: vec![missing.help.clone()], ..Self::from(missing.to_string()) }
    }
}

/// The user's machine, for steps.
pub struct LocalSteps<'a> {
    pub secrets: &'a SecretStore,
    pub sink: &'a Sink,
    /// Variables over those of this process: what `.env` files set.
    pub env: &'a BTreeMap<String, String>,
    pub hooks: &'a Hooks,
}

impl LocalSteps<'_> {
    /// Runs the steps in order. After the first failure that counts only those still run that
    /// are there for a failure. Answers what they have yielded, by step.
    pub async fn run(&self, steps: &[&PlannedStep]) -> Result<BTreeMap<String, String>, RunError> {
        let mut outputs = BTreeMap::new();
        let mut endings: BTreeMap<&str, bool> = BTreeMap::new();
        let mut failure = None;
        for planned in steps {
            let step = &planned.spec;
            let due = match &step.when {
                Condition::Always => failure.is_none(),
                Condition::Ok(id) => failure.is_none() && endings.get(id.as_str()) == Some(&true),
                Condition::Failed(id) => endings.get(id.as_str()) == Some(&false),
            };
            let block = step.block.as_deref();
            if !due || block.is_some_and(|block| endings.get(block) == Some(&false)) {
                continue;
            }
            let ended = self.one(planned, &mut outputs).await;
            endings.insert(&planned.id, ended.is_ok());
            if let Some(block) = block {
                *endings.entry(block).or_insert(true) &= ended.is_ok();
            }
            if let Err(error) = ended
                && !step.may_fail
            {
                failure.get_or_insert(error);
            }
        }
        failure.map_or(Ok(outputs), Err)
    }

    /// One step, told from beginning to end.
    async fn one(
        &self,
        planned: &PlannedStep,
        outputs: &mut BTreeMap<String, String>,
    ) -> Result<(), RunError> {
        // Most projects have no hooks; one that fails is told as the error.
        if let Program::Hook { name } = &planned.program {
            return self.hooks.run(name).await.map(drop);
        }
        let (host, step) = (planned.spec.host.clone(), planned.id.clone());
        let title = planned.spec.title.clone();
        (self.sink)(Event::Begin { host: host.clone(), step: step.clone(), title: title.clone() });
        let began = Instant::now();
        let ended = self.perform(planned, outputs).await;
        let ms = began.elapsed().as_millis() as u64;
        // A question that may be answered with no is no failure then.
        let asks = planned.spec.may_fail && planned.effect == Effect::Read;
        let good = ended.is_ok() || asks;
        let (ending, code) = match &ended {
            _ if good => (Ending::Ok, 0),
            Err(stopped) if stopped.is_out_of_time => (Ending::TimedOut, 124),
            _ => (Ending::Failed, 1),
        };
        (self.sink)(Event::End { host, step, title: title.clone(), ending, code, ms });
        ended.map_err(|stopped| {
            let Stopped { mut why, mut help, .. } = stopped;
            if let Some(more) = &planned.spec.help {
                why.truncate(why.trim_end().len());
                help.push(more.clone());
            }
            LocalFailure { title, why, help }.into()
        })
    }

    async fn perform(
        &self,
        step: &PlannedStep,
        outputs: &mut BTreeMap<String, String>,
    ) -> Result<(), Stopped> {
        match &step.program {
            Program::Processes { processes, yields, abort } => {
                for (index, process) in processes.iter().enumerate() {
                    let kind = yields.filter(|_| index + 1 == processes.len());
                    let ended = self.start(step, process, kind, outputs).await;
                    if ended.as_ref().is_err_and(|stopped| stopped.is_out_of_time) {
                        for process in abort {
                            // Its failure is told; why the step failed is the time-out.
                            let _ = self.start(step, process, None, outputs).await;
                        }
                    }
                    let printed = ended?;
                    if let Some(kind) = kind {
                        outputs.insert(step.id.clone(), self.output(kind, printed)?);
                    }
                }
                Ok(())
            }
            Program::Say { text } => {
                match step.spec.is_result {
                    true => text.lines().for_each(|line| self.tell(step, line, true)),
                    false => (self.sink)(Event::Note { message: text.clone() }),
                }
                Ok(())
            }
            _ => Err("only commands and hooks can run on this machine".to_string().into()),
        }
    }

    /// What a step yields, if it is of the kind that is wanted. A secret is masked from here on.
    fn output(&self, kind: OutputKind, printed: String) -> Result<String, String> {
        let value = printed.trim_end_matches(['\r', '\n']).to_string();
        if kind == OutputKind::SecretText {
            (self.sink)(Event::Secret { text: Secret::new(value.clone()) });
        }
        match outputs::has_syntax(kind, &value) {
            true => Ok(value),
            false => Err(format!("what it printed is not {}", outputs::with_article(kind))),
        }
    }

    fn tell(&self, step: &PlannedStep, line: &str, result: bool) {
        let (host, step) = (step.spec.host.clone(), step.id.clone());
        (self.sink)(Event::Text { host, step, line: line.to_owned(), result });
    }

    /// Runs a process. What it prints is told, unless it is what the step yields.
    async fn start(
        &self,
        step: &PlannedStep,
        process: &Process,
        kind: Option<OutputKind>,
        outputs: &BTreeMap<String, String>,
    ) -> Result<String, Stopped> {
        let argv = process
            .argv
            .iter()
            .map(|text| self.word(text, outputs))
            .collect::<Result<Vec<_>, _>>()?;
        let mut command = Command::new(argv.iter().map(String::as_str));
        command.env_removed = REPOSITORY_VARIABLES.map(Into::into).to_vec();
        let own = self.env.iter().filter(|(n, _)| !REPOSITORY_VARIABLES.contains(&n.as_str()));
        command.env = own.map(|(name, value)| (name.into(), value.into())).collect();
        for var in &process.env {
            command.env.insert(var.name.clone().into(), self.value(&var.value, outputs)?.into());
        }
        if let Some(stdin) = &process.stdin {
            command.stdin = Some(self.value(stdin, outputs)?.into_bytes());
        }
        command.time_limit = Some(Duration::from_millis(step.spec.time_limit_ms.into()));
        let result = step.spec.is_result;
        let mut printed = Vec::new();
        let mut rest = String::new();
        let mut last: Vec<String> = Vec::new();
        let mut line = |line: &str| {
            last.push(line.to_owned());
            if last.len() > QUOTED {
                last.remove(0);
            }
            self.tell(step, line, result);
        };
        let exit = local::run(command, |stream, bytes| {
            if kind.is_some() && stream == Stream::Stdout {
                printed.extend_from_slice(bytes);
                return;
            }
            rest.push_str(&String::from_utf8_lossy(bytes));
            while let Some((before, after)) = rest.split_once('\n') {
                line(before.trim_end_matches('\r'));
                rest = after.to_string();
            }
        })
        .await?;
        if !rest.is_empty() {
            line(&rest);
        }
        match exit {
            Exit::Code(code) if good(process, code) => String::from_utf8(printed)
                .map_err(|_| "what it printed is not UTF-8".to_string().into()),
            Exit::Code(code) => {
                let said = last.join("\n");
                Err(format!("`{}` ended with code {code}\n{said}", argv.join(" ")).into())
            }
            Exit::Signal(signal) => {
                Err(format!("`{}` was ended by signal {signal}", argv.join(" ")).into())
            }
        }
    }

    /// A word of a command line: every process can read it, so it holds no secret.
    fn word(&self, text: &Text, outputs: &BTreeMap<String, String>) -> Result<String, Stopped> {
        if let Some(Part::Secret(name)) = text.iter().find(|part| matches!(part, Part::Secret(_))) {
            return Err(format!("the secret `{name}` would appear in a command line").into());
        }
        self.value(text, outputs)
    }

    /// A text; of the machine that it speaks of as a host, this is it.
    fn value(&self, text: &Text, outputs: &BTreeMap<String, String>) -> Result<String, Stopped> {
        let mut out = String::new();
        for part in text {
            match part {
                Part::Literal(literal) => out.push_str(literal),
                Part::HostEnv(name) => {
                    out.push_str(self.env.get(name).map_or("", String::as_str));
                }
                Part::Secret(name) => out.push_str(self.secrets.get(name)?.expose()),
                Part::OutputOf(output) => match outputs.get(&output.step) {
                    Some(value) => out.push_str(value),
                    None => {
                        let why = format!("the step `{}` has yielded nothing", output.step);
                        return Err(why.into());
                    }
                },
                Part::HostFile(_) | Part::Other(_) => {
                    let why = "a text refers to something that only a host knows";
                    return Err(why.to_string().into());
                }
            }
        }
        Ok(out)
    }
}

fn good(process: &Process, code: i32) -> bool {
    if process.success.is_empty() { code == 0 } else { process.success.contains(&code) }
}
