//! Runs one operation from observation to report: what all commands that touch hosts share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use serde_json::{Map, Value};
use tokio::sync::watch;

use crate::deploy::hosts::Seen;
use crate::deploy::remote::Remote;
use crate::deploy::{Run, RunError, Settings};
use crate::execute;
use crate::local;
use crate::model::event::Event;
use crate::model::plan::{Effect, Plan, PlannedStep};
use crate::model::wit::{Action, ContainerAction};
use crate::plugin::Scope;
use crate::ssh::Pool;

use super::failure::{self, Failure};
use super::hooks::Hooks;
use super::output::Output;
use super::workspace::{Workspace, no_host};
use super::{Globals, connect, stream};

/// How long to wait for somebody else's lock, in seconds, unless told otherwise: longer than
/// a dead client's lease.
const LOCK_WAIT_S: u64 = 60;

/// The operation with which `setup` begins: whatever servers need before they can be asked.
pub const BOOTSTRAP: &str = "bootstrap";

/// What to do, and how its results are shown.
pub struct Operation<'a> {
    /// `deploy`, or noun and verb.
    pub name: &'a str,
    pub arguments: Value,
    /// Texts of steps are the result.
    pub prints: bool,
    /// Runs pre-deploy and post-deploy hooks.
    pub deploys: bool,
    /// Unless the user names a version it is about the one in service.
    pub in_service: bool,
}

impl<'a> Operation<'a> {
    /// One without arguments that tells nothing but how it went.
    pub fn new(name: &'a str) -> Self {
        let arguments = Value::Object(Map::new());
        Self { name, arguments, prints: false, deploys: false, in_service: false }
    }
}

/// A run that is connected and ready.
pub struct Ready {
    pub run: Run<Remote>,
    pool: Pool,
    pub hooks: Hooks,
    output: Output,
    interrupted: Arc<AtomicBool>,
}

impl Ready {
    /// Ends the connections.
    pub async fn close(self) {
        let Self { run, pool, .. } = self;
        drop(run);
        pool.close().await;
    }
}

/// Connects, and prepares a run of the operation.
pub async fn ready(
    workspace: &Workspace,
    operation: &Operation<'_>,
    globals: &Globals,
    output: &Output,
) -> Result<Ready, Failure> {
    if operation.prints {
        output.hush();
    }
    let mut brief = workspace.brief.clone();
    brief.operation = operation.name.to_string();
    brief.arguments = operation.arguments.clone();
    brief.prints = operation.prints;
    let about = brief.about(&workspace.crew).map_err(|e| failure::place(e.into(), workspace));
    let brief = about?;
    let scope = workspace.crew.command(operation.name).map(|(_, command)| command.scope);
    let is_local = scope == Some(Scope::Local);
    if brief.hosts.is_empty() && !is_local {
        return Err(no_host());
    }
    let performer = local::performer(&workspace.directory).await?;
    let now = now();
    let command = if operation.name == BOOTSTRAP { "setup" } else { operation.name };
    let hooks = Hooks::new(workspace, globals.skip_hooks, &performer, &now, command);
    if !is_local && !workspace.connected.swap(true, Ordering::Relaxed) {
        hooks.run("pre-connect", None).await?;
    }
    let mut hosts = brief.hosts.clone();
    let primary = &brief.project.primary_host;
    if !is_local && !hosts.contains(primary) {
        hosts.push(primary.clone());
    }
    let connected = connect::connect(workspace, &hosts, output.sink()).await?;
    let (remote, pool) = connected.split();
    let wait = globals.lock_wait.or(brief.project.windlass.lock_wait).unwrap_or(LOCK_WAIT_S);
    let owner = local::user_name(&workspace.directory).await?;
    let owner = owner.unwrap_or_else(|| performer.clone());
    let declared = &brief.project.secrets_declared;
    let mut local_env = workspace.env.clone();
    local_env.retain(|name, _| !declared.contains(name));
    let turn = workspace.turn();
    let settings =
        Settings { owner, performer, now, lock_wait_s: wait, strict: false, local_env, turn };
    let run = Run {
        hosts: Arc::new(remote),
        crew: workspace.crew.clone(),
        brief,
        secrets: workspace.secrets.clone(),
        sink: output.sink(),
        stop: watch::Sender::new(false),
        settings,
    };
    let interrupted = stop_on_signals(run.stop.clone());
    Ok(Ready { run, pool, hooks, output: output.clone(), interrupted })
}

/// Observes, plans and performs.
pub async fn operate(
    workspace: &Workspace,
    operation: Operation<'_>,
    globals: &Globals,
    output: &Output,
) -> Result<(), Failure> {
    let mut ready = ready(workspace, &operation, globals, output).await?;
    let result = go(workspace, &operation, &mut ready, output).await;
    let elapsed = ready.hooks.clone();
    ready.close().await;
    let runtime = result?;
    if operation.deploys {
        elapsed.run("post-deploy", Some(runtime)).await?;
    }
    Ok(())
}

async fn go(
    workspace: &Workspace,
    operation: &Operation<'_>,
    ready: &mut Ready,
    output: &Output,
) -> Result<u64, Failure> {
    let began = Instant::now();
    match ready.run.brief.hosts.len() {
        0 => {}
        1 => (ready.run.sink)(Event::Phase { title: "Observe 1 host".to_string() }),
        n => (ready.run.sink)(Event::Phase { title: format!("Observe {n} hosts") }),
    }
    if operation.in_service && !workspace.version_is_given {
        let found = ready.run.version_in_service().await;
        if let Some(version) = found.map_err(|e| failure::place(e, workspace))? {
            ready.hooks.act_on(&version);
            ready.run.brief.act_on(version);
        }
    }
    let seen = ready.run.observe().await.map_err(|e| failure::place(e, workspace))?;
    let plan = ready.run.plan(&seen).map_err(|e| failure::place(e, workspace))?;
    if plan.steps.is_empty() {
        output.say("Nothing to do.");
        return Ok(0);
    }
    if let Some(step) = plan.steps.iter().find(|step| attaches(step)) {
        attach(&ready.run, step).await?;
        return Ok(began.elapsed().as_secs());
    }
    perform(ready, operation, plan, seen, workspace).await?;
    if operation.prints {
        let what = operation.name.split(' ').next().unwrap_or_default();
        output.results(&capital(what));
    }
    let seconds = began.elapsed().as_secs_f64();
    if operation.deploys {
        output.say(&format!("  Finished all in {seconds:.1} seconds"));
    }
    Ok(seconds.round() as u64)
}

/// Performs a plan with the operation's hooks.
pub async fn perform(
    ready: &Ready,
    operation: &Operation<'_>,
    plan: Plan,
    seen: Seen,
    workspace: &Workspace,
) -> Result<(), Failure> {
    if plan.writes() {
        ready.output.persist();
    } else {
        ready.output.stops(ready.run.stop.clone());
    }
    let mut title = format!("{} version {}", capital(operation.name), plan.version);
    let writes = plan.steps.iter().filter(|step| step.effect == Effect::Write).count();
    if writes > 0 {
        title += &format!(": {} steps, {writes} of them change a host", plan.steps.len());
    }
    (ready.run.sink)(Event::Phase { title });
    let hooks = ready.hooks.clone();
    let deploys = operation.deploys;
    let hook = move |name: &str, about: Option<Vec<String>>| -> Result<bool, RunError> {
        if name == "pre-deploy" && !deploys {
            return Ok(false);
        }
        let hooks = match about {
            Some(hosts) => hooks.about(&hosts),
            None => hooks.clone(),
        };
        let handle = tokio::runtime::Handle::current();
        tokio::task::block_in_place(|| handle.block_on(hooks.run(name, None)))
    };
    let done = ready.run.perform(plan, seen, &hook).await;
    done.map(|_| ()).map_err(|error| match error {
        RunError::Lanes(_) if ready.interrupted.load(Ordering::Relaxed) => {
            Failure::Interrupted(error.to_string())
        }
        error => failure::place(error, workspace),
    })
}

/// Ctrl-C and SIGTERM ask the run to stop at the next safe point; the flag tells that one came.
fn stop_on_signals(stop: watch::Sender<bool>) -> Arc<AtomicBool> {
    use tokio::signal::unix::{SignalKind, signal};
    let came = Arc::new(AtomicBool::new(false));
    for kind in [SignalKind::interrupt(), SignalKind::terminate()] {
        let Ok(mut signals) = signal(kind) else { continue };
        let (stop, came) = (stop.clone(), came.clone());
        tokio::spawn(async move {
            while signals.recv().await.is_some() {
                came.store(true, Ordering::Relaxed);
                stop.send_replace(true);
            }
        });
    }
    came
}

/// True for a step that needs the user's terminal.
fn attaches(step: &PlannedStep) -> bool {
    match &step.step.action {
        Action::Exec((_, tty)) => *tty,
        Action::Container(ContainerAction::Exec(exec)) => exec.tty,
        Action::Container(ContainerAction::RunOnce((_, tty))) => *tty,
        Action::Container(ContainerAction::Logs(logs)) => logs.follow,
        _ => false,
    }
}

async fn attach(run: &Run<Remote>, step: &PlannedStep) -> Result<(), Failure> {
    let line = execute::script::command_line(step, &run.secrets)
        .map_err(|error| Failure::Message(format!("{}: {error}", step.step.title)))?;
    if let Some(what) = &step.step.audit {
        let record = run.audit().record(what, step.step.role.as_deref());
        run.hosts.ask(&step.step.host, &record, |_| ()).await?;
    }
    let session = run.hosts.session(&step.step.host)?;
    // What only tells something ends when nobody reads it; anything else is the user's to end.
    let unread = async {
        match step.effect {
            Effect::Read => stream::until_closed(stream::stdout()).await,
            Effect::Stage | Effect::User | Effect::Write => std::future::pending().await,
        }
    };
    let ended = session.interactive(&line, unread).await;
    match ended.map_err(|e| Failure::Message(e.to_string()))? {
        None => Err(Failure::CutOff),
        Some(status) if status.success() => Ok(()),
        Some(_) => Err(Failure::Said),
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|c| c.to_uppercase().collect::<String>() + chars.as_str()).unwrap_or_default()
}

/// The time in RFC 3339, UTC, whole seconds.
pub fn now() -> String {
    let seconds = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    rfc3339(seconds)
}

/// Seconds since 1970 as RFC 3339: civil date from days, after Hinnant.
fn rfc3339(seconds: u64) -> String {
    let (days, rest) = ((seconds / 86_400) as i64, seconds % 86_400);
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = doy - (153 * mp + 2) / 5 + 1;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = yoe + era * 400 + i64::from(month <= 2);
    let (h, m, s) = (rest / 3_600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{h:02}:{m:02}:{s:02}Z")
}

#[cfg(test)]
mod tests {
    use super::rfc3339;

    #[test]
    fn dates() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339(951_782_399), "2000-02-28T23:59:59Z");
        assert_eq!(rfc3339(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(rfc3339(1_795_440_896), "2026-11-23T13:34:56Z");
    }
}
