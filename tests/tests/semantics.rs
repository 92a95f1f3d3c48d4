//! What a deploy promises beside zero downtime: where it logs in, which container is the current
//! one, what its version is called.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use windlass_tests::events::DockerEvent;
use windlass_tests::load::{Load, LoadPlan};
use windlass_tests::registry;
use windlass_tests::story::Story;
use windlass_tests::wait;
use windlass_tests::windlass::Windlass;

/// A web host, and nothing else.
const WEB: &str = "servers:\n  - web-1\n";
/// One web host, and one for the workers.
const WEB_AND_WORKERS: &str = "servers:\n  web:\n    - web-1\n  workers:\n    hosts:\n      \
                               - worker-1\n    cmd: app worker\n";

fn prepare(service: &str, servers: &str) -> Result<Story> {
    let story = Story::prepare(service)?;
    story.project.servers(servers)?;
    Ok(story)
}

/// Whether this machine is logged in to the registry, and whether `web-1` is.
fn logins(story: &Story) -> Result<(bool, bool)> {
    let here = Windlass::home(&story.project)?.join(".docker/config.json");
    let here = fs::read_to_string(here).unwrap_or_default();
    let web = story.web()?;
    let there = web.inside("cat /root/.docker/config.json 2>/dev/null")?.stdout;
    Ok((here.contains("\"auth\""), there.contains("\"auth\"")))
}

#[test]
#[ignore = "needs the fleet: cargo xtask test"]
fn registry_logout_is_also_local_and_can_be_skipped() -> Result<()> {
    let story = prepare("logins", WEB)?;
    story.windlass.ok(&["registry", "logout"])?;
    let expected = [
        ("login --skip-remote", (true, false)),
        ("logout", (false, false)),
        ("login --skip-local", (false, true)),
        ("login", (true, true)),
        ("logout --skip-local", (true, false)),
        ("login -L", (true, true)),
        ("logout -R", (false, true)),
        ("login -L -R", (false, true)),
        ("login -R", (true, true)),
    ];
    for (words, then) in expected {
        let words = format!("registry {words}");
        story.windlass.ok(&words.split(' ').collect::<Vec<_>>())?;
        ensure!(logins(&story)? == then, "after {words}: {:?}", logins(&story)?);
    }
    // The user's own session is not the fleet's to end.
    story.windlass.ok(&["remove", "-y"])?;
    ensure!(logins(&story)? == (true, false), "after remove: {:?}", logins(&story)?);
    Ok(())
}

#[test]
#[ignore = "needs the fleet: cargo xtask test"]
fn deploy_with_skip_push_does_not_log_in_locally() -> Result<()> {
    let story = prepare("unpushed", WEB)?;
    for words in ["registry login -R", "build push", "registry logout", "env push"] {
        story.windlass.ok(&words.split(' ').collect::<Vec<_>>())?;
    }
    story.windlass.ok(&["deploy", "--skip-push"])?;
    ensure!(logins(&story)? == (false, true), "{:?}", logins(&story)?);
    story.web()?.serves("1")
}

/// The version of a role as `app version` tells it.
fn current(story: &Story, role: &str) -> Result<String> {
    let told = story.windlass.ok(&["app", "version", "-r", role])?.stdout;
    Ok(told.lines().nth(1).unwrap_or_default().to_string())
}

/// The options of a container that passes for one of the app's.
fn disguise<'a>(name: &'a str, service: &'a str, role: &'a str) -> Vec<&'a str> {
    let labels = ["--label", service, "--label", role, "--label", "destination="];
    [&["run", "--detach", "--name", name], &labels[..]].concat()
}

#[test]
#[ignore = "needs the fleet: cargo xtask test"]
fn a_container_in_a_restart_loop_is_not_the_current_one() -> Result<()> {
    let story = prepare("loops", WEB_AND_WORKERS)?;
    story.windlass.ok(&["setup"])?;
    let (web, worker) = (story.web()?, story.fleet.host("worker-1")?);
    let one = story.project.head()?;
    let (image, latest) = (story.project.image(&one), registry::image("loops", "latest"));

    // Newer, of the image that is tagged latest, and "up" in the eyes of `docker ps`.
    let mut run = disguise("loops-web-loop", "service=loops", "role=web");
    run.extend(["--restart", "always", "--health-cmd", "true", "--env", "APP_MODE=exit"]);
    run.push(&image);
    web.docker(&run)?;
    wait::for_true("the restart loop", Duration::from_secs(10), || {
        Ok(web.inspect("loops-web-loop", "{{.State.Status}}")? == "restarting")
    })?;
    ensure!(current(&story, "web")? == one, "the loop passes for the current container");
    let stale = story.windlass.ok(&["app", "stale_containers"])?;
    ensure!(stale.stdout.contains("loops-web-loop is stale"), "{}", stale.stdout);
    ensure!(!stale.stdout.contains(&one), "the current one passes for stale: {}", stale.stdout);

    // Of two in service the one whose image is tagged latest; without a tag the newest.
    let mut run = disguise("loops-workers-newer", "service=loops", "role=workers");
    run.push(&story.fleet.traefik_image);
    worker.docker(&run)?;
    ensure!(current(&story, "workers")? == one, "the newest, though another is tagged latest");
    worker.docker(&["image", "rm", &latest])?;
    ensure!(current(&story, "workers")? == "newer", "no image is tagged, and yet not the newest");
    Ok(())
}

fn position(events: &[DockerEvent], what: &str, is: impl Fn(&DockerEvent) -> bool) -> Result<u64> {
    let found = events.iter().find(|event| event.kind == "container" && is(event));
    Ok(found.with_context(|| format!("no {what} among {events:#?}"))?.time)
}

fn is_end(event: &DockerEvent) -> bool {
    matches!(event.action.as_str(), "kill" | "stop" | "die")
}

#[test]
#[ignore = "needs the fleet: cargo xtask test"]
fn a_deploy_halted_between_stop_and_tag_is_recovered_and_stale_containers_stop_last() -> Result<()>
{
    let story = prepare("halted", WEB_AND_WORKERS)?;
    story.windlass.ok(&["setup"])?;
    let (web, worker) = (story.web()?, story.fleet.host("worker-1")?);
    let (one, traefik) = (story.project.head()?, story.fleet.traefik_image.as_str());
    let latest = registry::image("halted", "latest");
    let olds = |role| [format!("halted-{role}-{one}"), format!("halted-{role}-stale")];

    // A deploy ended before its tag, and another left containers up beside the current ones.
    for (host, role) in [(web, "web"), (worker, "workers")] {
        host.docker(&["tag", traefik, &latest])?;
        ensure!(current(&story, role)? == one, "not what runs, but what is tagged: {role}");
        let (role, [_, stale]) = (format!("role={role}"), olds(role));
        let mut run = disguise(&stale, "service=halted", &role);
        run.push(traefik);
        host.docker(&run)?;
    }

    let two = story.project.commit_version("2")?;
    let load = Load::start(&LoadPlan::new([web.authority(80)]).versions(&["1", "2"]));
    let watches = (web.watch_events()?, worker.watch_events()?);
    story.windlass.ok(&["deploy"])?;
    let (on_web, on_worker) = (watches.0.stop()?, watches.1.stop()?);
    load.stop().expect(200, &["1", "2"], 50)?;
    let new = format!("halted-web-{two}");
    let good = |event: &DockerEvent| event.name == new && event.action == "health_status: healthy";
    let good = position(&on_web, "good container", good)?;
    for (host, events, role) in [(web, &on_web, "web"), (worker, &on_worker, "workers")] {
        for old in olds(role) {
            let end = position(events, "end", |event| event.name == old && is_end(event))?;
            ensure!(good < end, "{old} was stopped before {new} was good");
        }
        ensure!(story.running(host, role)? == [two.as_str()], "{:#?}", host.containers()?);
        let id = |image: &str| host.docker(&["image", "inspect", "--format", "{{.Id}}", image]);
        ensure!(id(&latest)? == id(&story.project.image(&two))?, "another image is tagged latest");
    }
    Ok(())
}

#[test]
#[ignore = "needs the fleet: cargo xtask test"]
fn versions_with_dashes_are_read_back() -> Result<()> {
    let servers = "servers:\n  web-front:\n    - web-1\n  jobs-low:\n    hosts:\n      - web-1\n    \
                   cmd: app worker\n";
    let story = prepare("dash-ed", servers)?;
    story.project.append("primary_role: web-front\n")?;
    story.project.write("config/deploy.eu-west.yml", "stop_wait_time: 5\n")?;
    let run = |words: &str| {
        let words = format!("{words} -d eu-west");
        story.windlass.ok(&words.split(' ').collect::<Vec<_>>())
    };
    run("setup --version 1.2-rc-1")?;
    let web = story.web()?;
    let up = web.docker(&["ps", "--format", "{{.Names}}", "--filter", "label=role"])?;
    let mut up: Vec<_> = up.lines().collect();
    up.sort_unstable();
    let names = ["jobs-low", "web-front"].map(|role| format!("dash-ed-{role}-eu-west-1.2-rc-1"));
    ensure!(up == names, "{up:?} are up");
    run("app version")?.expect(&["web-front 1.2-rc-1\n", "jobs-low 1.2-rc-1\n"])?;
    run("status")?.expect(&["web-front: 1.2-rc-1\n", "jobs-low: 1.2-rc-1\n"])
}
