//! `asset_path`: while two versions serve side by side, each host answers for the files of both.

use std::fs;
use std::time::Duration;

use anyhow::{Result, ensure};
use windlass_tests::host::Host;
use windlass_tests::story::Story;

/// Replaces the project's assets by these files.
fn assets(story: &Story, files: &[(&str, &str)]) -> Result<()> {
    let dir = story.project.dir.join("app/assets");
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir)?;
    for (name, text) in files {
        story.project.write(&format!("app/assets/{name}"), text)?;
    }
    Ok(())
}

/// What a host answers for an asset, None for anything but 200.
fn asset(host: &Host, name: &str) -> Result<Option<String>> {
    let answer = host.get(&format!("/assets/{name}"))?;
    Ok((answer.status == 200).then(|| answer.text().to_string()))
}

fn directories(host: &Host) -> Result<Vec<String>> {
    let listed = host.inside("cd /root/.kamal/assets && ls -d extracted/* volumes/*")?;
    Ok(listed.stdout.lines().map(str::to_string).collect())
}

#[test]
#[ignore = "needs the fleet: cargo xtask test"]
fn files_of_both_versions_answer_on_all_hosts() -> Result<()> {
    let story = Story::prepare("bridged")?;
    let hosts = story.fleet.web_hosts();
    story.project.edit_config(|text| format!("{text}\nasset_path: /app/assets\n"))?;
    assets(&story, &[("1.css", "one"), ("shared.css", "of one"), (".hidden", "dot")])?;
    let one = story.project.commit_version("1")?;
    story.windlass.ok(&["setup"])?;
    for host in &hosts {
        ensure!(asset(host, "1.css")?.as_deref() == Some("one"), "{} lacks 1.css", host.name);
        ensure!(asset(host, ".hidden")?.is_some(), "{} lacks the file with a dot", host.name);
        ensure!(asset(host, "2.css")?.is_none(), "2.css is there too early");
    }

    assets(&story, &[("2.css", "two"), ("shared.css", "of two")])?;
    let two = story.project.commit_version("2")?;
    let deploy = story.windlass.start(&["deploy"])?;
    let mut rounds_with_both = 0;
    while deploy.is_alive() {
        let mut versions = Vec::new();
        for host in &hosts {
            versions.push(host.get("/version")?.text().to_string());
        }
        // A page of version 2 may have been seen: whoever is asked next must know its files.
        let is_new = versions.iter().any(|version| version == "version 2\n");
        for host in &hosts {
            ensure!(asset(host, "1.css")?.is_some(), "{} lost 1.css: {versions:?}", host.name);
            let new = asset(host, "2.css")?;
            ensure!(!is_new || new.is_some(), "{} lacks 2.css: {versions:?}", host.name);
        }
        rounds_with_both += u32::from(is_new);
    }
    let output = deploy.finish(Duration::from_secs(5))?;
    ensure!(output.success(), "the deploy failed:\n{}", output.all());
    ensure!(rounds_with_both > 0, "the test never saw both versions");
    story.expect_running(&two)?;
    for host in &hosts {
        let shared = asset(host, "shared.css")?;
        ensure!(shared.as_deref() == Some("of two"), "{} serves {shared:?}", host.name);
        ensure!(asset(host, "1.css")?.is_some(), "pages of version 1 are still open somewhere");
    }
    let of = |commit: &str| {
        ["extracted", "volumes"].map(|kind| format!("{kind}/bridged-web-{commit}")).to_vec()
    };
    let mut expected = [of(&one), of(&two)].concat();
    expected.sort();
    ensure!(directories(hosts[0])? == expected, "{:?}", directories(hosts[0])?);
    let workers = story.fleet.host("worker-1")?.inside("ls /root/.kamal/assets")?;
    ensure!(!workers.success(), "workers have assets: {}", workers.stdout);

    // An image without the directory: said, and nothing has changed.
    fs::remove_dir_all(story.project.dir.join("app/assets"))?;
    story.project.commit_version("3")?;
    let said = story.windlass.fails(&["deploy"])?.all();
    for clue in ["asset_path", "/app/assets"] {
        ensure!(said.contains(clue), "{clue:?} is missing in:\n{said}");
    }
    story.expect_settled("2", &two)?;

    story.windlass.ok(&["rollback", &one])?;
    story.expect_serving("1")?;
    for host in &hosts {
        ensure!(asset(host, "2.css")?.is_some(), "pages of version 2 are still open somewhere");
    }
    story.windlass.ok(&["app", "remove"])?;
    ensure!(directories(hosts[0])?.is_empty(), "left: {:?}", directories(hosts[0])?);
    Ok(())
}
