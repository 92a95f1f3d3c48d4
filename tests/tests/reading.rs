//! Commands that only look: they need nothing, change nothing and wait for nobody.

use std::fs;

use anyhow::{Result, ensure};
use windlass_tests::host::Host;
use windlass_tests::story::Story;

/// Every file of the host that a deploy may write, with what changes when it is written.
fn files(host: &Host) -> Result<String> {
    host.inside_cmd("find /root/.kamal /root/.docker -printf '%p %T@ %s\\n' | sort").ok()
}

#[test]
#[ignore = "needs the fleet: cargo xtask test"]
fn reading_needs_neither_lock_nor_secrets() -> Result<()> {
    let story = Story::begin_one("looked")?;
    story.windlass.ok(&["lock", "acquire", "-m", "somebody else deploys"])?;
    fs::remove_file(story.project.dir.join(".env"))?;
    let web = story.web()?;
    let (before, watch) = (files(web)?, web.watch_events()?);
    let run = |words: &str, shown: &str| -> Result<()> {
        story.windlass.ok(&words.split(' ').collect::<Vec<_>>())?.expect(&[shown])
    };
    let (version, name) = (&story.one, "looked-web-");
    for (words, shown) in [
        ("app version", version.as_str()),
        ("app containers", name),
        ("app images", "library/looked"),
        ("app logs", "version 1 listens"),
        ("traefik details", "running"),
        ("details", name),
        ("audit", "Booted app version"),
        ("status", "web-1  web: "),
        ("lock status", "somebody else deploys"),
        ("plan", "Stop looked-web-"),
        ("config", "APP_SECRET"),
        ("build details", ""),
    ] {
        run(words, shown)?;
    }

    // What writes is refused by whoever holds the lock.
    for words in ["app stop", "app boot", "prune all", "env delete", "traefik stop"] {
        let words: Vec<_> = words.split(' ').chain(["--lock-wait", "0"]).collect();
        story.windlass.fails(&words)?.expect(&["somebody else deploys", "lock release"])?;
    }
    let writes: Vec<_> = watch.stop()?.into_iter().filter(|event| event.is_write()).collect();
    ensure!(writes.is_empty(), "{writes:#?}");
    let after = files(web)?;
    ensure!(before == after, "before:\n{before}\nafter:\n{after}");

    // What somebody typed for a container is theirs: no lock.
    run("app exec --reuse env", "GREETING=hello")
}
