//! What Kamal's reference asks of whoever does its job: with the gate before the start, as Kamal
//! has it, and as it is by default.

use std::time::Duration;

use serde_json::json;

use super::bench::{Bench, Outcome, operation, shop};
use super::client::{Client, Cut};
use super::fleet::Lock;
use super::sim_host::{REPOSITORY, image_id};
use crate::deploy::Run;
use crate::deploy::hooks::Hooks;
use crate::lock::Details;

/// Two web hosts and a worker host.
const THREE: &str = shop!(
    "
servers:
  web: [web-1, web-2]
  workers:
    hosts: [job-1]
    cmd: bin/jobs
"
);

/// Version 1 everywhere, with the gate before the start and by default.
async fn both() -> [(bool, Bench); 2] {
    let start = format!("{THREE}x-windlass: {{gate: start}}\n");
    [(true, Bench::with(&start, "v1").await), (false, Bench::with(THREE, "v1").await)]
}

/// Deploys; the outcome, and host and step of all that was performed.
async fn deploy(bench: &Bench, version: &str) -> (Outcome, Vec<(String, String)>) {
    let before = bench.fleet.lock().performed.len();
    let outcome = bench.deploy(version).await;
    let state = bench.fleet.lock();
    assert!(state.lock.is_none(), "the lock is still held");
    assert!(state.outages.is_empty(), "{:?}", state.outages);
    (outcome, state.performed[before..].to_vec())
}

fn on<'a>(performed: &'a [(String, String)], host: &str) -> Vec<&'a str> {
    performed.iter().filter(|(h, _)| h == host).map(|(_, id)| id.as_str()).collect()
}

/// Versions that are up by role, host by host.
fn up(bench: &Bench) -> Vec<String> {
    let state = bench.fleet.lock();
    let of = |host: &str, role: &str| state.machines[host].up(role).join(" ");
    vec![of("web-1", "web"), of("web-2", "web"), of("job-1", "workers")]
}

/// The version that each host has tagged as the latest.
fn latest(bench: &Bench) -> Vec<String> {
    let state = bench.fleet.lock();
    let latest = format!("{REPOSITORY}:latest");
    let tagged = |(known, _): &&(String, String)| *known == latest;
    let ids = state.machines.values().map(|m| m.images.iter().find(tagged).unwrap().1.clone());
    let version = |id: String| ["v1", "v2", "v3"].into_iter().find(|v| image_id(v) == id).unwrap();
    ids.map(|id| version(id).to_string()).collect()
}

#[tokio::test]
async fn every_host_goes_its_way_in_order() {
    for (gate_first, bench) in both().await {
        let (outcome, performed) = deploy(&bench, "v2").await;
        assert!(outcome.good());
        let place = |host: &str, step: &str| {
            performed.iter().position(|(h, s)| h == host && s == step).unwrap()
        };
        let good = place("web-1", "traefik.web.probe").min(place("web-2", "traefik.web.probe"));
        // The gate is between the worker's first or second half and a good web container.
        let waits = if gate_first { "app.workers.run" } else { "app.workers.stop" };
        assert!(place("job-1", waits) > good, "{performed:?}");
        let retired =
            performed.iter().rposition(|(_, step)| step.ends_with(".stop")).expect("old ones stop");
        let tagged = performed.iter().position(|(_, step)| step == "app.tag").unwrap();
        assert!(retired < tagged, "a host was tagged before all had finished: {performed:?}");
        let ways = ["web-1", "job-1"].map(|host| on(&performed, host).join("\n"));
        insta::assert_snapshot!("the_way_of_web", ways[0]);
        insta::assert_snapshot!("the_way_of_workers", ways[1]);
        assert_eq!(up(&bench), ["v2"; 3]);
        assert_eq!(latest(&bench), ["v2"; 3]);
    }
}

#[tokio::test]
async fn without_a_good_web_container_no_worker_changes() {
    for (gate_first, bench) in both().await {
        let (outcome, performed) = deploy(&bench, "sick").await;
        let error = outcome.error();
        for host in ["web-1: ", "web-2: ", "job-1: "] {
            let told = error.lines().filter(|line| line.starts_with(host)).count();
            assert_eq!(told, 1, "{host} is told {told} times:\n{error}");
        }
        for host in ["web-1", "web-2"] {
            // Started and, by the undo of the start, removed again.
            let runs = on(&performed, host).iter().filter(|id| **id == "app.web.run").count();
            assert_eq!(runs, 2, "{performed:?}");
        }
        let of_worker: Vec<&str> =
            on(&performed, "job-1").into_iter().filter(|id| id.starts_with("app.")).collect();
        let kamals: &[&str] = &[];
        let ours = ["app.workers.run", "app.workers.ready", "app.workers.run.undo"];
        assert_eq!(of_worker, if gate_first { kamals } else { &ours });
        assert!(!performed.iter().any(|(_, id)| id == "app.tag" || id.ends_with(".stop")));
        assert_eq!(up(&bench), ["v1"; 3]);
        assert_eq!(latest(&bench), ["v1"; 3]);
        let state = bench.fleet.lock();
        let all = state.machines.values().flat_map(|machine| &machine.containers);
        assert!(!all.into_iter().any(|c| c.name.contains("sick")), "something is left of it");
    }
}

#[tokio::test]
async fn a_good_web_host_takes_the_workers_along_and_none_that_failed() {
    for (_, bench) in both().await {
        bench.fleet.lock().machine("web-2").sick = Some("v2");
        let (outcome, performed) = deploy(&bench, "v2").await;
        let error = outcome.error();
        assert!(error.starts_with("web-2: "), "{error}");
        assert!(!error.contains("web-1: ") && !error.contains("job-1: "), "{error}");
        assert_eq!(up(&bench), ["v2", "v1", "v2"]);
        assert_eq!(latest(&bench), ["v1"; 3], "the tag moves only if all is well");
        assert!(!performed.iter().any(|(_, id)| id == "app.tag"), "{performed:?}");
        let machines = bench.fleet.lock().machines.clone();
        assert!(machines["web-2"].find("shop-web-v2").is_none(), "it is left on web-2");
        // And the next deploy makes all of it whole.
        bench.fleet.lock().machine("web-2").sick = None;
        assert!(deploy(&bench, "v2").await.0.good());
        assert_eq!(up(&bench), ["v2"; 3]);
        assert_eq!(latest(&bench), ["v2"; 3]);
    }
}

#[tokio::test]
async fn the_same_version_makes_room_for_itself() {
    for (_, bench) in both().await {
        let run_id = bench.copy().run("v1", Cut::Never).0.request.run_id;
        assert!(deploy(&bench, "v1").await.0.good());
        let state = bench.fleet.lock();
        for (host, role) in [("web-1", "web"), ("web-2", "web"), ("job-1", "workers")] {
            let machine = &state.machines[host];
            let replaced = format!("shop-{role}-v1_replaced_{}", &run_id[..16]);
            let old = machine.find(&replaced).unwrap_or_else(|| panic!("{replaced} on {host}"));
            assert_eq!(format!("{:?}", old.status), "ContainerStatus::Exited");
            assert_eq!(machine.up(role), ["v1"]);
        }
    }
}

#[tokio::test]
async fn what_no_tag_names_is_replaced_too() {
    for (_, bench) in both().await {
        for machine in bench.fleet.lock().machines.values_mut() {
            machine.images.retain(|(reference, _)| !reference.ends_with(":latest"));
        }
        assert!(deploy(&bench, "v2").await.0.good());
        assert_eq!(up(&bench), ["v2"; 3]);
    }
}

#[tokio::test]
async fn a_rollback_to_what_one_host_has_lost_changes_nothing() {
    for (_, bench) in both().await {
        assert!(deploy(&bench, "v2").await.0.good());
        let image = format!("{REPOSITORY}:v1");
        bench.fleet.lock().machine("job-1").images.retain(|(known, _)| *known != image);
        let before = bench.fleet.lock().performed.len();
        let (mut run, _) = bench.run("v1", Cut::Never);
        run.request.operation = operation("rollback", &run.request.arguments);
        let seen = run.observe().await.unwrap();
        let error = run.plan(&seen).unwrap_err().to_string();
        assert!(error.contains("job-1") && error.contains("no longer on the host"), "{error}");
        assert!(!error.contains("web-1"), "{error}");
        assert_eq!(bench.fleet.lock().performed.len(), before);
        assert_eq!(up(&bench), ["v2"; 3]);
    }
}

#[tokio::test]
async fn a_failing_check_before_the_deploy_changes_nothing() {
    for (_, bench) in both().await {
        let check = Check::new("exit 1");
        let run = check.of(&bench);
        let seen = run.observe().await.unwrap();
        let plan = run.plan(&seen).unwrap();
        let before = bench.fleet.lock().performed.len();
        let running = tokio::spawn(async move { run.perform(plan, seen).await });
        check.begins().await;
        assert!(bench.fleet.lock().lock.is_some(), "the hook runs under the lock");
        check.go_on();
        let error = running.await.unwrap().unwrap_err().to_string();
        assert!(error.contains("the hook pre-deploy failed: exit code 1"), "{error}");
        let state = bench.fleet.lock();
        assert!(state.lock.is_none(), "the lock is still held");
        let staged = |id: &str| id.starts_with("registry.") || id.starts_with("builder.");
        let performed = &state.performed[before..];
        assert!(performed.iter().all(|(_, id)| staged(id)), "{performed:?}");
        assert!(!performed.is_empty(), "the hook runs after the pull");
    }
}

#[tokio::test]
async fn an_interrupt_ends_a_hook_and_gives_the_lock_back() {
    let [(_, bench), _] = both().await;
    let check = Check::new("exit 0");
    let run = check.of(&bench);
    let seen = run.observe().await.unwrap();
    let plan = run.plan(&seen).unwrap();
    let stop = run.stop.clone();
    let running = tokio::spawn(async move { run.perform(plan, seen).await });
    check.begins().await;
    stop.send_replace(true);
    // The hook waits forever; the run does not.
    let ended = tokio::time::timeout(Duration::from_secs(60), running).await.expect("it ends");
    let error = ended.unwrap().unwrap_err().to_string();
    assert!(error.contains("interrupted in the hook pre-deploy"), "{error}");
    assert!(bench.fleet.lock().lock.is_none(), "the lock is still held");
}

/// A hook pre-deploy that says when it begins, and waits until it may go on.
struct Check {
    directory: tempfile::TempDir,
}

impl Check {
    fn new(end: &str) -> Self {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = tempfile::tempdir().unwrap();
        let at = directory.path();
        let hook = at.join("pre-deploy");
        let text = format!(
            "#!/bin/sh\n: >{0}/begun\nwhile ! [ -e {0}/go-on ]; do sleep 0.05; done\n{end}\n",
            at.display()
        );
        std::fs::write(&hook, text).unwrap();
        std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
        Self { directory }
    }

    /// A deploy of version 2 that has it.
    fn of(&self, bench: &Bench) -> Run<Client> {
        let (mut run, _) = bench.run("v2", Cut::Never);
        run.request.project.hooks_path = self.directory.path().into();
        let env = std::collections::BTreeMap::new();
        run.hooks = Hooks::new(&run.request, &env, "Jo", "2026-01-02T03:04:05Z", "deploy");
        run.hooks = run.hooks.of_a_deploy();
        run
    }

    async fn begins(&self) {
        while !self.directory.path().join("begun").exists() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn go_on(&self) {
        std::fs::write(self.directory.path().join("go-on"), "").unwrap();
    }
}

/// A quarter of nine hosts is two at a time, those of the primary role first.
#[tokio::test]
async fn hosts_boot_in_groups_until_one_fails() {
    let config = shop!(
        "
servers:
  jobs: {hosts: [j-1, j-2, j-3, j-4, j-5, j-6]}
  web: [w-1, w-2, w-3]
boot: {limit: 25%}
"
    );
    let groups = ["w-1 w-2", "j-1 w-3", "j-2 j-3", "j-4 j-5", "j-6"];
    let groups = groups.map(|group| group.split(' ').collect::<Vec<_>>());
    for gate in ["retire", "start"] {
        let config = format!("{config}x-windlass: {{gate: {gate}}}\n");
        let bench = Bench::with(&config, "v1").await;
        let failing = bench.copy();
        let rolls = |id: &str| id.ends_with(".run") || id.ends_with(".stop");
        let (outcome, performed) = deploy(&bench, "v2").await;
        assert!(outcome.good());
        let rolled: Vec<_> = performed.iter().filter(|(_, id)| rolls(id)).collect();
        let mut left = rolled.as_slice();
        for group in &groups {
            let (these, later) = left.split_at(group.len() * 2);
            let mut hosts: Vec<&str> = these.iter().map(|(host, _)| host.as_str()).collect();
            hosts.sort_unstable();
            hosts.dedup();
            assert_eq!(hosts, *group, "{rolled:?}");
            left = later;
        }
        assert!(left.is_empty(), "{left:?}");

        failing.fleet.lock().machine("w-3").sick = Some("v2");
        let (outcome, performed) = deploy(&failing, "v2").await;
        assert!(outcome.error().starts_with("w-3: "), "{}", outcome.error());
        let begun = |host: &str| on(&performed, host).iter().any(|id| rolls(id));
        for (number, group) in groups.iter().enumerate() {
            for host in group {
                assert_eq!(begun(host), number < 2, "{host}: {performed:?}");
            }
        }
        assert_eq!(failing.fleet.lock().machines["w-2"].up("web"), ["v2"]);
    }
}

#[tokio::test]
async fn there_is_a_pause_between_groups_if_one_is_configured() {
    let config = shop!(
        "
servers: [w-1, w-2]
boot: {limit: 1, wait: 1}
"
    );
    let bench = Bench::new(config);
    let began = std::time::Instant::now();
    assert!(deploy(&bench, "v1").await.0.good());
    assert!(began.elapsed() >= Duration::from_secs(1), "there was no pause");
}

/// Whatever happens to primary hosts before they start anything, nobody waits forever.
#[tokio::test]
async fn the_gate_is_decided_also_where_nothing_was_started() {
    for (_, bench) in both().await {
        let (run, _) = bench.run("v1", Cut::Never);
        // Nobody can see what has the name that the old container is to get.
        let taken = format!("shop-web-v1_replaced_{}", &run.request.run_id[..16]);
        for host in ["web-1", "web-2"] {
            bench.fleet.lock().machine(host).add(&taken, "somebody/else:1");
        }
        let seen = run.observe().await.unwrap();
        let plan = run.plan(&seen).unwrap();
        let ended = tokio::time::timeout(Duration::from_secs(60), run.perform(plan, seen));
        let error = ended.await.expect("it ends").unwrap_err().to_string();
        assert!(error.contains("job-1: taken back"), "{error}");
        let state = bench.fleet.lock();
        assert!(state.lock.is_none() && state.outages.is_empty(), "{:?}", state.outages);
        assert_eq!(state.machines["job-1"].up("workers"), ["v1"]);
        assert!(state.machines["job-1"].find("shop-workers-v1").is_some(), "it has its name back");
    }
}

#[tokio::test]
async fn filters_do_not_move_the_lock() {
    let bench = Bench::with(THREE, "v1").await;
    let of_workers = || {
        let (mut run, _) = bench.run("v2", Cut::Never);
        run.request.hosts = vec!["job-1".into()];
        run.request.roles = vec!["workers".into()];
        run.request.chosen_roles = true;
        run.settings.lock_wait_s = 0;
        run
    };
    // Somebody deploys to all hosts.
    let details = Details::new("Ann", "2026-02-03T04:00:00Z", "v3", "Automatic deploy lock");
    bench.fleet.lock().lock = Some(Lock { run_id: "another".into(), details, ends: None });
    let run = of_workers();
    let seen = run.observe().await.unwrap();
    let plan = run.plan(&seen).unwrap();
    let error = run.perform(plan, seen).await.unwrap_err().to_string();
    for told in ["web-1", "Ann", "2026-02-03T04:00:00Z", "Automatic deploy lock"] {
        assert!(error.contains(told), "{told:?} is missing in:\n{error}");
    }
    assert_eq!(up(&bench), ["v1"; 3]);
    bench.fleet.lock().lock = None;
    let run = of_workers();
    let seen = run.observe().await.unwrap();
    let plan = run.plan(&seen).unwrap();
    run.perform(plan, seen).await.unwrap();
    assert_eq!(up(&bench), ["v1", "v1", "v2"]);
}

#[tokio::test]
async fn app_boot_replaces_without_pull_and_prune() {
    for (_, bench) in both().await {
        for machine in bench.fleet.lock().machines.values_mut() {
            machine.tag(&format!("{REPOSITORY}:v2"), image_id("v2"));
        }
        let (mut run, _) = bench.run("v2", Cut::Never);
        run.request.arguments = json!({});
        run.request.operation = operation("app boot", &run.request.arguments);
        let seen = run.observe().await.unwrap();
        let plan = run.plan(&seen).unwrap();
        let before = bench.fleet.lock().performed.len();
        run.perform(plan, seen).await.unwrap();
        let performed = bench.fleet.lock().performed[before..].to_vec();
        let others = ["registry.", "builder.", "app.prune"];
        let other = |id: &String| others.iter().any(|start| id.starts_with(start));
        assert!(!performed.iter().any(|(_, id)| other(id)), "{performed:?}");
        assert_eq!(up(&bench), ["v2"; 3]);
        assert_eq!(latest(&bench), ["v2"; 3]);
    }
}

/// Images carry no destination: they are found by repository and tag.
#[tokio::test]
async fn app_remove_leaves_other_destinations_alone() {
    let bench = Bench::with(THREE, "v1").await;
    for (host, machine) in &mut bench.fleet.lock().machines {
        let role = if host == "job-1" { "workers" } else { "web" };
        let (v2, latest) = (format!("{REPOSITORY}:v2"), format!("{REPOSITORY}:latest-staging"));
        let staging = machine.add(&format!("shop-{role}-staging-v2"), &v2);
        let labels = [("service", "shop"), ("role", role), ("destination", "staging")];
        staging.labels = labels.map(|(k, v)| (k.to_string(), v.to_string())).to_vec();
        for reference in [v2, latest] {
            machine.tag(&reference, image_id("v2"));
        }
    }
    assert_eq!(up(&bench), ["v1 v2"; 3]);
    let (mut run, _) = bench.run("v2", Cut::Never);
    run.request.operation = operation("app remove", &run.request.arguments);
    run.request.project.destination = Some("staging".into());
    let seen = run.observe().await.unwrap();
    let plan = run.plan(&seen).unwrap();
    run.perform(plan, seen).await.unwrap();
    assert_eq!(up(&bench), ["v1"; 3]);
    for (host, machine) in &bench.fleet.lock().machines {
        let reference = |tag: &str| format!("{REPOSITORY}:{tag}");
        let has = |tag: &str| machine.images.iter().any(|(known, _)| *known == reference(tag));
        let images = ["v1", "latest", "v2", "latest-staging"].map(has);
        assert_eq!(images, [true, true, false, false], "{host}: {:?}", machine.images);
    }
}
