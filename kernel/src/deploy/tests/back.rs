//! Which version `rollback` goes back to when nobody says.

use super::bench::{BOTH, Bench};
use super::client::Cut;

async fn version_before(bench: &Bench) -> Option<String> {
    let (run, _) = bench.run("v2", Cut::Never);
    run.version_before().await.unwrap()
}

#[tokio::test]
async fn the_last_version_of_kamals_is_gone_back_to() {
    let bench = Bench::with(BOTH, "v1").await;
    // Kamal keeps no history.
    for machine in bench.fleet.lock().machines.values_mut() {
        machine.files.retain(|path, _| !path.ends_with("/history"));
    }
    assert_eq!(version_before(&bench).await, None, "nothing but v1 was ever there");
    assert!(bench.deploy("v2").await.good());
    assert_eq!(version_before(&bench).await.as_deref(), Some("v1"));

    // What the history knows to be good comes first.
    assert!(bench.deploy("v3").await.good());
    assert_eq!(version_before(&bench).await.as_deref(), Some("v2"));
}

#[tokio::test]
async fn a_version_that_was_not_good_everywhere_is_left_out() {
    let bench = Bench::with(BOTH, "v1").await;
    assert!(bench.deploy("v2").await.good());
    {
        let mut state = bench.fleet.lock();
        let history = "/root/.kamal/windlass/shop/history";
        let text = state.machine("job-1").files.get_mut(history).expect("it deploys");
        *text = text.replace("v1\t", "v0\t");
    }
    assert_eq!(version_before(&bench).await, None, "job-1 never had a good v1");
}
