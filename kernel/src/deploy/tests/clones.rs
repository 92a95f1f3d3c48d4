//! Builds from a clone, with real repositories: the builder's blocks on this machine.

use super::desk::{Desk, names};

/// A repository with a Dockerfile and a file, committed.
fn desk() -> Desk {
    let desk = Desk::new();
    desk.put("repo/Dockerfile", "FROM scratch\n");
    desk.put("repo/app", "one");
    desk.commit("repo");
    desk
}

const RESET: [&str; 6] = ["origin", "fetch", "reset-hard", "clean", "submodules", "clone-is-reset"];

#[tokio::test]
async fn only_what_is_committed_is_built_and_the_rest_is_told() {
    let desk = desk();
    desk.put("repo/app", "two");
    desk.put("repo/new", "");
    let built = desk.build("repo").await.good();
    assert_eq!(names(&desk.path("image")), ["Dockerfile", "app"]);
    assert_eq!(desk.text("image/app"), "one");
    let told = "this is not committed, so it is not in the image:\n  M app\n  ?? new";
    assert_eq!(built.notes(), [told]);
    assert!(built.begun().contains(&"clone"));

    // The clone is kept, and brought up to date.
    let marker = desk.clone().join(".git/marker");
    std::fs::write(&marker, "").unwrap();
    desk.commit("repo");
    std::fs::write(desk.clone().join("left"), "over").unwrap();
    std::fs::write(desk.clone().join("Dockerfile"), "FROM other\n").unwrap();
    let again = desk.build("repo").await.good();
    assert_eq!(again.notes(), Vec::<&str>::new());
    assert_eq!(names(&desk.path("image")), ["Dockerfile", "app", "new"]);
    assert_eq!(desk.text("image/app"), "two");
    assert_eq!(desk.text("image/Dockerfile"), "FROM scratch\n");
    let clone: Vec<_> = again.begun().into_iter().skip(2).take(6).collect();
    assert_eq!(clone, RESET, "{:?}", again.begun());
    assert!(marker.exists() && !again.begun().contains(&"remove-clone"));
}

#[tokio::test]
async fn a_clone_that_is_not_good_is_made_again() {
    type Damage = (&'static str, fn(&Desk));
    let damages: [Damage; 4] = [
        ("no .git", |desk| std::fs::remove_dir_all(desk.clone().join(".git")).unwrap()),
        ("no HEAD", |desk| std::fs::remove_file(desk.clone().join(".git/HEAD")).unwrap()),
        ("an empty object", |desk| {
            let tree = desk.git("repo", &["rev-parse", "HEAD:app"]);
            let (first, rest) = tree.split_at(2);
            let object = desk.clone().join(".git/objects").join(first).join(rest);
            std::fs::remove_file(&object).unwrap();
            std::fs::remove_file(desk.clone().join("app")).unwrap();
        }),
        ("a file in its place", |desk| {
            let clone = desk.clone();
            std::fs::remove_dir_all(&clone).unwrap();
            std::fs::write(clone, "").unwrap();
        }),
    ];
    for (what, damage) in damages {
        let desk = desk();
        desk.build("repo").await.good();
        damage(&desk);
        std::fs::remove_dir_all(desk.path("image")).unwrap();
        let built = desk.build("repo").await;
        assert!(built.result.is_ok(), "{what}: {:?} {:#?}", built.result, built.events);
        assert!(built.begun().contains(&"clone-again"), "{what}: {:?}", built.begun());
        assert_eq!(names(&desk.path("image")), ["Dockerfile", "app"], "{what}");
    }
}

#[tokio::test]
async fn a_broken_clone_inside_another_repository_leaves_that_alone() {
    let desk = desk();
    desk.init("cache");
    desk.put("cache/.gitignore", "clones\n");
    let outer = desk.commit("cache");
    desk.put("cache/draft", "unsaved");
    desk.build("repo").await.good();
    std::fs::remove_dir_all(desk.clone().join(".git")).unwrap();
    desk.build("repo").await.good();
    assert_eq!(desk.git("cache", &["rev-parse", "HEAD"]), outer);
    assert_eq!(desk.text("cache/draft"), "unsaved");
    assert_ne!(desk.git("cache", &["remote"]), "origin");
}

#[tokio::test]
async fn a_hook_of_git_does_not_lead_astray() {
    let mut desk = desk();
    desk.build("repo").await.good();
    desk.put("repo/app", "unsaved");
    let git_dir = desk.path("repo/.git").to_str().unwrap().to_string();
    desk.env.insert("GIT_DIR".into(), git_dir);
    desk.build("repo").await.good();
    assert_eq!(desk.text("repo/app"), "unsaved");
    assert_eq!(desk.text("image/app"), "one");
}

#[tokio::test]
async fn what_cannot_be_cloned_twice_is_an_error_and_nothing_is_built() {
    let desk = desk();
    let plan = desk.plan("repo").await;
    std::fs::remove_dir_all(desk.path("repo")).unwrap();
    let built = desk.perform(&plan).await;
    assert!(built.error().contains("Clone "), "{}", built.error());
    let begun = built.begun();
    assert_eq!(begun[1..], ["clone-is-there", "clone", "origin", "remove-clone", "clone-again"]);
    assert!(!desk.called().contains("build"), "{}", desk.called());
}

#[tokio::test]
async fn the_planned_revision_is_built_whatever_came_after() {
    let desk = desk();
    let plan = desk.plan("repo").await;
    desk.put("repo/app", "two");
    desk.commit("repo");
    desk.perform(&plan).await.good();
    assert_eq!(desk.text("image/app"), "one");
    desk.build("repo").await.good();
    assert_eq!(desk.text("image/app"), "two");
    // Once more the old one, now with a clone that is ahead of it.
    desk.perform(&plan).await.good();
    assert_eq!(desk.text("image/app"), "one");
}

#[tokio::test]
async fn a_head_on_no_branch_is_built() {
    let desk = desk();
    desk.build("repo").await.good();
    desk.git("repo", &["checkout", "-q", "--detach"]);
    desk.put("repo/app", "three");
    desk.commit("repo");
    let built = desk.build("repo").await.good();
    assert_eq!(desk.text("image/app"), "three");
    assert!(!built.begun().contains(&"clone-again"));
}

#[tokio::test]
async fn a_project_in_a_subdirectory_is_the_context() {
    let desk = desk();
    desk.put("repo/shop/Dockerfile", "FROM shop\n");
    desk.put("repo/shop/page", "x");
    desk.commit("repo");
    desk.build("repo/shop").await.good();
    assert_eq!(names(&desk.path("image")), ["Dockerfile", "page"]);
    let file = format!("--file {}/shop/Dockerfile ", desk.clone().display());
    assert!(desk.called().contains(&file), "{}", desk.called());
}

#[tokio::test]
async fn submodules_are_part_of_it() {
    let desk = desk();
    desk.init("library");
    desk.put("library/code", "1");
    desk.commit("library");
    let library = desk.path("library");
    desk.git("repo", &["submodule", "--quiet", "add", library.to_str().unwrap(), "vendor"]);
    desk.commit("repo");
    desk.build("repo").await.good();
    assert_eq!(desk.text("image/vendor/code"), "1");

    desk.put("library/code", "2");
    desk.commit("library");
    desk.git("repo/vendor", &["pull", "-q"]);
    desk.commit("repo");
    let built = desk.build("repo").await.good();
    assert_eq!(desk.text("image/vendor/code"), "2");
    assert!(!built.begun().contains(&"clone-again"), "{:?}", built.begun());
}

#[tokio::test]
async fn destinations_do_not_share_a_clone() {
    let mut desk = desk();
    desk.build("repo").await.good();
    desk.destination = Some("staging".into());
    desk.build("repo").await.good();
    let clones = names(&desk.path("cache/clones"));
    assert_eq!(clones.len(), 2, "{clones:?}");
    assert!(clones.iter().any(|name| name.starts_with("shop-staging-")), "{clones:?}");
}

#[tokio::test]
async fn a_dockerfile_that_is_not_committed_is_missing() {
    let desk = desk();
    desk.git("repo", &["rm", "-q", "--cached", "Dockerfile"]);
    desk.git("repo", &["commit", "-q", "-m", "without"]);
    let built = desk.build("repo").await;
    assert!(built.error().contains("Dockerfile is there"), "{}", built.error());
    assert!(built.help()[0].starts_with("write it and commit it"), "{:?}", built.help());
    assert!(!desk.called().contains("build"), "{}", desk.called());
}

#[tokio::test]
async fn a_context_is_built_as_it_is_and_so_is_what_is_no_repository() {
    let mut desk = desk();
    desk.put("repo/app", "two");
    let place = desk.path("repo");
    desk.builder = format!("{{context: {0}, dockerfile: {0}/Dockerfile}}", place.display());
    let built = desk.build("repo").await.good();
    assert_eq!(desk.text("image/app"), "two");
    assert_eq!(built.notes(), ["this is not committed, and it is in the image:\n  M app"]);
    assert!(!desk.has("cache/clones"));

    std::fs::remove_dir_all(desk.path("repo/.git")).unwrap();
    let built = desk.build("repo").await.good();
    assert_eq!(built.notes(), Vec::<&str>::new());
}
