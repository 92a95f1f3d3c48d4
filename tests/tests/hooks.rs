//! The user's hooks: when they run, what they are told, and that one which fails stops the
//! command.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use windlass_tests::process::Cmd;
use windlass_tests::registry;
use windlass_tests::story::Story;

const NAMES: [&str; 7] = [
    "pre-connect",
    "docker-setup",
    "pre-build",
    "pre-deploy",
    "post-deploy",
    "pre-traefik-reboot",
    "post-traefik-reboot",
];
/// What a shell would not leave alone.
const PERFORMER: &str = "jo $HOME`id`$(id)\"'@example.com";
const LOCK: &str = "/root/.kamal/locks/hooked-staging";

/// A hook that writes down its name and what it is told.
fn telling(name: &str) -> String {
    format!("{{ echo 'hook {name}'; env | grep -E '^(KAMAL_|APP_SECRET|CHANNEL)' | sort; }} >>told")
}

/// The hooks that have run since the last time, with their variables.
fn told(story: &Story) -> Result<Vec<(String, BTreeMap<String, String>)>> {
    // There is none if no hook has run.
    let text = story.project.read("told").unwrap_or_default();
    story.project.write("told", "")?;
    let mut hooks: Vec<(String, BTreeMap<String, String>)> = Vec::new();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("hook ") {
            hooks.push((name.to_string(), BTreeMap::new()));
        } else {
            let (name, value) = line.split_once('=').context("this is no variable")?;
            let last = hooks.last_mut().context("a variable before the first hook")?;
            last.1.insert(name.to_string(), value.to_string());
        }
    }
    Ok(hooks)
}

/// Insists on these hooks in this order, each told this and nothing else of ours.
fn expect(story: &Story, names: &[&str], version: &str, said: &[(&str, &str)]) -> Result<()> {
    let hooks = told(story)?;
    let ran: Vec<_> = hooks.iter().map(|(name, _)| name.as_str()).collect();
    ensure!(ran == names, "{ran:?} ran, and not {names:?}");
    for (hook, mut variables) in hooks {
        let recorded = variables.remove("KAMAL_RECORDED_AT").unwrap_or_default();
        let digits = |c: char| if c.is_ascii_digit() { '0' } else { c };
        let shape: String = recorded.chars().map(digits).collect();
        ensure!(shape == "0000-00-00T00:00:00Z", "{hook}: {recorded:?}");
        let runtime = variables.remove("KAMAL_RUNTIME");
        ensure!(runtime.is_some() == (hook == "post-deploy"), "{hook} has {runtime:?}");
        let seconds = runtime.map(|text| text.parse::<u64>());
        ensure!(seconds.is_none_or(|number| number.is_ok()), "these are no whole seconds");
        let service_version = format!("hooked@{}", &version[..7]);
        let always = [
            ("CHANNEL", "#deploys"),
            ("KAMAL_HOSTS", "web-1"),
            ("KAMAL_PERFORMER", PERFORMER),
            ("KAMAL_SERVICE", "hooked"),
            ("KAMAL_SERVICE_VERSION", service_version.as_str()),
            ("KAMAL_VERSION", version),
        ];
        let expected: BTreeMap<_, _> = always.iter().chain(said).copied().collect();
        let found: BTreeMap<_, _> =
            variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        ensure!(found == expected, "{hook} was told {found:#?}\nand not {expected:#?}");
    }
    Ok(())
}

/// Version 1 on `web-1` in the destination `staging`, with all hooks in place.
fn prepare() -> Result<Story> {
    let mut story = Story::prepare_one("hooked")?;
    let project = &story.project;
    project.write("config/deploy.staging.yml", "stop_wait_time: 5\n")?;
    Cmd::new("git").args(["config", "user.email", PERFORMER]).dir(&project.dir).ok()?;
    let env = project.read(".env")?;
    project.write(".env", &format!("{env}CHANNEL='#deploys'\n"))?;
    for name in NAMES {
        project.hook(name, &telling(name))?;
    }
    story.windlass = story.windlass.env("APP_SECRET", "from the shell, and secret as well");
    Ok(story)
}

#[test]
#[ignore = "needs the fleet: cargo xtask test"]
fn hooks_get_their_variables_and_stop_a_deploy() -> Result<()> {
    let story = prepare()?;
    let (project, windlass) = (&story.project, &story.windlass);
    let web = story.web()?;
    let one = project.head()?;

    // A check of CI has had the whole build's time; nothing else has happened.
    let image = registry::image("hooked", "$KAMAL_VERSION");
    let looks = format!(
        "ssh web-1 \"ls -d {LOCK}; docker image inspect --format pulled {image}; \
         echo containers: \\$(docker ps --all --quiet); echo env: \\$(ls .kamal/env 2>/dev/null)\" >seen"
    );
    project.hook("pre-deploy", &format!("{}\n{looks}", telling("pre-deploy")))?;
    windlass.ok(&["setup", "-d", "staging"])?;
    let seen = project.read("seen")?;
    ensure!(seen == format!("{LOCK}\npulled\ncontainers:\nenv:\n"), "pre-deploy saw:\n{seen}");
    let staging = ("KAMAL_DESTINATION", "staging");
    let all = ["pre-connect", "docker-setup", "pre-build", "pre-deploy", "post-deploy"];
    expect(&story, &all, &one, &[staging, ("KAMAL_COMMAND", "setup")])?;
    let audit = web.inside_cmd("cat /root/.kamal/hooked-staging-audit.log").ok()?;
    ensure!(audit.contains(&format!("[{PERFORMER}]")), "who deployed is lost:\n{audit}");

    windlass.ok(&["server", "bootstrap"])?;
    let said = [("KAMAL_COMMAND", "server"), ("KAMAL_SUBCOMMAND", "bootstrap")];
    expect(&story, &["pre-connect", "docker-setup"], &one, &said)?;

    // One that fails stops the deploy, and the lock is free.
    let two = project.commit_version("2")?;
    let deploy = [staging, ("KAMAL_COMMAND", "deploy")];
    let fails =
        |name: &str| project.hook(name, &format!("{}\necho CI is red; exit 3", telling(name)));
    let before = web.standing()?;
    fails("pre-deploy")?;
    let failed = windlass.fails(&["deploy", "-d", "staging"])?;
    failed.expect(&[
        "pre-deploy failed: exit code 3",
        "CI is red",
        "APP_SECRET",
        "--skip-hooks",
    ])?;
    expect(&story, &["pre-connect", "pre-build", "pre-deploy"], &two, &deploy)?;
    ensure!(web.standing()? == before, "the host was changed");
    ensure!(!web.inside(&format!("test -e {LOCK}"))?.success(), "the lock is not free");
    project.hook("pre-deploy", &telling("pre-deploy"))?;
    fails("pre-connect")?;
    let mark = web.mark()?;
    windlass.fails(&["app", "version", "-d", "staging"])?.expect(&["pre-connect failed"])?;
    ensure!(web.ssh_use_since(&mark)?.handshakes == 0, "it connected in spite of pre-connect");
    let app = [staging, ("KAMAL_COMMAND", "app"), ("KAMAL_SUBCOMMAND", "version")];
    expect(&story, &["pre-connect"], &two, &app)?;
    windlass.ok(&["app", "version", "-d", "staging", "--skip-hooks"])?.expect(&[&one])?;
    expect(&story, &[], &two, &[])?;
    project.hook("pre-connect", &telling("pre-connect"))?;
    fails("pre-traefik-reboot")?;
    let failed = windlass.fails(&["traefik", "reboot", "-y", "-d", "staging"])?;
    failed.expect(&["pre-traefik-reboot failed"])?;
    let reboot = [staging, ("KAMAL_COMMAND", "traefik"), ("KAMAL_SUBCOMMAND", "reboot")];
    expect(&story, &["pre-connect", "pre-traefik-reboot"], &two, &reboot)?;
    ensure!(web.standing()? == before, "Traefik was rebooted");
    web.serves("1")?;

    // After the deploy it is too late to stop it, but not to say so.
    fails("post-deploy")?;
    windlass.fails(&["deploy", "-d", "staging"])?.expect(&["post-deploy failed"])?;
    expect(&story, &[&all[..1], &all[2..]].concat(), &two, &deploy)?;
    web.serves("2")?;
    ensure!(!web.inside(&format!("test -e {LOCK}"))?.success(), "the lock is not free");
    project.hook("post-deploy", &telling("post-deploy"))?;
    windlass.ok(&["rollback", &one, "-d", "staging"])?;
    let rollback = [staging, ("KAMAL_COMMAND", "rollback")];
    expect(&story, &["pre-connect", "pre-deploy", "post-deploy"], &one, &rollback)?;
    web.serves("1")
}
