//! Steps on the user's own machine: builds, pushes, logins.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::local::{self, Command, Exit};
use crate::model::event::{Ending, Event, Sink};
use crate::model::plan::{PlannedStep, Process, Program};
use crate::model::secret::SecretStore;
use crate::model::wit::{Condition, Part, Text};

/// A step that failed here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{title}` failed: {why}")]
pub struct LocalFailure {
    pub title: String,
    pub why: String,
}

/// Runs the steps in order; the first failure that counts ends it.
pub async fn run(
    steps: &[&PlannedStep],
    secrets: &SecretStore,
    sink: &Sink,
) -> Result<(), LocalFailure> {
    let mut endings: BTreeMap<String, bool> = BTreeMap::new();
    let mut failure = None;
    for step in steps {
        let due = match &step.step.when {
            Condition::Always => failure.is_none(),
            Condition::Ok(id) => failure.is_none() && endings.get(id) == Some(&true),
            Condition::Failed(id) => endings.get(id) == Some(&false),
        };
        let blocked = step.step.block.as_ref().is_some_and(|b| endings.get(b) == Some(&false));
        if !due || blocked {
            continue;
        }
        let (host, id, title) = (step.step.host.clone(), step.id.clone(), step.step.title.clone());
        sink(Event::Begin { host: host.clone(), step: id.clone(), title: title.clone() });
        let began = Instant::now();
        let ended = perform(step, secrets, sink).await;
        let ok = ended.is_ok();
        let ms = began.elapsed().as_millis() as u64;
        let (ending, code) = if ok { (Ending::Ok, 0) } else { (Ending::Failed, 1) };
        sink(Event::End { host, step: id.clone(), title: title.clone(), ending, code, ms });
        endings.insert(id, ok);
        if let Some(block) = &step.step.block {
            let all = endings.entry(block.clone()).or_insert(true);
            *all = *all && ok;
        }
        if let Err(why) = ended
            && !step.step.may_fail
            && failure.is_none()
        {
            failure = Some(LocalFailure { title, why });
        }
    }
    failure.map_or(Ok(()), Err)
}

async fn perform(step: &PlannedStep, secrets: &SecretStore, sink: &Sink) -> Result<(), String> {
    let Program::Processes { processes, .. } = &step.program else {
        return Err("only commands can run on this machine".into());
    };
    for process in processes {
        one(step, process, secrets, sink).await?;
    }
    Ok(())
}

async fn one(
    step: &PlannedStep,
    process: &Process,
    secrets: &SecretStore,
    sink: &Sink,
) -> Result<(), String> {
    let argv = process.argv.iter().map(|text| plain(text, None)).collect::<Result<Vec<_>, _>>()?;
    let mut command = Command::new(argv.iter().map(String::as_str));
    for var in &process.env {
        command.env.insert(var.name.clone().into(), plain(&var.value, Some(secrets))?.into());
    }
    if let Some(stdin) = &process.stdin {
        command.stdin = Some(plain(stdin, Some(secrets))?.into_bytes());
    }
    command.time_limit = Some(Duration::from_millis(step.step.time_limit_ms.into()));
    let mut rest = String::new();
    let mut last: Vec<String> = Vec::new();
    let mut tell = |line: String| {
        last.push(line.clone());
        if last.len() > 20 {
            last.remove(0);
        }
        let (host, step) = (step.step.host.clone(), step.id.clone());
        sink(Event::Text { host, step, line, result: false });
    };
    let exit = local::run(command, |_, bytes| {
        rest.push_str(&String::from_utf8_lossy(bytes));
        while let Some((line, after)) = rest.split_once('\n') {
            tell(line.trim_end_matches('\r').to_string());
            rest = after.to_string();
        }
    })
    .await
    .map_err(|error| error.to_string())?;
    if !rest.is_empty() {
        tell(rest.clone());
    }
    match exit {
        Exit::Code(0) if process.success.is_empty() => Ok(()),
        Exit::Code(code) if process.success.contains(&code) => Ok(()),
        Exit::Code(code) => {
            Err(format!("`{}` ended with code {code}\n{}", argv.join(" "), last.join("\n")))
        }
        Exit::Signal(signal) => Err(format!("`{}` was ended by signal {signal}", argv.join(" "))),
    }
}

/// A text without anything that only a host knows; secrets only where they may stand.
fn plain(text: &Text, secrets: Option<&SecretStore>) -> Result<String, String> {
    let mut out = String::new();
    for part in text {
        match (part, secrets) {
            (Part::Literal(literal), _) => out.push_str(literal),
            (Part::Secret(name), Some(secrets)) => {
                let secret = secrets.get(name).map_err(|e| format!("{e}\nhelp: {}", e.help))?;
                out.push_str(secret.expose());
            }
            (Part::Secret(name), None) => {
                return Err(format!("the secret `{name}` would stand in a command line"));
            }
            _ => return Err("a text refers to something that only a host knows".into()),
        }
    }
    Ok(out)
}
