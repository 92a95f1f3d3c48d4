//! Releases that are broken in three ways: the old version keeps serving, the message
//! says why, and the next good deploy needs no manual step.

use anyhow::{Result, ensure};
use windlass_tests::story::Story;

fn a_broken_image(service: &str, mode: &str, clues: &[&str]) -> Result<()> {
    let story = Story::begin(service)?;
    let good = story.project.head()?;
    let load = story.load(&["1", "3"]);

    story.project.behave(&format!("APP_MODE={mode}\n"))?;
    story.project.commit_version("2")?;
    let output = story.windlass.fails(&["deploy"])?;
    for clue in clues {
        ensure!(output.all().contains(clue), "the message lacks {clue:?}:\n{}", output.all());
    }
    story.expect_serving("1")?;
    story.expect_running(&good)?;
    story.expect_lock_free()?;

    story.project.behave("")?;
    let fixed = story.project.commit_version("3")?;
    story.windlass.ok(&["deploy"])?;
    story.expect_serving("3")?;
    story.expect_running(&fixed)?;
    let report = load.stop();
    println!("{mode}: {report}");
    report.expect(2000, &["1", "3"], 100)
}

#[test]
#[ignore = "needs the fleet: cargo xtask test"]
fn an_image_that_exits_at_once() -> Result<()> {
    a_broken_image("exits", "exit", &["cannot start: migration 20240229 is missing"])
}

#[test]
#[ignore = "needs the fleet: cargo xtask test"]
fn an_image_that_is_never_healthy() -> Result<()> {
    a_broken_image("sick", "unhealthy", &["unhealthy", "curl -f", "503", "database unreachable"])
}

#[test]
#[ignore = "needs the fleet: cargo xtask test"]
fn an_image_that_listens_on_another_port() -> Result<()> {
    a_broken_image("port", "other-port", &["3000", "listens on port 4000"])
}
