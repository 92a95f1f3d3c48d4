//! Runs one operation from observation to report: what all commands that touch hosts share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use serde_json::{Map, Value};
use tokio::sync::watch;

use crate::deploy::hooks::Hooks;
use crate::deploy::operation::{self, BOOTSTRAP};
use crate::deploy::remote::Remote;
use crate::deploy::snapshot::Snapshot;
use crate::deploy::{Attached, Run, RunError, Settings, attached};
use crate::local;
use crate::model::diagnostic::{Diagnostic, Kind};
use crate::model::event::Event;
use crate::model::plan::{Effect, Plan};
use crate::model::wit::{self, Aim};
use crate::plugin::Scope;
use crate::ssh::Pool;

use super::failure::Failure;
use super::output::Output;
use super::workspace::{self, Workspace, no_host};
use super::{Globals, connect, stream};

/// How long to wait for somebody else's lock, in seconds, unless told otherwise: longer than
/// a dead client's lease.
const LOCK_WAIT_S: u64 = 60;

/// What to do, and how its results are shown.
pub struct Operation<'a> {
    /// `deploy`, or noun and verb.
    pub name: &'a str,
    /// What it wants of plugins.
    pub aims: Vec<Aim>,
    pub arguments: Value,
    /// Texts of steps are the result.
    pub prints: bool,
    /// Runs pre-deploy and post-deploy hooks.
    pub deploys: bool,
    /// Unless the user names a version it is about the one in service.
    pub in_service: bool,
}

impl<'a> Operation<'a> {
    /// One of the kernel's own, without arguments, that tells nothing but how it went.
    pub fn new(name: &'a str) -> Self {
        let aims = operation::own(name, true).aims;
        let arguments = Value::Object(Map::new());
        Self { name, aims, arguments, prints: false, deploys: false, in_service: false }
    }

    /// One that deploys; with `skip_push` what is in the registry.
    pub fn deploy(name: &'a str, skip_push: bool) -> Self {
        let aims = operation::own(name, !skip_push).aims;
        let arguments = serde_json::json!({ "skip-push": skip_push });
        Self { aims, arguments, deploys: true, ..Self::new(name) }
    }
}

/// A run that is connected and ready.
pub struct Ready {
    pub run: Run<Remote>,
    pool: Pool,
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
        output.suppress_progress();
    }
    let mut request = workspace.request.clone();
    request.operation =
        wit::Operation { name: operation.name.into(), aims: operation.aims.clone() };
    request.arguments = operation.arguments.clone();
    request.prints = operation.prints;
    let about = request.about(&workspace.crew).map_err(|e| workspace::place(e.into(), workspace));
    let request = about?;
    let scope = workspace.crew.command(operation.name).map(|(_, command)| command.scope);
    let is_local = scope == Some(Scope::Local);
    if request.hosts.is_empty() && !is_local {
        return Err(no_host());
    }
    let performer = local::performer(&workspace.directory).await?;
    let now = now();
    let command = if operation.name == BOOTSTRAP { "setup" } else { operation.name };
    let hooks = match globals.skip_hooks {
        true => Hooks::default(),
        false => Hooks::new(&workspace.request, &workspace.env, &performer, &now, command),
    };
    let hooks = if operation.deploys { hooks.of_a_deploy() } else { hooks };
    if !is_local && !workspace.connected.swap(true, Ordering::Relaxed) {
        hooks.run("pre-connect").await?;
    }
    let mut hosts = request.hosts.clone();
    let primary = &request.project.primary_host;
    if !is_local && !hosts.contains(primary) {
        hosts.push(primary.clone());
    }
    let connected = connect::connect(workspace, &hosts, output.sink()).await?;
    let (remote, pool) = connected.split();
    let wait = globals.lock_wait.or(request.project.windlass.lock_wait).unwrap_or(LOCK_WAIT_S);
    let owner = local::user_name(&workspace.directory).await?;
    let owner = owner.unwrap_or_else(|| performer.clone());
    let declared = &request.project.secrets_declared;
    let mut local_env = workspace.env.clone();
    local_env.retain(|name, _| !declared.contains(name));
    let turn = workspace.turn();
    let settings =
        Settings { owner, performer, now, lock_wait_s: wait, strict: false, local_env, turn };
    let run = Run {
        hosts: Arc::new(remote),
        crew: workspace.crew.clone(),
        request,
        secrets: workspace.secrets.clone(),
        hooks,
        sink: output.sink(),
        stop: watch::Sender::new(false),
        settings,
    };
    let interrupted = stop_on_signals(run.stop.clone());
    Ok(Ready { run, pool, output: output.clone(), interrupted })
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
    let hooks = ready.run.hooks.clone();
    ready.close().await;
    Ok(hooks.after_deploy(result?).await?)
}

async fn go(
    workspace: &Workspace,
    operation: &Operation<'_>,
    ready: &mut Ready,
    output: &Output,
) -> Result<u64, Failure> {
    let began = Instant::now();
    match ready.run.request.hosts.len() {
        0 => {}
        1 => (ready.run.sink)(Event::Phase { title: "Observe 1 host".to_string() }),
        n => (ready.run.sink)(Event::Phase { title: format!("Observe {n} hosts") }),
    }
    if operation.in_service && !workspace.version_is_given {
        let found = ready.run.version_in_service().await;
        if let Some(version) = found.map_err(|e| workspace::place(e, workspace))? {
            ready.run.hooks.act_on(&version);
            ready.run.request.act_on(version);
        }
    }
    let seen = ready.run.observe().await.map_err(|e| workspace::place(e, workspace))?;
    let plan = ready.run.plan(&seen).map_err(|e| workspace::place(e, workspace))?;
    if plan.steps.is_empty() {
        output.say("Nothing to do.");
        return Ok(0);
    }
    if let Some(step) = attached(&plan) {
        return match ready.run.attach(step, stream::until_closed(stream::stdout())).await? {
            Attached::Well => Ok(began.elapsed().as_secs()),
            Attached::Badly => Err(Failure::Said),
            Attached::Unread => Err(Failure::CutOff),
        };
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

/// Performs a plan.
pub async fn perform(
    ready: &Ready,
    operation: &Operation<'_>,
    plan: Plan,
    seen: Snapshot,
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
    let done = ready.run.perform(plan, seen).await;
    done.map(|_| ()).map_err(|error| match error {
        RunError::Lanes(_) if ready.interrupted.load(Ordering::Relaxed) => {
            Diagnostic { kind: Kind::Interrupted, ..error.into() }.into()
        }
        error => workspace::place(error, workspace),
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

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|c| c.to_uppercase().collect::<String>() + chars.as_str()).unwrap_or_default()
}

/// The time in RFC 3339, UTC, whole seconds.
fn now() -> String {
    let now = jiff::Timestamp::now();
    jiff::Timestamp::from_second(now.as_second()).unwrap_or(now).to_string()
}
