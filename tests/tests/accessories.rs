//! An accessory's life on a host that carries no role: booted, looked into, replaced by
//! another image, stopped, started, removed; and deploys that do without its host.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use windlass_tests::engine::docker;
use windlass_tests::host::Host;
use windlass_tests::story::Story;
use windlass_tests::{http, paths, registry, wait};

/// What an env file of Docker's cannot carry.
const SECRET: &str = "first\nsecond 'line' $HOME grün";
const CONTAINER: &str = "shelf-db";

/// The sample app as the accessory's image, pushed under a tag of its own.
fn image(story: &Story, version: &str) -> Result<String> {
    let name = registry::image("shelf-db", version);
    let former = story.project.read("app/VERSION")?;
    story.project.write("app/VERSION", version)?;
    docker(["build", "--quiet", "--tag", &name, "."])
        .env("DOCKER_BUILDKIT", "0")
        .dir(&story.project.dir)
        .limit(Duration::from_secs(60))
        .ok()?;
    story.project.write("app/VERSION", &former)?;
    registry::push(&name, &story.fleet.credentials, &paths::state_dir("docker-config")?)?;
    Ok(name)
}

/// `web` on `web-1` alone, and the accessory on a host without a role.
fn prepare() -> Result<(Story, String, String)> {
    let mut story = Story::prepare("shelf")?;
    let (one, two) = (image(&story, "db-1")?, image(&story, "db-2")?);
    story.forget_secrets()?;
    story.windlass = story.windlass.env("APP_SECRET", SECRET);
    let accessories = format!(
        "servers:\n  - web-1\n\naccessories:\n  db:\n    image: {one}\n    host: worker-1\n    \
         port: \"8080:3000\"\n    labels:\n      kept: here\n    env:\n      clear:\n        GREETING: good day\n      \
         secret:\n        - APP_SECRET\n    files:\n      - config/db.conf:/etc/db.conf\n      \
         - config/greeting.erb:/etc/greeting\n    directories:\n      - data:/data\n\n"
    );
    story.project.edit_config(|text| {
        let (before, rest) = text.split_once("servers:\n").expect("the template has servers");
        let (_, after) = rest.split_once("registry:\n").expect("and a registry");
        format!("{before}{accessories}registry:\n{after}")
    })?;
    story.project.write("config/greeting.erb", "<%= ENV[\"GREETING\"] %>!\n")?;
    story.project.commit("An accessory")?;
    let worker = story.fleet.host("worker-1")?;
    // Images outlive other tests; these must be pulled.
    for image in [&one, &two] {
        worker.inside(&format!("docker image rm --force {image}"))?;
    }
    Ok((story, one, two))
}

fn inspect(host: &Host, format: &str) -> Result<String> {
    Ok(host.docker(&["inspect", "--format", format, CONTAINER])?.trim().to_string())
}

fn ask(host: &Host, path: &str) -> Result<String> {
    let at = host.authority(8080);
    wait::for_true("the accessory to answer", Duration::from_secs(10), || {
        Ok(http::get(&at, "/version", Duration::from_secs(2)).is_ok())
    })?;
    Ok(http::get(&at, path, Duration::from_secs(2))?.text().to_string())
}

fn has(said: &str, clue: &str) -> Result<()> {
    ensure!(said.contains(clue), "{clue:?} is missing in:\n{said}");
    Ok(())
}

#[test]
#[ignore = "needs the fleet: cargo xtask test"]
fn an_accessory_lives_on_a_host_without_a_role() -> Result<()> {
    let (story, one, two) = prepare()?;
    let worker = story.fleet.host("worker-1")?;
    let windlass = &story.windlass;

    // What is missing is said before anything is done.
    has(&windlass.fails(&["accessory", "boot", "bd"])?.all(), "the accessories are db")?;
    has(&windlass.fails(&["accessory", "boot", "db"])?.all(), "windlass env push")?;
    let found = worker.inside("ls -d /root/.kamal /root/shelf-db; docker ps --all --quiet")?;
    ensure!(found.stdout.is_empty(), "worker-1 was changed: {}", found.stdout);
    windlass.ok(&["env", "push"])?;
    let said = windlass.fails(&["accessory", "boot", "db"])?.all();
    has(&said, "the file `config/db.conf`")?;
    has(&said, "- config/db.conf:/etc/db.conf")?;
    ensure!(worker.containers()?.is_empty(), "a container was started without its file");
    story.project.write("config/db.conf", "size = 7\n")?;

    let env = worker.inside("stat -c %a /root/.kamal/env/accessories/shelf-db.env")?.stdout;
    ensure!(env == "600\n", "the env file's mode is {env}");
    windlass.ok(&["accessory", "boot", "db"])?;
    ensure!(ask(worker, "/version")? == "version db-1\n", "the image is another one");
    ensure!(ask(worker, "/env/GREETING")? == "good day", "the clear value is lost");
    ensure!(ask(worker, "/env/APP_SECRET")? == SECRET, "the secret has changed on its way");
    let shown = inspect(
        worker,
        "{{index .Config.Labels \"service\"}} {{index .Config.Labels \"kept\"}} \
         {{.HostConfig.RestartPolicy.Name}} {{json .HostConfig.Binds}}",
    )?;
    for clue in [
        "shelf-db here unless-stopped",
        "/root/shelf-db/etc/db.conf:/etc/db.conf",
        "/root/shelf-db/data:/data",
    ] {
        has(&shown, clue)?;
    }
    let files = "cd /root/shelf-db && stat -c %a etc/db.conf && cat etc/greeting && ls -d data";
    let files = worker.inside(files)?.stdout;
    ensure!(files == "755\ngood day!\ndata\n", "the files are not as they should be: {files}");
    let audit = worker.inside("cat /root/.kamal/shelf-audit.log")?.stdout;
    for line in ["Pushed env files", "Booted db accessory"] {
        has(&audit, line)?;
    }

    // One that runs is left alone.
    let id = inspect(worker, "{{.Id}}")?;
    windlass.ok(&["accessory", "boot", "all"])?;
    ensure!(inspect(worker, "{{.Id}}")? == id, "a second boot has replaced the container");

    has(&windlass.ok(&["accessory", "details", "db"])?.stdout, CONTAINER)?;
    has(&windlass.ok(&["accessory", "logs", "db"])?.stdout, "version db-1 listens")?;
    let new = windlass.ok(&["accessory", "exec", "db", "cat /etc/db.conf"])?.stdout;
    has(&new, "size = 7")?;
    let running = ["accessory", "exec", "--reuse", "db", "sh", "-c", "cat /etc/greeting; ls /"];
    has(&windlass.ok(&running)?.stdout, "good day!")?;

    windlass.ok(&["accessory", "stop", "db"])?;
    ensure!(inspect(worker, "{{.State.Status}}")? == "exited", "it still runs");
    windlass.ok(&["accessory", "start", "db"])?;
    ensure!(inspect(worker, "{{.State.Status}} {{.Id}}")? == format!("running {id}"));

    // Another image and another file; the data stays.
    worker.inside_cmd("echo precious >/root/shelf-db/data/rows").ok()?;
    story.project.edit_config(|text| text.replace(&one, &two))?;
    story.project.write("config/db.conf", "size = 8\n")?;
    let events = worker.watch_events()?;
    windlass.ok(&["accessory", "reboot", "db"])?;
    let events = events.stop()?;
    let at = |kind: &str, action: &str| {
        let found = events.iter().position(|event| event.kind == kind && event.action == action);
        found.with_context(|| format!("no {kind} {action} among {events:#?}"))
    };
    ensure!(at("image", "pull")? < at("container", "die")?, "stopped before pulled: {events:#?}");
    ensure!(ask(worker, "/version")? == "version db-2\n", "the image is the old one");
    let seen = worker.docker(&["exec", CONTAINER, "cat", "/etc/db.conf", "/data/rows"])?;
    ensure!(seen == "size = 8\nprecious\n", "the container sees {seen}");

    // Deploys do without the host.
    story.project.commit("Another database")?;
    worker.pause()?;
    let deployed = windlass.run(&["deploy"]);
    worker.unpause()?;
    let deployed = deployed?;
    ensure!(deployed.success(), "the deploy failed:\n{}", deployed.all());

    windlass.ok(&["accessory", "remove", "all", "--yes"])?;
    let left = "docker ps --all --format '{{.Names}}'; docker image ls --quiet shelf-db; \
                docker image inspect --format left IMAGE 2>/dev/null | grep .; \
                ls -d /root/shelf-db /root/.kamal/env/accessories/* 2>/dev/null";
    let left = worker.inside(&left.replace("IMAGE", &two))?.stdout;
    ensure!(left.is_empty(), "something is left on worker-1:\n{left}");
    story.expect_lock_free()
}
