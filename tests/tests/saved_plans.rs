//! A saved plan is what runs, or nothing runs: every write event of the engines and every
//! changed file is a step of the plan, and every step leaves its trace.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use windlass_tests::events::DockerEvent;
use windlass_tests::host::Host;
use windlass_tests::story::Story;

#[test]
#[ignore = "needs the fleet: cargo xtask test"]
fn a_plan_runs_unless_a_fact_that_matters_has_changed() -> Result<()> {
    let story = Story::begin("planned")?;
    let two = story.project.commit_version("2")?;
    let web = story.web()?;
    let shown = story.windlass.ok(&["plan", "-o", "plan.json"])?.all();
    ensure!(shown.contains(&two[..7]), "the plan does not name the new version:\n{shown}");
    story.expect_serving("1")?;

    // Somebody replaces the current container by hand: refused, and told why.
    let name = format!("planned-web-{}", story.one);
    web.docker(&["rename", &name, "renamed-by-hand"])?;
    let refused = story.windlass.fails(&["apply", "plan.json"])?.all();
    ensure!(refused.contains("web-1"), "the refusal does not name the host:\n{refused}");
    ensure!(refused.contains("renamed-by-hand"), "nor the fact:\n{refused}");
    story.expect_serving("1")?;
    web.docker(&["rename", "renamed-by-hand", &name])?;

    // An unrelated container changes no step.
    web.docker(&["run", "--detach", "--name", "stranger", &story.fleet.traefik_image])?;
    let load = story.load(&["1", "2"]);
    story.windlass.ok(&["apply", "plan.json"])?;
    load.stop().expect(100, &["2"], 1)?;
    story.expect_serving("2")?;
    story.expect_running(&two)
}

#[test]
#[ignore = "needs the fleet: cargo xtask test"]
fn what_apply_does_is_what_the_plan_says() -> Result<()> {
    let story = Story::begin("mapped")?;
    story.project.commit_version("2")?;
    story.windlass.ok(&["plan", "-o", "plan.json"])?;
    let plan: Value = serde_json::from_str(&story.project.read("plan.json")?)?;
    let steps = plan.pointer("/plan/steps").and_then(Value::as_array).context("no steps")?;

    let watches: Result<Vec<_>> = story.fleet.hosts.iter().map(Host::watch_events).collect();
    let before: Result<Vec<_>> = story.fleet.hosts.iter().map(files).collect();
    story.windlass.ok(&["apply", "plan.json"])?;
    for ((host, watch), before) in story.fleet.hosts.iter().zip(watches?).zip(before?) {
        let traces: Vec<Trace> = steps
            .iter()
            .filter(|step| text(step, "/step/host") == host.name)
            .map(Trace::of)
            .collect::<Result<_>>()?;
        ensure!(traces.len() > 5, "the plan says almost nothing about {}", host.name);
        let events = watch.stop()?;
        let names = names(&events);
        for event in events.iter().filter(|event| event.is_write()) {
            let by: Vec<_> = traces.iter().filter(|trace| trace.made(event, &names)).collect();
            ensure!(by.len() == 1, "{}: {event:?} is by {by:#?}", host.name);
        }
        let changed = changed(&before, &files(host)?);
        for path in &changed {
            let known = is_bookkeeping(path) || traces.iter().any(|trace| trace.touches(path));
            ensure!(known, "{}: {path} changed, and no step of the plan says so", host.name);
        }
        for trace in traces.iter().filter(|trace| trace.is_certain) {
            let made = events.iter().any(|event| trace.made(event, &names));
            let touched = changed.iter().any(|path| trace.touches(path));
            ensure!(made || touched, "{}: no trace of “{}”", host.name, trace.title);
        }
        println!(
            "{}: {} events, {} files, {} steps",
            host.name,
            events.len(),
            changed.len(),
            traces.len()
        );
    }
    Ok(())
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// What a step must leave behind on its host.
#[derive(Debug, Default)]
struct Trace {
    title: String,
    /// Kind, name or id, and the actions of the engine's events.
    events: Option<(&'static str, String, &'static [&'static str])>,
    /// A file, or a directory with what is below it.
    path: Option<String>,
    /// It also adds a line to the audit log.
    is_audited: bool,
    /// It runs in any case and cannot fail unnoticed.
    is_certain: bool,
}

/// What belongs to the end of a container's processes.
const STOP: &[&str] = &["kill", "stop", "die", "disconnect"];

impl Trace {
    fn of(step: &Value) -> Result<Self> {
        let mut trace = Self {
            title: text(step, "/step/title").to_string(),
            is_audited: step.pointer("/step/audit").is_some_and(Value::is_string),
            ..Self::default()
        };
        let writes = matches!(text(step, "/effect"), "write" | "stage");
        let action = step.pointer("/step/action").and_then(Value::as_object);
        let (kind, value) = action.and_then(|action| action.iter().next()).context("no action")?;
        match (kind.as_str(), value) {
            ("Container", value) => {
                let (what, value) =
                    value.as_object().and_then(|value| value.iter().next()).context("no action")?;
                let whole = value.as_str().unwrap_or_default();
                trace.events = match what.as_str() {
                    "Pull" => Some(("image", whole.into(), &["pull"])),
                    "Run" => Some((
                        "container",
                        text(value, "/name").into(),
                        &["create", "start", "connect"],
                    )),
                    "Stop" => Some(("container", text(value, "/container").into(), STOP)),
                    "Rename" => Some(("container", text(value, "/name").into(), &["rename"])),
                    "Tag" => Some(("image", text(value, "/reference").into(), &["tag"])),
                    "RemoveImage" => Some(("image", whole.into(), &["untag", "delete"])),
                    "PruneImages" => Some(("image", String::new(), &["prune", "untag", "delete"])),
                    "Remove" => Some(("container", text(value, "/container").into(), &["destroy"])),
                    "Login" => {
                        trace.path = Some("/root/.docker".into());
                        None
                    }
                    _ if writes => bail!("this test does not know the action {what}"),
                    _ => None,
                };
            }
            ("WriteFile" | "WriteEnvFile" | "AppendLine", value) => {
                trace.path = Some(text(value, "/path").into());
            }
            (_, value) if writes => trace.path = value.as_str().map(into),
            _ => {}
        }
        trace.path = trace.path.map(|path| match path.starts_with('/') {
            true => path,
            false => format!("/root/{path}"),
        });
        let certain = text(step, "/step/when") == "Always" && text(step, "/step/block").is_empty();
        let may_fail = step.pointer("/step/may_fail") == Some(&Value::Bool(true));
        trace.is_certain = writes && certain && !may_fail;
        Ok(trace)
    }

    fn made(&self, event: &DockerEvent, names: &BTreeMap<String, String>) -> bool {
        let Some((kind, wanted, actions)) = &self.events else { return false };
        // Networks tell of a container by its id.
        let is_kind = event.kind == *kind || event.kind == "network" && *kind == "container";
        let container = event.container.as_ref().unwrap_or(&event.id);
        let name = names.get(container).unwrap_or(&event.name);
        let is_it = wanted.is_empty()
            || event.id == *wanted
            || container == wanted
            || name == wanted
            || event.name == *wanted;
        is_kind && is_it && actions.contains(&event.action.as_str())
    }

    fn touches(&self, path: &str) -> bool {
        self.is_audited && path.ends_with("-audit.log")
            || self.path.as_ref().is_some_and(|own| {
                path == own
                    || path.strip_prefix(own.as_str()).is_some_and(|rest| rest.starts_with('/'))
            })
    }
}

fn into(text: &str) -> String {
    text.to_string()
}

/// The names of containers by id, as they were at the end.
fn names(events: &[DockerEvent]) -> BTreeMap<String, String> {
    let containers = events.iter().filter(|event| event.kind == "container");
    containers.map(|event| (event.id.clone(), event.name.clone())).collect()
}

/// Lock, lease, fence: how the kernel keeps others away while it acts.
fn is_bookkeeping(path: &str) -> bool {
    path.starts_with("/root/.kamal/locks/")
        || path.starts_with("/root/.kamal/windlass/") && !path.ends_with("/history")
}

/// Every file below the login directory, with what changes when it is written.
fn files(host: &Host) -> Result<BTreeMap<String, String>> {
    let text = host
        .inside("find /root -type f -printf '%p\\t%T@ %s %i\\n' -o -type d -printf '%p\\t\\n'")?;
    let row = |line: &str| line.split_once('\t').map(|(path, state)| (path.into(), state.into()));
    Ok(text.stdout.lines().filter_map(row).collect())
}

/// Files that are new, gone or other, and directories that are new or gone.
fn changed(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> Vec<String> {
    let paths: std::collections::BTreeSet<_> = before.keys().chain(after.keys()).collect();
    paths.into_iter().filter(|path| before.get(*path) != after.get(*path)).cloned().collect()
}
