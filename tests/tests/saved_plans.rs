//! A saved plan is what runs, or nothing runs.

use anyhow::{Result, ensure};
use windlass_tests::story::Story;

#[test]
#[ignore = "needs the fleet: cargo xtask test"]
fn a_plan_runs_unless_a_fact_that_matters_has_changed() -> Result<()> {
    let story = Story::begin("planned")?;
    let one = story.project.head()?;
    let two = story.project.commit_version("2")?;
    let web = story.fleet.host("web-1")?;
    let shown = story.windlass.ok(&["plan", "-o", "plan.json"])?.all();
    ensure!(shown.contains(&two[..7]), "the plan does not name the new version:\n{shown}");
    story.expect_serving("1")?;

    // Somebody replaces the current container by hand: refused, and told why.
    let name = format!("planned-web-{one}");
    web.docker(&["rename", &name, "renamed-by-hand"])?;
    let refused = story.windlass.fails(&["apply", "plan.json"])?.all();
    ensure!(refused.contains("web-1"), "the refusal does not name the host:\n{refused}");
    story.expect_serving("1")?;
    web.docker(&["rename", "renamed-by-hand", &name])?;

    // An unrelated container changes no step.
    web.docker(&["run", "--detach", "--name", "stranger", &story.fleet.traefik_image])?;
    let load = story.load(&["1", "2"]);
    story.windlass.ok(&["apply", "plan.json"])?;
    load.stop().expect(100, &["2"], 1)?;
    story.expect_serving("2")?;
    story.expect_running(&two)
}
