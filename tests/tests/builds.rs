//! Builds on the user's machine: what is committed is what runs, whatever lies around.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use windlass_tests::engine::docker;
use windlass_tests::paths;
use windlass_tests::process::Cmd;
use windlass_tests::story::Story;

/// The clone that a project's images are built from.
fn clone_of(service: &str) -> Result<PathBuf> {
    let clones = paths::state_dir("cache")?.join("windlass/clones");
    let entries = fs::read_dir(&clones).context("there are no clones")?;
    let prefix = format!("{service}-");
    let ours = |path: &PathBuf| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&prefix))
    };
    entries.flatten().map(|entry| entry.path()).find(ours).context("the project has no clone")
}

#[test]
#[ignore = "needs the fleet: cargo xtask test"]
fn the_image_holds_what_is_committed() -> Result<()> {
    let story = Story::begin("committed")?;
    let project = &story.project;

    let two = project.commit_version("2")?;
    project.write("app/VERSION", "three, not committed")?;
    project.write("app/draft", "not committed either")?;
    let plan = story.windlass.ok(&["plan"])?.all();
    println!("{plan}");
    for line in ["Leave out what is not committed", "Remove the clone", "only if"] {
        ensure!(plan.contains(line), "the plan lacks {line:?}:\n{plan}");
    }
    let said = story.windlass.ok(&["deploy"])?.all();
    println!("{said}");
    for line in ["it is not in the image", "M app/VERSION", "?? app/draft"] {
        ensure!(said.contains(line), "the notice lacks {line:?}:\n{said}");
    }
    story.expect_serving("2")?;
    // The version is the commit, with nothing added.
    story.expect_running(&two)?;
    let web = story.web()?;
    let files = web.docker(&["exec", &format!("committed-web-{two}"), "ls", "/app"])?;
    ensure!(!files.contains("draft"), "the image has the draft:\n{files}");

    // A clone that is broken is made again.
    fs::remove_dir_all(clone_of("committed")?.join(".git"))?;
    let four = project.commit_version("4")?;
    story.windlass.ok(&["deploy"])?;
    story.expect_serving("4")?;
    story.expect_running(&four)?;

    // The hook runs before the build, and stops it.
    fs::create_dir_all(project.dir.join(".kamal/hooks"))?;
    let hook = ".kamal/hooks/pre-build";
    project.write(hook, "#!/bin/sh\necho \"$KAMAL_COMMAND $KAMAL_VERSION\" >>told\nexit 7\n")?;
    fs::set_permissions(project.dir.join(hook), fs::Permissions::from_mode(0o755))?;
    let stopped = story.windlass.fails(&["deploy"])?.all();
    ensure!(stopped.contains("pre-build"), "the error does not name the hook:\n{stopped}");
    ensure!(project.read("told")? == format!("deploy {four}\n"), "the hook was told otherwise");
    story.expect_running(&four)?;
    story.windlass.ok(&["redeploy", "--skip-push"])?;
    ensure!(project.read("told")?.lines().count() == 1, "the hook ran although nothing was built");
    story.expect_lock_free()
}

#[test]
#[ignore = "needs the fleet: cargo xtask test"]
fn a_clone_that_is_broken_is_deleted_and_made_again() -> Result<()> {
    let story = Story::prepare_one("clones")?;
    let (project, windlass) = (&story.project, &story.windlass);
    windlass.ok(&["registry", "login", "--skip-remote"])?;
    windlass.ok(&["build", "push"])?;
    let clone = clone_of("clones")?;
    let mark = clone.join(".git/mark-of-the-test");

    // One that is there is used again, without what lay around in it.
    fs::write(&mark, "")?;
    fs::write(clone.join("app/VERSION"), "changed")?;
    fs::write(clone.join("app/left"), "")?;
    project.commit_version("2")?;
    windlass.ok(&["build", "push"])?;
    ensure!(mark.exists(), "it was cloned anew without need");
    ensure!(!clone.join("app/left").exists(), "what lay in the clone is in it still");
    ensure!(fs::read_to_string(clone.join("app/VERSION"))? == "2", "it is not at version 2");

    // One that is broken is not.
    fs::remove_dir_all(clone.join(".git/objects"))?;
    project.commit_version("3")?;
    windlass.ok(&["build", "push"])?;
    ensure!(!mark.exists(), "the broken clone was used");
    ensure!(fs::read_to_string(clone.join("app/VERSION"))? == "3", "it is not at version 3");

    // If the new one is no better, that is the end of it: nothing is built.
    let four = project.commit_version("4")?;
    let object = Cmd::new("git").args(["rev-parse", "HEAD:app/VERSION"]).dir(&project.dir).ok()?;
    let (directory, file) = object.trim().split_at(2);
    fs::remove_file(project.dir.join(".git/objects").join(directory).join(file))?;
    windlass.fails(&["build", "push"])?.expect(&[
        "✓ Remove the clone, which is not usable",
        "✓ Clone ",
        " again",
        "`Check out ",
        "unable to read",
    ])?;
    let built = docker(["image", "ls", "--quiet", &project.image(&four)]).ok()?;
    ensure!(built.is_empty(), "an image was built: {built}");
    Ok(())
}
