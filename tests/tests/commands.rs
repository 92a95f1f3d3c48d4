//! The commands beside deploys, tried one after the other on a deployed app.

use anyhow::{Result, ensure};
use windlass_tests::story::Story;

/// Runs a command, and insists that what it prints as its result has these texts.
fn shows(story: &Story, args: &[&str], clues: &[&str]) -> Result<()> {
    let output = story.windlass.ok(args)?;
    for clue in clues {
        let said = &output.stdout;
        ensure!(said.contains(clue), "`{}` does not show {clue:?}:\n{said}", args.join(" "));
    }
    Ok(())
}

#[test]
#[ignore = "needs the fleet: cargo xtask test"]
fn commands_about_the_app() -> Result<()> {
    let story = Story::begin("verbs")?;
    let (web, commit) = (story.web()?, &story.one);
    let name = format!("verbs-web-{commit}");

    shows(&story, &["app", "version"], &["App Host: web-1", commit, "App Host: worker-1"])?;
    shows(&story, &["app", "details"], &[&name, "healthy"])?;
    shows(&story, &["app", "containers"], &[&name])?;
    shows(&story, &["app", "images"], &["library/verbs", commit])?;
    shows(&story, &["app", "logs", "--grep", "listens"], &["version 1 listens"])?;
    let other = story.windlass.ok(&["app", "logs", "--grep", "nobody says this"])?;
    ensure!(!other.stdout.contains("listens"), "--grep lets everything through:\n{}", other.stdout);
    let new = ["app", "exec", "-p", "-e", "COLOUR:blue", "--", "env"];
    shows(&story, &new, &["COLOUR=blue", "GREETING=hello", "APP_SECRET="])?;
    story.windlass.fails(&["app", "exec", "--reuse", "-p", "echo inside; true"])?;
    shows(&story, &["app", "exec", "--reuse", "-p", "echo inside"], &["inside"])?;
    let other = ["app", "exec", "--reuse", "-p", "--version", "0123abc", "true"];
    let refused = story.windlass.fails(&other)?.all();
    ensure!(refused.contains("with version 0123abc is up"), "another version was used:\n{refused}");
    ensure!(web.containers()?.len() == 2, "exec left a container: {:#?}", web.containers()?);

    // A second container that nobody knows of is stale; the current one is not touched.
    let traefik = story.fleet.traefik_image.clone();
    let labels = ["--label", "service=verbs", "--label", "role=web", "--label", "destination"];
    let run =
        [&["run", "--detach", "--name", "verbs-web-stray"], &labels[..], &[&traefik]].concat();
    web.docker(&run)?;
    shows(&story, &["app", "stale_containers"], &["verbs-web-stray is stale"])?;
    ensure!(web.state("verbs-web-stray")? == "running", "it was stopped without --stop");
    story.windlass.ok(&["app", "stale_containers", "--stop"])?;
    ensure!(web.state("verbs-web-stray")? == "exited", "it still runs");
    ensure!(web.state(&name)? == "running", "the current container was stopped");
    story.windlass.fails(&["prune", "containers", "--retain", "0"])?;
    story.windlass.ok(&["prune", "containers", "--retain", "1"])?;
    ensure!(web.state("verbs-web-stray")? == "exited", "one was to stay");
    story.windlass.ok(&["prune", "all"])?;

    story.windlass.ok(&["app", "stop"])?;
    ensure!(web.state(&name)? == "exited", "it still runs");
    shows(&story, &["status"], &["web-1  web: nothing", "workers: nothing"])?;
    shows(&story, &["app", "version"], &["no container of web is up"])?;
    story.windlass.ok(&["app", "start"])?;
    story.expect_serving_soon("1")?;
    shows(&story, &["status"], &[&format!("web: {commit}"), &format!("workers: {commit}")])?;
    shows(&story, &["audit"], &["Stopped app", "Started app version", "Executed cmd"])?;

    // What was committed since is not what these are about.
    story.project.commit_version("2")?;
    story.windlass.ok(&["app", "exec", "-p", "env"])?;
    shows(&story, &["audit"], &[&format!("Executed cmd 'env' on app version {commit}")])?;
    story.windlass.ok(&["app", "boot"])?;
    story.expect_serving("1")?;
    story.expect_running(commit)?;
    story.windlass.ok(&["app", "remove"])?;
    ensure!(web.containers()?.iter().all(|c| c.name == "traefik"), "something of it is left");
    story.expect_lock_free()
}

#[test]
#[ignore = "needs the fleet: cargo xtask test"]
fn commands_about_proxy_registry_env_and_servers() -> Result<()> {
    let story = Story::begin("nouns")?;
    let (web, worker) = (story.web()?, story.fleet.host("worker-1")?);

    shows(&story, &["traefik", "details"], &["Traefik Host: web-1", "running"])?;
    shows(&story, &["traefik", "logs", "-n", "5"], &["Traefik Host: web-2"])?;
    shows(&story, &["details"], &["traefik", "nouns-web-", "nouns-workers-"])?;
    story.windlass.ok(&["traefik", "stop"])?;
    ensure!(web.state("traefik")? == "exited", "Traefik still runs");
    story.windlass.ok(&["traefik", "start"])?;
    story.windlass.ok(&["traefik", "restart"])?;
    ensure!(web.state("traefik")? == "running", "Traefik does not run");

    // A reboot asks; rolling, it goes host by host, each between its hooks.
    std::fs::create_dir_all(story.project.dir.join(".kamal/hooks"))?;
    for hook in ["pre-traefik-reboot", "post-traefik-reboot", "docker-setup", "pre-connect"] {
        let path = format!(".kamal/hooks/{hook}");
        let line = format!(
            "#!/bin/sh\necho {hook} $KAMAL_COMMAND $KAMAL_SUBCOMMAND $KAMAL_HOSTS >>hooks.log\n"
        );
        story.project.write(&path, &line)?;
        let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(story.project.dir.join(&path), executable)?;
    }
    let asked = story.windlass.fails(&["traefik", "reboot"])?.all();
    ensure!(asked.contains("-y"), "it does not say how to confirm:\n{asked}");
    let before = web.docker(&["inspect", "traefik", "--format", "{{.Id}}"])?;
    story.windlass.ok(&["traefik", "reboot", "--rolling", "-y"])?;
    ensure!(before != web.docker(&["inspect", "traefik", "--format", "{{.Id}}"])?);
    story.expect_serving_soon("1")?;
    let hooks = story.project.read("hooks.log")?;
    let expected = "pre-connect traefik reboot web-1,web-2,worker-1\n\
                    pre-traefik-reboot traefik reboot web-1\n\
                    post-traefik-reboot traefik reboot web-1\n\
                    pre-traefik-reboot traefik reboot web-2\n\
                    post-traefik-reboot traefik reboot web-2\n";
    ensure!(hooks == expected, "the hooks ran otherwise:\n{hooks}");

    story.windlass.ok(&["registry", "logout", "--skip-local"])?;
    let login = worker.inside("cat /root/.docker/config.json 2>/dev/null")?.stdout;
    ensure!(!login.contains("\"auth\""), "worker-1 is still logged in: {login}");
    story.windlass.ok(&["registry", "login"])?;
    let login = worker.inside("cat /root/.docker/config.json")?.stdout;
    ensure!(login.contains("\"auth\""), "worker-1 is not logged in: {login}");

    let env_file = "test -e /root/.kamal/env/roles/nouns-workers.env";
    story.windlass.ok(&["env", "delete"])?;
    ensure!(!worker.inside(env_file)?.success(), "the env file is still there");
    let refused = story.windlass.fails(&["redeploy", "--skip-push"])?.all();
    ensure!(refused.contains("windlass env push"), "it does not say what to do:\n{refused}");
    story.windlass.ok(&["env", "push"])?;
    ensure!(worker.inside(env_file)?.success(), "there is no env file");

    std::fs::remove_file(story.project.dir.join("hooks.log"))?;
    story.windlass.ok(&["server", "bootstrap"])?;
    let hooks = story.project.read("hooks.log")?;
    ensure!(hooks.contains("docker-setup server bootstrap"), "no docker-setup:\n{hooks}");
    shows(
        &story,
        &["server", "exec", "hostname; echo $HOME"],
        &["Server Host: worker-1", "/root"],
    )?;
    shows(&story, &["audit"], &["Executed cmd 'hostname; echo $HOME' on worker-1"])?;

    story.windlass.ok(&["lock", "acquire", "-m", "maintenance"])?;
    shows(&story, &["lock", "status"], &["Fleet", "maintenance", "stays until it is released"])?;
    let refused = story.windlass.fails(&["app", "stop", "--lock-wait", "0"])?.all();
    ensure!(refused.contains("maintenance"), "it does not say why:\n{refused}");
    story.windlass.ok(&["lock", "release", "-y"])?;
    story.expect_lock_free()?;

    story.windlass.fails(&["remove"])?;
    story.windlass.ok(&["remove", "-y"])?;
    for host in &story.fleet.hosts {
        ensure!(host.containers()?.is_empty(), "{}: {:#?}", host.name, host.containers()?);
    }
    Ok(())
}
