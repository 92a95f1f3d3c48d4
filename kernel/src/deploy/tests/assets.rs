//! Assets: on every host before any host starts the new version, gone with their container.

use super::bench::{BOTH, Bench};
use crate::model::wit::Mount;

/// The files below the directories of assets of a host.
fn files(bench: &Bench, host: &str) -> Vec<String> {
    let root = "/root/.kamal/assets/";
    let state = bench.fleet.lock();
    let files = state.machines[host].files.keys();
    files.filter_map(|path| path.strip_prefix(root)).map(str::to_string).collect()
}

fn config(more: &str) -> String {
    format!("{BOTH}asset_path: /public\n{more}")
}

#[tokio::test]
async fn each_host_has_the_files_of_both_versions_before_any_starts_the_new_one() {
    let bench = Bench::with(&config(""), "v1").await;
    bench.fleet.lock().performed.clear();
    let outcome = bench.deploy("v2").await;
    assert!(outcome.good(), "{:?}", outcome.result);
    let performed = bench.fleet.lock().performed.clone();
    let last_shared = performed.iter().rposition(|(_, step)| step.contains("assets-from-old"));
    let first_started = performed.iter().position(|(_, step)| step.ends_with(".run"));
    assert!(last_shared.unwrap() < first_started.unwrap(), "{performed:?}");
    for host in ["web-1", "all-1"] {
        let expected = [
            "extracted/shop-web-v1/v1.css",
            "extracted/shop-web-v2/v2.css",
            "volumes/shop-web-v1/v1.css",
            "volumes/shop-web-v1/v2.css",
            "volumes/shop-web-v2/v1.css",
            "volumes/shop-web-v2/v2.css",
        ];
        assert_eq!(files(&bench, host), expected, "{host}");
    }
    assert!(files(&bench, "job-1").is_empty(), "nobody asks workers for files");
    let state = bench.fleet.lock();
    let container = state.machines["web-1"].find("shop-web-v2").unwrap();
    let (source, target) = ("/root/.kamal/assets/volumes/shop-web-v2".into(), "/public".into());
    let mount = Mount { source, target };
    assert!(container.mounts.contains(&mount), "{:?}", container.mounts);
}

#[tokio::test]
async fn a_version_that_is_taken_back_leaves_no_assets() {
    let bench = Bench::with(&config(""), "v1").await;
    assert!(!bench.deploy("sick").await.good());
    let left = files(&bench, "web-1");
    assert!(left.iter().all(|file| !file.contains("shop-web-sick/")), "{left:?}");
    assert!(left.contains(&"volumes/shop-web-v1/v1.css".to_string()), "{left:?}");
}

#[tokio::test]
async fn the_same_version_again_keeps_its_assets() {
    let bench = Bench::with(&config(""), "v1").await;
    let before = files(&bench, "web-1");
    assert!(bench.deploy("v1").await.good());
    assert_eq!(files(&bench, "web-1"), before);
}

#[tokio::test]
async fn assets_go_with_their_container() {
    let bench = Bench::with(&config("retain_containers: 1\n"), "v1").await;
    for version in ["v2", "v3"] {
        assert!(bench.deploy(version).await.good());
    }
    let left = files(&bench, "web-1");
    assert!(!left.iter().any(|file| file.contains("shop-web-v1/")), "{left:?}");
    assert!(left.iter().any(|file| file.contains("volumes/shop-web-v2/")), "{left:?}");
}
