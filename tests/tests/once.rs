//! What runs once for a deploy, by a step plugin from outside the repository, and what a failure
//! takes back: what the plan says, and nothing else.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use windlass_tests::host::Host;
use windlass_tests::outside;
use windlass_tests::process::Output;
use windlass_tests::story::Story;

/// Version 1 on all hosts, which an own command has migrated to; version 2 is to come.
struct Migrated {
    story: Story,
    /// The command as it stands in deploy.yml.
    command: String,
}

impl Migrated {
    fn prepare(service: &str) -> Result<Self> {
        let component = outside::component("migrate")?;
        let story = Story::prepare(service)?;
        let command = "command: sh -c 'echo migrated'".to_string();
        story.project.append(&format!(
            "x-windlass:\n  plugins:\n    migrate:\n      component: {}\n      grants: \
             [run-as-role]\n      settings:\n        {command}\n",
            component.display()
        ))?;
        story.project.commit("A migration")?;
        story.windlass.ok(&["setup"])?;
        story.expect_serving("1")?;
        Ok(Self { story, command })
    }

    /// Puts other settings in the place of those that stand there.
    fn settings(&mut self, lines: &[&str]) -> Result<()> {
        let lines = lines.join("\n        ");
        self.story.project.edit_config(|text| text.replace(&self.command, &lines))?;
        self.command = lines;
        Ok(())
    }

    fn standing(&self) -> Result<Vec<String>> {
        self.story.fleet.hosts.iter().map(Host::standing).collect()
    }

    /// A deploy of version 2 that fails before any host starts it; version 1 answers throughout.
    fn fails_before_the_start(&self, clues: &[&str]) -> Result<()> {
        let (story, old) = (&self.story, self.story.project.head()?);
        story.project.commit_version("2")?;
        let before = self.standing()?;
        let load = story.load(&["1"]);
        let watches: Vec<_> =
            story.fleet.hosts.iter().map(Host::watch_events).collect::<Result<_>>()?;
        story.windlass.fails(&["deploy"])?.expect(clues)?;
        let after = self.standing()?;
        ensure!(before == after, "something was left or touched:\n{before:#?}\n{after:#?}");
        for (host, watch) in story.fleet.hosts.iter().zip(watches) {
            let events = watch.stop()?;
            let created = events.iter().filter(|e| e.kind == "container" && e.action == "create");
            let created: Vec<&str> = created.map(|event| event.name.as_str()).collect();
            ensure!(created.len() == usize::from(host.name == "web-1"), "{created:?}");
            ensure!(created.iter().all(|name| name.contains("-up-")), "{created:?}");
        }
        load.wait_for("1", 500, Duration::from_secs(30))?;
        load.stop().expect(500, &["1"], 500)?;
        story.expect_running(&old)?;
        story.expect_lock_free()
    }

    /// The next deploy needs no manual step.
    fn succeeds(&mut self) -> Result<()> {
        self.settings(&["command: sh -c 'echo migrated'"])?;
        self.story.project.commit("The migration is good")?;
        self.story.windlass.ok(&["deploy"])?;
        self.story.expect_serving("2")?;
        self.story.expect_running(&self.story.project.head()?)
    }
}

#[test]
#[ignore = "needs the fleet: cargo xtask test"]
fn a_step_that_runs_once_and_fails_leaves_no_host_on_the_new_version() -> Result<()> {
    let mut migrated = Migrated::prepare("unmigrated")?;
    migrated.settings(&["command: sh -c 'echo there is no such column; exit 3'"])?;
    migrated.fails_before_the_start(&[
        "web-1: `Migrate` failed",
        "there is no such column",
        "no host has started the new version",
    ])?;
    migrated.succeeds()
}

#[test]
#[ignore = "needs the fleet: cargo xtask test"]
fn a_migration_that_times_out_leaves_no_container() -> Result<()> {
    let mut migrated = Migrated::prepare("endless")?;
    // As the first process of its container it does not end when it is asked to.
    migrated.settings(&["command: sleep 600", "timeout: 3"])?;
    migrated.fails_before_the_start(&["`Migrate` ran out of time"])?;
    for host in &migrated.story.fleet.hosts {
        let left = host.containers()?.into_iter().find(|found| found.name.contains("-up-"));
        ensure!(left.is_none(), "{}: {left:?}", host.name);
    }
    migrated.succeeds()
}

/// A step as `plan -v` tells it.
#[derive(Debug, Default)]
struct Told {
    host: String,
    phase: String,
    id: String,
    has_undo: bool,
}

/// The steps of a plan in words: hosts at the margin, then phases, then steps, then what belongs
/// to a step, with its id before its time limit.
fn told(plan: &str) -> Vec<Told> {
    let (mut host, mut phase, mut steps) = (String::new(), String::new(), Vec::<Told>::new());
    for line in plan.lines() {
        let text = line.trim_start();
        match (line.len() - text.len(), steps.last_mut()) {
            (0, _) => host = text.to_string(),
            (2, _) => phase = text.split(':').next().unwrap_or_default().to_string(),
            (4, _) => {
                let (host, phase) = (host.clone(), phase.clone());
                steps.push(Told { host, phase, ..Told::default() });
            }
            (8, Some(step)) if text.starts_with("undo: ") => step.has_undo = true,
            (8, Some(step)) => {
                if let Some((id, _)) =
                    text.split_once(", within ").filter(|(id, _)| !id.contains(' '))
                {
                    step.id = id.to_string();
                }
            }
            _ => {}
        }
    }
    steps
}

/// The steps of which a host told this event, in its order.
fn events(run: &Output, host: &str, event: &str) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for line in run.stdout.lines() {
        let told: Value =
            serde_json::from_str(line).with_context(|| format!("not JSON: {line}"))?;
        if told["event"] == event && told["host"] == host {
            ensure!(told["ok"] != false, "this went wrong: {line}");
            found.push(told["step"].as_str().unwrap_or_default().to_string());
        }
    }
    Ok(found)
}

/// Deploys, which fails, after a look at the plan. What is taken back on each host is what the
/// plan says of it: on those that failed the undo of every step that was begun, last step first;
/// on others nothing.
fn deploy_undoes(story: &Story, failing: &[&str]) -> Result<Output> {
    let plan = story.windlass.ok(&["plan", "-v"])?.stdout;
    let steps = told(&plan);
    ensure!(steps.iter().all(|step| !step.id.is_empty()), "a step without an id:\n{plan}");
    let early = ["prepare", "start", "route"];
    let misplaced = steps.iter().find(|s| s.has_undo && !early.contains(&s.phase.as_str()));
    ensure!(misplaced.is_none(), "{misplaced:?} says that it is taken back:\n{plan}");
    let run = story.windlass.fails(&["deploy", "--json"])?;
    for host in &story.fleet.hosts {
        let begun = events(&run, &host.name, "begin")?;
        let with_undo = steps.iter().filter(|step| step.host == host.name && step.has_undo);
        let mut expected: Vec<&str> = with_undo.map(|step| step.id.as_str()).collect();
        ensure!(!expected.is_empty(), "no step on {} can be taken back:\n{plan}", host.name);
        expected.retain(|id| begun.iter().any(|begun| begun == id));
        expected.reverse();
        ensure!(!expected.is_empty(), "{} has begun nothing: {begun:?}", host.name);
        if !failing.contains(&host.name.as_str()) {
            expected.clear();
        }
        let undone = events(&run, &host.name, "undone")?;
        ensure!(undone == expected, "{} took back {undone:?}, not {expected:?}", host.name);
    }
    Ok(run)
}

#[test]
#[ignore = "needs the fleet: cargo xtask test"]
fn undo_does_what_the_plan_says() -> Result<()> {
    let mut migrated = Migrated::prepare("undone")?;
    let old = migrated.story.project.head()?;
    let load = migrated.story.load(&["1", "2"]);

    // On one of two hosts the new version is never healthy: taken back there alone.
    let good = migrated.story.project.read("config/deploy.yml")?;
    migrated.story.project.edit_config(|text| {
        let text = text.replace("- web-2\n", "- web-2: broken\n");
        let tags = "  tags:\n    broken:\n      APP_MODE: unhealthy\n  secret:\n";
        text.replacen("  secret:\n", tags, 1)
    })?;
    let new = migrated.story.project.commit_version("2")?;
    let web_2 = migrated.story.fleet.host("web-2")?;
    let before = web_2.standing()?;
    deploy_undoes(&migrated.story, &["web-2"])?;
    ensure!(before == web_2.standing()?, "{before}\nhas become\n{}", web_2.standing()?);
    let runs = |host: &str, role: &str| {
        let host = migrated.story.fleet.host(host)?;
        migrated.story.running(host, role)
    };
    ensure!(runs("web-1", "web")? == [new.as_str()] && runs("web-2", "web")? == [old.as_str()]);
    ensure!(runs("worker-1", "workers")? == [new.as_str()], "the gate was open");

    // Every host has switched when it fails: nothing is taken back, and the old version, which
    // is not used any more, has not been stopped.
    migrated.story.project.write("config/deploy.yml", &good)?;
    migrated.settings(&["command: sh -c 'echo migrated'", "verify: sh -c 'exit 3'"])?;
    let third = migrated.story.project.commit("Another one of version 2")?;
    deploy_undoes(&migrated.story, &[])?;
    migrated.story.expect_serving("2")?;
    for host in migrated.story.fleet.web_hosts() {
        let up = migrated.story.running(host, "web")?;
        ensure!(up.len() == 2 && up.contains(&third), "{}: {up:?}", host.name);
    }
    migrated.succeeds()?;
    load.stop().expect(500, &["1", "2"], 100)?;
    migrated.story.expect_lock_free()
}
