//! A secret with everything that is hard to carry arrives unchanged, and shows up
//! nowhere else: no output, no file but the env files, no argv on client or hosts.

use anyhow::{Result, ensure};
use windlass_tests::host::Host;
use windlass_tests::story::Story;
use windlass_tests::trace::{self, ExecTrace};

/// The parts between the hard characters are what is searched for.
const SECRET: &str = "pearl7Qx\nsecond'line\"quoted\" $HOME #hash grün-zebra9Kd";
const NEEDLES: &[&str] = &["pearl7Qx", "zebra9Kd", "second'line"];

/// Where the secret belongs on a host.
const ENV_FILES: &str = "/.kamal/env/";

/// Where the engine hands each run of a health check over to runc: the environment of the
/// container is in it, and it is gone after milliseconds.
const OF_THE_ENGINE: &str = "/tmp/runc-process";

/// The files of a host in which a part of the secret occurs.
fn files_with_the_secret(host: &Host) -> Result<Vec<String>> {
    let line = "grep --recursive --files-with-matches --no-messages --devices=skip \
                --fixed-strings --file=- /root /tmp /var/log";
    let found = host.inside_cmd(line).stdin(NEEDLES.join("\n")).output()?;
    let paths = found.stdout.lines().filter(|path| !path.starts_with(OF_THE_ENGINE));
    Ok(paths.map(str::to_string).collect())
}

fn expect_absent(what: &str, text: &str) -> Result<()> {
    for needle in NEEDLES {
        ensure!(!text.contains(needle), "{needle:?} of the secret occurs in {what}");
    }
    Ok(())
}

#[test]
#[ignore = "needs the fleet: cargo xtask test"]
fn a_secret_arrives_unchanged_and_shows_nowhere() -> Result<()> {
    let mut story = Story::prepare("secrets")?;
    story.forget_secrets()?;
    story.windlass = story.windlass.env("APP_SECRET", SECRET);
    let traces = story.fleet.hosts.iter().map(ExecTrace::start).collect::<Result<Vec<_>>>()?;

    let file = story.fleet.dir.join("traces/client");
    let wrapper = trace::wrapper(&file);
    for args in [["setup", "--verbose"], ["deploy", "--verbose"], ["plan", "--json"]] {
        let output = story.windlass.cmd_under(&wrapper, &args).output()?;
        ensure!(output.success(), "windlass {args:?} failed:\n{}", output.all());
        expect_absent(&format!("the output of windlass {args:?}"), &output.all())?;
        expect_absent("an argv on the client", &trace::read(&file)?.join("\n"))?;
    }
    for (host, trace) in story.fleet.hosts.iter().zip(traces) {
        let execs = trace.stop()?;
        ensure!(execs.len() > 10, "only {} execs were seen on {}", execs.len(), host.name);
        expect_absent(&format!("an argv on {}", host.name), &execs.join("\n"))?;
        let (kept, strays): (Vec<_>, Vec<_>) =
            files_with_the_secret(host)?.into_iter().partition(|path| path.contains(ENV_FILES));
        // Also proves that the search can find it.
        ensure!(!kept.is_empty(), "the secret is in no env file on {}", host.name);
        ensure!(strays.is_empty(), "the secret occurs on {} in {strays:?}", host.name);
        let modes = host.inside("find /root/.kamal/env -type f ! -perm 600")?.stdout;
        ensure!(modes.is_empty(), "env files on {} are readable: {modes}", host.name);
    }
    for host in story.fleet.web_hosts() {
        let answer = host.get("/env/APP_SECRET")?;
        ensure!(answer.status == 200, "the app has no APP_SECRET on {}", host.name);
        assert_eq!(answer.text(), SECRET, "as the container on {} has it", host.name);
    }
    Ok(())
}
