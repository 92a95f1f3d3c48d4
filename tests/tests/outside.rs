//! Plugins from outside the repository: a proxy, a registry with a local credential helper, and
//! a step, as a team would write them with nothing but the SDK and the contract.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use windlass_tests::process::{Cmd, Output};
use windlass_tests::story::Story;
use windlass_tests::windlass::{Windlass, binary};
use windlass_tests::{images, outside, paths, registry, sample};

/// What a deploy with the three has in deploy.yml; `{…}` are filled in.
const SECTIONS: &str = r#"
x-windlass:
  plugins:
    caddy:
      component: {caddy}
      grants: [compose, containers, "files:caddy", http, networks]
    token:
      component: {token}
      grants: [registry, local]
    migrate:
      component: {migrate}
      grants: [run-as-role]
      settings:
        command: {command}
        timeout: 60
"#;

/// Needs a secret of the role's, and says that it ran.
const MIGRATION: &str = r#"sh -c 'test -n "$APP_SECRET" && echo migrated'"#;

/// The components, and the command that migrates.
fn sections(command: &str) -> Result<String> {
    let mut text = SECTIONS.replace("{command}", command);
    for name in ["caddy", "token", "migrate"] {
        let component = outside::component(name)?;
        text = text.replace(&format!("{{{name}}}"), &component.to_string_lossy());
    }
    Ok(text)
}

#[test]
#[ignore = "compiles for minutes: cargo xtask soak"]
fn their_authors_tests_pass_outside_the_repository() -> Result<()> {
    if !sample::is_whole() {
        println!("left to cargo xtask soak");
        return Ok(());
    }
    let said = outside::test()?;
    let passed = said.matches("test result: ok").count();
    ensure!(passed == 3, "{passed} of 3 plugins were tested:\n{said}");
    Ok(())
}

/// `windlass config --json` of a file, which needs no host.
fn config(text: &str) -> Result<Output> {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let file = directory.join("outside.yml");
    fs::write(&file, text).context("cannot write deploy.yml")?;
    Cmd::new(binary()?)
        .args(["config", "--json", "--version", "1", "--config-file"])
        .arg(&file)
        .dir(directory)
        .clear_env()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", directory)
        .output()
}

#[test]
fn they_take_the_place_of_the_bundled_ones_and_their_findings_are_shown() -> Result<()> {
    let head = "service: shop\nimage: shop\nservers: [a.example]\nregistry:\n  server: r.example\n  \
                username: AWS\n  command: aws ecr get-login-password\ncaddy: {image: caddy:2}\n";
    let good = format!("{head}{}", sections("bin/migrate")?);
    let told = config(&good)?;
    ensure!(told.success(), "{}", told.all());
    let resolved: Value = serde_json::from_str(&told.stdout).context("this is not JSON")?;
    ensure!(resolved["repository"] == "r.example/shop", "{resolved}");
    let plugins = resolved["plugins"].as_array().context("no plugins")?;
    let names = |kind: &str| -> Vec<&str> {
        let those = plugins.iter().filter(|plugin| plugin["kind"] == kind);
        those.filter_map(|plugin| plugin["name"].as_str()).collect()
    };
    ensure!(names("proxy") == ["caddy"] && names("registry") == ["token"], "{plugins:?}");
    ensure!(names("step").contains(&"migrate"), "{plugins:?}");

    let told = config(&good.replace("command: bin/migrate", "command: a && b"))?;
    ensure!(!told.success(), "settings that cannot be used are taken");
    told.expect(&["an operator of the shell", "outside.yml", "sh -c"])?;
    let told = config(&good.replace("  username: AWS\n", ""))?;
    ensure!(!told.success(), "the schema of /registry does not count");
    told.expect(&["username"])
}

/// An empty fleet, and a project with all three. Nothing in it holds the registry's password.
fn prepare() -> Result<Story> {
    let sections = sections(MIGRATION)?;
    let story = Story::prepare("outside")?;
    let caddy = images::caddy()?;
    registry::push(&caddy, &story.fleet.credentials, &paths::state_dir("docker-config")?)?;
    let (project, credentials) = (&story.project, &story.fleet.credentials);
    let secret = Windlass::home(project)?.join("registry-token");
    fs::write(&secret, &credentials.password).context("cannot write the token")?;
    project.write("token", "#!/bin/sh\necho asking >&2\ncat \"$HOME/registry-token\"\n")?;
    fs::set_permissions(project.dir.join("token"), fs::Permissions::from_mode(0o755))
        .context("cannot make the helper executable")?;
    project.write(".env", "APP_SECRET=only-the-app-knows\n")?;
    let traefik = format!("traefik:\n  image: {}\n", story.fleet.traefik_image);
    let password = "  password:\n    - KAMAL_REGISTRY_PASSWORD\n";
    project.edit_config(|text| {
        assert!(text.contains(&traefik) && text.contains(password), "another template");
        let text = text.replace(&traefik, &format!("caddy:\n  image: {caddy}\n"));
        text.replace(password, "  command: ./token\n") + &sections
    })?;
    project.commit("Plugins of our own")?;
    Ok(story)
}

#[test]
#[ignore = "needs the fleet: cargo xtask test"]
fn plugins_built_outside_the_repository_deploy_together() -> Result<()> {
    let story = prepare()?;
    let password = &story.fleet.credentials.password;
    story.windlass.ok(&["setup"])?;
    story.expect_serving("1")?;
    let old = story.project.head()?;

    let new = story.project.commit_version("2")?;
    let plan = story.windlass.ok(&["plan", "-v"])?;
    plan.expect(&["Migrate [migrate]", "Get a token for", "[token]", "[caddy]"])?;
    let load = story.load(&["1", "2"]);
    load.wait_for("1", 200, Duration::from_secs(30))?;
    let watches: Vec<_> =
        story.fleet.hosts.iter().map(|host| host.watch_events()).collect::<Result<_>>()?;
    let deployed = story.windlass.ok(&["deploy", "--json"])?;
    deployed.expect(&["asking", "migrated"])?;
    ensure!(!deployed.all().contains(password), "the token is shown:\n{}", deployed.all());
    load.wait_for("2", 200, Duration::from_secs(30))?;
    let report = load.stop();
    println!("deploy: {report}");
    report.expect(500, &["1", "2"], 100)?;
    story.expect_running(&new)?;

    // Once, on the first web host, and before anything of the new version was there.
    for (host, watch) in story.fleet.hosts.iter().zip(watches) {
        let events = watch.stop()?;
        let created = events.iter().filter(|e| e.kind == "container" && e.action == "create");
        let created: Vec<&str> = created.map(|event| event.name.as_str()).collect();
        let migrations = created.iter().filter(|name| name.contains("-up-")).count();
        ensure!(migrations == usize::from(host.name == "web-1"), "{}: {created:?}", host.name);
        ensure!(migrations == 0 || created[0].contains("-up-"), "{}: {created:?}", host.name);
        let login = host.inside("cat /root/.docker/config.json")?.stdout;
        ensure!(login.contains(registry::SERVER), "{} is not logged in: {login}", host.name);
    }

    // Neither a migration nor a token.
    let back = story.windlass.ok(&["rollback", &old, "--json"])?.all();
    ensure!(!back.contains("migrated") && !back.contains("asking"), "{back}");
    story.expect_serving("1")?;
    story.expect_running(&old)?;
    story.expect_lock_free()
}
