//! The fleet tested by itself, with nothing but docker and ssh commands: what the
//! tests of the product rely on. Run by `cargo xtask test`.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use windlass_tests::fleet::Fleet;
use windlass_tests::host::{Host, SshUse};
use windlass_tests::load::{Load, LoadPlan};
use windlass_tests::project::Project;
use windlass_tests::trace::ExecTrace;
use windlass_tests::{engine, registry, wait};

/// Commands as Kamal issues them, by hand.
mod by_hand {
    use super::*;

    pub const HEALTH: &str = "(curl -f http://localhost:3000/up || exit 1) \
                              && (stat /tmp/kamal-cord/cord > /dev/null || exit 1)";

    /// Builds the project's image and pushes it.
    pub fn publish(fleet: &Fleet, project: &Project) -> Result<String> {
        let image = project.image(&project.head()?);
        let label = format!("service={}", project.service);
        engine::docker(["build", "--quiet", "--tag", &image, "--label", &label, "."])
            .env("DOCKER_BUILDKIT", "0")
            .dir(&project.dir)
            .ok()?;
        registry::push(&image, &fleet.credentials, &fleet.dir.join("docker-config"))?;
        Ok(image)
    }

    pub fn pull(fleet: &Fleet, host: &Host, image: &str) -> Result<()> {
        let login = format!(
            "docker login --username {} --password-stdin {}",
            fleet.credentials.user,
            registry::SERVER
        );
        host.ssh_cmd(&format!("{login} && docker pull --quiet {image}"))
            .stdin(fleet.credentials.password.clone())
            .ok()
            .map(drop)
    }

    pub fn boot_traefik(host: &Host, image: &str) -> Result<()> {
        let run = format!(
            "docker run --name traefik --detach --restart unless-stopped --publish 80:80 \
             --volume /var/run/docker.sock:/var/run/docker.sock {image} --providers.docker \
             --entryPoints.http.address=:80 --providers.providersThrottleDuration=100ms"
        );
        host.ssh_cmd(&run).ok().map(drop)
    }

    pub fn run_app(host: &Host, image: &str, name: &str) -> Result<()> {
        let run = format!(
            "mkdir -p .kamal/cords/{name} && touch .kamal/cords/{name}/cord && \
             docker run --detach --restart unless-stopped --name {name} \
             --health-cmd '{HEALTH}' --health-interval 1s \
             --volume $(pwd)/.kamal/cords/{name}:/tmp/kamal-cord \
             --label traefik.http.services.app-web.loadbalancer.server.scheme=http \
             --label 'traefik.http.routers.app-web.rule=PathPrefix(`/`)' {image}"
        );
        host.ssh_cmd(&run).ok().map(drop)
    }

    pub fn wait_for_health(host: &Host, name: &str, wanted: &str) -> Result<Duration> {
        let started = Instant::now();
        wait::for_true(&format!("{name} to be {wanted}"), Duration::from_secs(15), || {
            let format = "{{.State.Health.Status}}";
            Ok(host.docker(&["inspect", "--format", format, name])?.trim() == wanted)
        })?;
        Ok(started.elapsed())
    }
}

/// The fleet, wiped, and one of its hosts.
fn alone_with(host: &str) -> Result<(Fleet, Host)> {
    let fleet = Fleet::exclusive()?;
    let host = fleet.host(host)?.clone();
    Ok((fleet, host))
}

#[test]
#[ignore = "needs the fleet: cargo xtask test"]
fn an_update_by_hand_loses_no_request() -> Result<()> {
    let (fleet, host) = alone_with("web-1")?;
    let project = Project::create(&fleet, "by-hand", "1")?;
    let old = by_hand::publish(&fleet, &project)?;
    project.commit_version("2")?;
    let new = by_hand::publish(&fleet, &project)?;
    by_hand::pull(&fleet, &host, &old)?;
    by_hand::pull(&fleet, &host, &new)?;
    by_hand::boot_traefik(&host, &fleet.traefik_image)?;
    by_hand::run_app(&host, &old, "old")?;
    let healthy = by_hand::wait_for_health(&host, "old", "healthy")?;
    wait::for_true("version 1 through Traefik", Duration::from_secs(10), || {
        Ok(host.get("/version")?.text() == "version 1\n")
    })?;

    let load = Load::start(&LoadPlan::new([host.authority(80)]).versions(&["1", "2"]));
    load.wait_for("1", 500, Duration::from_secs(20))?;
    by_hand::run_app(&host, &new, "new")?;
    by_hand::wait_for_health(&host, "new", "healthy")?;
    load.wait_for("2", 100, Duration::from_secs(20))?;
    host.ssh_cmd("rm .kamal/cords/old/cord").ok()?;
    let unhealthy = by_hand::wait_for_health(&host, "old", "unhealthy")?;
    let before = load.so_far().versions["1"];
    wait::for_true("the old version to answer no more", Duration::from_secs(10), || {
        let count = load.so_far().versions["1"];
        std::thread::sleep(Duration::from_millis(300));
        Ok(load.so_far().versions["1"] == count)
    })?;
    host.ssh_cmd("docker stop old").ok()?;
    let seen = load.so_far().versions["2"];
    load.wait_for("2", seen + 500, Duration::from_secs(20))?;
    let report = load.stop();
    println!("healthy after {healthy:.1?}; cord cut → unhealthy after {unhealthy:.1?}; {report}");
    report.expect(1000, &["1", "2"], 500)?;
    assert!(before > 0);
    Ok(())
}

#[test]
#[ignore = "needs the fleet: cargo xtask test"]
fn broken_images_break_in_their_own_way() -> Result<()> {
    let (fleet, host) = alone_with("web-1")?;
    let project = Project::create(&fleet, "broken", "1")?;
    for (mode, status) in [
        ("exit", "starting"),
        ("unhealthy", "unhealthy"),
        // Docker sees nothing wrong here; only asking from outside does.
        ("other-port", "healthy"),
    ] {
        project.behave(&format!("APP_MODE={mode}\n"))?;
        project.commit(mode)?;
        let image = by_hand::publish(&fleet, &project)?;
        by_hand::pull(&fleet, &host, &image)?;
        by_hand::run_app(&host, &image, mode)?;
        if mode == "exit" {
            wait::for_true("the container to have exited", Duration::from_secs(10), || {
                let format = "{{.RestartCount}} {{.State.ExitCode}}";
                Ok(host.docker(&["inspect", "--format", format, mode])?.trim() > "1 3")
            })?;
        } else {
            by_hand::wait_for_health(&host, mode, status)?;
        }
        let logs = host.inside(&format!("docker logs {mode} 2>&1"))?.stdout;
        println!("{mode}: {}", logs.lines().next_back().unwrap_or("no log"));
        assert!(!logs.is_empty());
    }
    let line = "curl -s -o /dev/null -w '%{http_code}' http://$(docker inspect --format \
                '{{.NetworkSettings.IPAddress}}' other-port):3000/up";
    assert_eq!(host.inside(line)?.stdout, "000", "nothing answers on the configured port");
    Ok(())
}

#[test]
#[ignore = "needs the fleet: cargo xtask test"]
fn round_trips_are_counted_from_sshds_log() -> Result<()> {
    let (_, host) = alone_with("web-2")?;
    let mark = host.mark()?;
    for _ in 0..3 {
        assert_eq!(host.sh("exit 3")?.code, Some(3));
    }
    assert_eq!(host.ssh_use_since(&mark)?, SshUse { handshakes: 3, channels: 3 });
    Ok(())
}

#[test]
#[ignore = "needs the fleet: cargo xtask test"]
fn the_engines_events_are_recorded_beyond_its_own_memory() -> Result<()> {
    let (_, host) = alone_with("web-1")?;
    let watch = host.watch_events()?;
    let mark = host.mark()?;
    host.inside_cmd("for i in $(seq 300); do docker volume create v$i >/dev/null; done").ok()?;
    let recorded = watch.stop()?;
    let created = recorded.iter().filter(|e| e.kind == "volume" && e.is_write()).count();
    assert_eq!(created, 300);
    assert!(!host.docker_events_since(&mark)?.is_empty());
    Ok(())
}

#[test]
#[ignore = "needs the fleet: cargo xtask test"]
fn a_host_can_be_cut_off_frozen_and_crashed() -> Result<()> {
    let (fleet, host) = alone_with("worker-1")?;
    let run = "docker run --detach --restart unless-stopped --name stays";
    let traefik = &fleet.traefik_image;
    host.ssh_cmd(&format!("{run} {traefik}")).ok()?;
    let reachable = || host.ssh_cmd("true").limit(Duration::from_secs(2)).succeeds();

    host.disconnect()?;
    let cut_off = !reachable();
    let inside = host.inside("docker ps --quiet")?;
    host.reconnect()?;
    assert!(cut_off && reachable() && inside.stdout.lines().count() == 1);

    host.pause()?;
    let frozen = !reachable();
    host.unpause()?;
    assert!(frozen && reachable());

    host.crash_and_boot()?;
    wait::for_true("the container to be back", Duration::from_secs(20), || {
        Ok(host.containers()?.first().is_some_and(|container| container.state == "running"))
    })
}

#[test]
#[ignore = "needs the fleet: cargo xtask test"]
fn every_exec_on_a_host_is_seen() -> Result<()> {
    let (_, host) = alone_with("web-1")?;
    let trace = ExecTrace::start(&host)?;
    host.sh("sh -c 'docker ps --filter name=needle-one; /bin/echo needle-two'")?;
    let execs = trace.stop()?;
    for needle in ["needle-one", "needle-two"] {
        execs
            .iter()
            .find(|line| line.contains(&format!("{needle}\"")))
            .with_context(|| format!("no exec with {needle} among {}", execs.len()))?;
    }
    Ok(())
}

#[test]
#[ignore = "needs the fleet: cargo xtask test"]
fn the_registry_asks_for_the_password() -> Result<()> {
    let (_, host) = alone_with("web-1")?;
    let line = format!("docker login --username root --password-stdin {}", registry::SERVER);
    let wrong = host.ssh_cmd(&line).stdin("wrong").output()?;
    if wrong.success() {
        bail!("a wrong password was accepted: {}", wrong.all());
    }
    let without = host.docker(&["pull", &registry::image("nothing", "1")]);
    assert!(without.is_err_and(|error| format!("{error:#}").contains("no basic auth")));
    Ok(())
}

#[test]
#[ignore = "needs the fleet: cargo xtask test"]
fn wiping_leaves_an_empty_server_with_its_images() -> Result<()> {
    let (fleet, host) = alone_with("web-1")?;
    by_hand::boot_traefik(&host, &fleet.traefik_image)?;
    host.ssh_cmd("mkdir -p .kamal/locks .windlass && touch .kamal/locks/x").ok()?;
    let started = Instant::now();
    fleet.wipe()?;
    println!("wiped in {:.1?}", started.elapsed());
    assert!(host.containers()?.is_empty());
    assert!(host.inside("ls /root/.kamal /root/.windlass 2>/dev/null")?.stdout.is_empty());
    assert!(host.docker(&["images"])?.contains("traefik"));
    Ok(())
}
