//! The cord by which an old container is taken out of service before it is stopped.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use windlass_tests::events::DockerEvent;
use windlass_tests::host::Host;
use windlass_tests::load::{Load, LoadPlan};
use windlass_tests::process::Running;
use windlass_tests::story::Story;

/// Watches one container from the host until told to stop: whether it runs, its health, and
/// then whether Traefik lists its address. One line for each change.
struct Watch {
    host: Host,
    running: Running,
}

impl Watch {
    fn start(host: &Host, container: &str, service: &str) -> Result<Self> {
        let address = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
        let line = format!(
            "t=$(docker inspect --format '{address}' traefik)
             a=$(docker inspect --format '{address}' {container})
             while [ ! -e /tmp/seen-enough ]; do
                 s=$(docker inspect --format '{{{{.State.Running}}}} {{{{.State.Health.Status}}}}' {container})
                 l=$(curl -fs http://$t:8080/api/http/services/{service}@docker)
                 case $l in *//$a:*) echo \"$s listed\";; *) echo \"$s gone\";; esac
             done | uniq"
        );
        Ok(Self { host: host.clone(), running: host.inside_cmd(&line).start()? })
    }

    fn stop(self) -> Result<String> {
        self.host.inside_cmd("touch /tmp/seen-enough").ok()?;
        Ok(self.running.finish(Duration::from_secs(10))?.stdout)
    }
}

/// Deploys the same version again in the place of `old`; tells what the engine did.
fn replace(story: &Story, host: &Host) -> Result<Vec<DockerEvent>> {
    let events = host.watch_events()?;
    story.windlass.ok(&["redeploy", "--skip-push"])?;
    events.stop()
}

fn moment(events: &[DockerEvent], id: &str, action: &str) -> Option<usize> {
    events.iter().position(|event| event.id == id && event.action == action)
}

/// The directory on the host that a container has mounted at `target`.
fn mounted(host: &Host, container: &str, target: &str) -> Result<Option<String>> {
    let format = "{{range .Mounts}}{{.Destination}} {{.Source}}\n{{end}}";
    let mounts = host.inspect(container, format)?;
    let pairs = mounts.lines().filter_map(|line| line.split_once(' '));
    Ok(pairs.into_iter().find(|(to, _)| *to == target).map(|(_, from)| from.to_string()))
}

fn is(host: &Host, condition: &str) -> Result<bool> {
    Ok(host.inside(condition)?.success())
}

#[test]
#[ignore = "needs the fleet: cargo xtask test"]
fn cords_with_several_mounts_without_and_off() -> Result<()> {
    let story = Story::prepare_one("cords")?;
    story.project.append("volumes:\n  - /tmp/one:/one\n  - /tmp/two:/two\n")?;
    story.windlass.ok(&["setup"])?;
    let web = story.web()?;
    let name = format!("cords-web-{}", story.one);
    let id = |name: &str| web.inspect(name, "{{.Id}}");
    let check = |name: &str| web.inspect(name, "{{json .Config.Healthcheck.Test}}");

    // A file on the host, mounted, and part of the health check.
    let first = id(&name)?;
    let cord = mounted(web, &first, "/tmp/kamal-cord")?.context("the cord is not mounted")?;
    ensure!(is(web, &format!("test -f {cord}/cord"))?, "there is no file {cord}/cord");
    ensure!(check(&first)?.contains("stat /tmp/kamal-cord/cord"), "{}", check(&first)?);
    ensure!(mounted(web, &first, "/one")?.is_some() && mounted(web, &first, "/two")?.is_some());

    // Off, for the next container. This one's is cut, and only then is it stopped.
    let off = "  interval: 1s\n  cord: false\n";
    story.project.edit_config(|text| text.replace("  interval: 1s\n", off))?;
    let load = Load::start(&LoadPlan::new([web.authority(80)]).versions(&["1"]));
    let watch = Watch::start(web, &first, "cords-web")?;
    let events = replace(&story, web)?;
    let seen = watch.stop()?;
    load.stop().expect(200, &["1"], 200)?;
    let unhealthy = moment(&events, &first, "health_status: unhealthy");
    let killed = moment(&events, &first, "kill").context("it was not stopped")?;
    ensure!(unhealthy.is_some_and(|at| at < killed), "stopped in service: {events:#?}");
    ensure!(seen.starts_with("true healthy listed\n"), "Traefik did not use it: {seen}");
    ensure!(seen.ends_with(" gone\n"), "Traefik uses it still: {seen}");
    let early = seen.lines().any(|line| line.starts_with("false") && line.ends_with("listed"));
    ensure!(!early, "it was stopped while Traefik used it: {seen}");
    ensure!(is(web, &format!("test -d {cord}"))?, "the cord's directory was removed, too");
    ensure!(!is(web, &format!("test -e {cord}/cord"))?, "the cord was not cut");

    let second = id(&name)?;
    ensure!(second != first, "the container is the same");
    ensure!(mounted(web, &second, "/tmp/kamal-cord")?.is_none(), "it has a cord");
    ensure!(!check(&second)?.contains("cord"), "{}", check(&second)?);

    // One without a cord is stopped as it is, which the plan says; the next has its cord
    // elsewhere.
    story.project.edit_config(|text| text.replace("cord: false", "cord: /cord"))?;
    let plan = story.windlass.ok(&["plan", "--skip-push"])?.all();
    ensure!(plan.contains("has no cord: requests that"), "the plan does not say so:\n{plan}");
    let events = replace(&story, web)?;
    ensure!(moment(&events, &second, "kill").is_some(), "it was not stopped: {events:#?}");
    let unhealthy = moment(&events, &second, "health_status: unhealthy");
    ensure!(unhealthy.is_none(), "what has no cord became unhealthy: {events:#?}");
    let third = id(&name)?;
    let cord = mounted(web, &third, "/cord")?.context("the cord is not mounted at /cord")?;
    ensure!(is(web, &format!("test -f {cord}/cord"))?, "there is no file {cord}/cord");
    ensure!(check(&third)?.contains("stat /cord/cord"), "{}", check(&third)?);
    web.serves("1")
}

#[test]
#[ignore = "needs the fleet: cargo xtask test"]
fn an_old_cord_is_cut_wherever_it_lies() -> Result<()> {
    let story = Story::begin_one("moved-cords")?;
    let web = story.web()?;
    let name = format!("moved-cords-web-{}", story.one);
    let first = web.inspect(&name, "{{.Id}}")?;
    let cord = mounted(web, &first, "/tmp/kamal-cord")?.context("the cord is not mounted")?;

    // Both places of the cord change at once; the env file belongs into the new directory.
    story.project.append("run_directory: .elsewhere\n")?;
    let target = "  interval: 1s\n  cord: /cord\n";
    story.project.edit_config(|text| text.replace("  interval: 1s\n", target))?;
    story.windlass.ok(&["env", "push"])?;
    let load = Load::start(&LoadPlan::new([web.authority(80)]).versions(&["1"]));
    let events = replace(&story, web)?;
    load.stop().expect(200, &["1"], 200)?;
    let unhealthy = moment(&events, &first, "health_status: unhealthy");
    let killed = moment(&events, &first, "kill").context("it was not stopped")?;
    ensure!(unhealthy.is_some_and(|at| at < killed), "stopped in service: {events:#?}");
    ensure!(!is(web, &format!("test -e {cord}/cord"))?, "the cord was not cut");
    let new = mounted(web, &name, "/cord")?.context("the cord is not mounted at /cord")?;
    ensure!(new.starts_with("/root/.elsewhere/cords/"), "the new cord lies at {new}");
    web.serves("1")?;

    // It is tied again where it lies, too.
    let second = web.inspect(&name, "{{.Id}}")?;
    story.windlass.ok(&["app", "stop"])?;
    web.inside_cmd(&format!("rm {new}/cord")).ok()?;
    story.project.edit_config(|text| text.replace("run_directory: .elsewhere\n", ""))?;
    story.windlass.ok(&["app", "start"])?;
    ensure!(web.inspect(&second, "{{.State.Health.Status}}")?.trim() == "healthy");
    Ok(())
}
