//! Where secrets go and who needs them, and where a host keeps what deploys need.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::{Result, ensure};
use windlass_tests::host::Host;
use windlass_tests::story::Story;

const PLACES: &str = "servers:
  web:
    - web-1
  workers:
    hosts:
      - worker-1
    cmd: app worker
    env:
      secret:
        - JOBS_SECRET

accessories:
  db:
    image: not-pulled-here
    roles:
      - workers
    env:
      secret:
        - DB_SECRET
  search:
    image: not-pulled-here
    host: web-2
    env:
      secret:
        - SEARCH_SECRET
";

/// Every env file of a host with its mode and its lines.
fn env_files(host: &Host) -> Result<String> {
    let line = "cd /root/.kamal/env 2>/dev/null || exit 0; \
                for f in $(find . -type f | sort); do stat -c '%n %a' $f; cat $f; done";
    host.inside_cmd(line).ok()
}

#[test]
#[ignore = "needs the fleet: cargo xtask test"]
fn env_push_and_delete_reach_every_role_accessory_and_traefik() -> Result<()> {
    let story = Story::prepare("pushed")?;
    let (project, windlass) = (&story.project, &story.windlass);
    project.servers(PLACES)?;
    let traefik = "\n  env:\n    secret:\n      - TRAEFIK_SECRET\n\nhealthcheck:";
    project.edit_config(|text| text.replace("\n\nhealthcheck:", traefik))?;
    let secrets = ["APP", "JOBS", "DB", "SEARCH", "TRAEFIK"];
    let lines =
        |value: &str| secrets.map(|name| format!("{name}_SECRET={value}-{name}\n")).concat();
    let expect = |value: &str| -> Result<()> {
        let file = |name: &str, secrets: &[&str]| {
            let lines = secrets.iter().map(|name| format!("{name}_SECRET={value}-{name}\n"));
            format!("./{name}.env 600\n{}", lines.collect::<String>())
        };
        let expected = [
            file("roles/pushed-web", &["APP"]) + &file("traefik/traefik", &["TRAEFIK"]),
            file("accessories/pushed-search", &["SEARCH"]),
            file("accessories/pushed-db", &["DB"])
                + &file("roles/pushed-workers", &["APP", "JOBS"]),
        ];
        for (host, expected) in story.fleet.hosts.iter().zip(expected) {
            let found = env_files(host)?;
            ensure!(found == expected, "{} has\n{found}\nand not\n{expected}", host.name);
        }
        Ok(())
    };

    project.write(".env", &lines("one"))?;
    windlass.ok(&["env", "push"])?;
    expect("one")?;
    windlass.ok(&["env", "delete"])?;
    for host in &story.fleet.hosts {
        ensure!(env_files(host)?.is_empty(), "{} has\n{}", host.name, env_files(host)?);
    }
    // What is missing is named.
    project.write(".env", &lines("one").replace("SEARCH_SECRET", "OTHER"))?;
    windlass.fails(&["env", "push"])?.expect(&["SEARCH_SECRET"])?;

    let template = lines("<%= ENV[\"SEED\"].strip %>");
    project.write(".env.erb", &template)?;
    let seeded = windlass.clone().env("SEED", " two ");
    seeded.ok(&["envify", "--skip-push"])?;
    ensure!(project.read(".env")? == lines("two"), "{}", project.read(".env")?);
    let mode = fs::metadata(project.dir.join(".env"))?.permissions().mode() & 0o777;
    ensure!(mode == 0o600, "the mode of .env is {mode:o}");
    ensure!(env_files(story.fleet.host("web-2")?)?.is_empty(), "--skip-push has pushed");
    seeded.ok(&["envify"])?;
    expect("two")
}

#[test]
#[ignore = "needs the fleet: cargo xtask test"]
fn run_time_secrets_are_not_needed_elsewhere() -> Result<()> {
    const SECRET: &str = "-----BEGIN KEY-----\nwith \"quotes\" and $HOME\n-----END KEY-----\n";
    let story = Story::prepare_one("sealed")?;
    story.forget_secrets()?;
    let web = story.web()?;
    story.windlass.clone().env("APP_SECRET", SECRET).ok(&["setup"])?;

    // From here on nobody has it but the host.
    story.project.commit_version("2")?;
    story.windlass.ok(&["deploy"])?;
    web.serves("2")?;
    let answer = web.get("/env/APP_SECRET")?;
    ensure!(answer.text() == SECRET, "the container has {:?}", answer.text());
    let new = story.windlass.ok(&["app", "exec", "env"])?;
    new.expect(&["with \"quotes\" and $HOME"])?;
    story.windlass.fails(&["env", "push"])?.expect(&["APP_SECRET"])?;

    // Nor the registry's, where nobody logs in.
    fs::remove_file(story.project.dir.join(".env"))?;
    story.windlass.ok(&["prune", "all"])?;
    story.windlass.ok(&["app", "stop"]).map(drop)
}

#[test]
#[ignore = "needs the fleet: cargo xtask test"]
fn run_directory_relative_and_absolute() -> Result<()> {
    let story = Story::prepare_one("kept")?;
    let web = story.web()?;
    let has = |path: &str| -> Result<()> {
        ensure!(web.inside(&format!("ls -d {path}"))?.success(), "there is no {path}");
        Ok(())
    };
    let template = story.project.read("config/deploy.yml")?;
    // Each makes it where it is not.
    for configured in ["state/of-apps", "/tmp/state"] {
        let config = format!("{template}\nrun_directory: {configured}\n");
        story.project.write("config/deploy.yml", &config)?;
        let directory = Path::new("/root").join(configured);
        let directory = directory.display();
        for (words, makes) in [
            ("server bootstrap", ""),
            ("server exec hostname", "/kept-audit.log"),
            ("env push", "/env/roles/kept-web.env"),
            ("lock acquire -m because", "/locks/kept/details"),
        ] {
            web.inside_cmd(&format!("rm -rf {directory}")).ok()?;
            story.windlass.ok(&words.split(' ').collect::<Vec<_>>())?;
            has(&format!("{directory}{makes}"))?;
        }
        story.windlass.ok(&["lock", "release", "-y"])?;
    }
    story.windlass.ok(&["setup"])?;
    web.serves("1")?;
    for path in
        ["cords/kept-web-*/cord", "env/traefik/traefik.env", "windlass/kept/history", "locks"]
    {
        has(&format!("/tmp/state/{path}"))?;
    }
    let name = format!("kept-web-{}", story.one);
    let mounts = web.inspect(&name, "{{range .Mounts}}{{.Source}}\n{{end}}")?;
    ensure!(mounts.starts_with("/tmp/state/cords/kept-web-"), "{mounts}");
    let audit = web.inside_cmd("cat /tmp/state/kept-audit.log").ok()?;
    ensure!(audit.contains("Booted app version"), "{audit}");
    ensure!(!web.inside("test -e /root/.kamal")?.success(), "there is a .kamal, too");
    Ok(())
}

#[test]
#[ignore = "needs the fleet: cargo xtask test"]
fn a_secret_that_was_never_pushed_stops_the_deploy() -> Result<()> {
    let story = Story::begin_one("unpushed")?;
    let (project, windlass, old) = (&story.project, &story.windlass, &story.one);
    let web = story.web()?;

    let named = |text: String| text.replace("- APP_SECRET", "- APP_SECRET\n    - NEW_SECRET");
    project.edit_config(named)?;
    ensure!(project.read("config/deploy.yml")?.contains("- NEW_SECRET"), "nothing was added");
    let new = project.commit_version("2")?;
    for words in [&["deploy"][..], &["redeploy"], &["rollback", old], &["app", "boot"]] {
        let output = windlass.fails(words)?;
        output.expect(&["web-1", "`NEW_SECRET`", "windlass env push"])?;
    }
    // Nothing has happened: not even a build.
    web.serves("1")?;
    ensure!(story.running(web, "web")? == [old.clone()], "another version runs");
    story.expect_lock_free()?;
    let images = web.docker(&["images", "--format", "{{.Tag}}"])?;
    ensure!(!images.contains(&new), "the image was pulled");

    let pushing = windlass.clone().env("NEW_SECRET", "it is there");
    pushing.ok(&["env", "push"])?;
    windlass.ok(&["deploy"])?;
    web.serves("2")?;
    let answer = web.get("/env/NEW_SECRET")?;
    ensure!(answer.text() == "it is there", "the container has {:?}", answer.text());
    Ok(())
}
