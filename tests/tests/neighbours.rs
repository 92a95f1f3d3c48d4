//! Several services, destinations and roles on one host, behind one Traefik: nothing of one
//! is ever listed, stopped, pruned or removed by another.

use anyhow::{Result, ensure};
use windlass_tests::host::Host;
use windlass_tests::project::{Project, TWO_ROLES};
use windlass_tests::registry;
use windlass_tests::story::Story;
use windlass_tests::windlass::Windlass;

/// Lines of a role that keep Traefik from sending everybody to a router of its own.
fn elsewhere(router: &str) -> String {
    format!("    labels:\n      traefik.http.routers.{router}.rule: Host(`{router}`)\n")
}

/// What belongs to a service and destination, found by labels and by how its files are called.
struct Neighbour {
    service: &'static str,
    destination: &'static str,
    files: &'static [&'static str],
}

const NEIGHBOURS: [Neighbour; 2] = [
    Neighbour {
        service: "pair",
        destination: "staging",
        files: &["pair-staging", "pair-web-staging", "pair-workers-staging"],
    },
    // That it is called like a role of the other service is no accident.
    Neighbour {
        service: "pair-web",
        destination: "",
        files: &[
            "/pair-web.lock",
            "/pair-web.guard",
            "/pair-web/",
            "/pair-web-audit",
            "pair-web-w",
        ],
    },
];

impl Neighbour {
    /// Every container with its start, every image, every file with its time.
    fn stands(&self, host: &Host) -> Result<String> {
        let (service, destination) = (self.service, self.destination);
        let files: Vec<_> = self.files.iter().map(|name| format!("-e {name}")).collect();
        let line = format!(
            "docker ps --all --quiet --no-trunc --filter label=service={service} | sort | \
             xargs -r docker inspect --format '{{{{.Config.Labels.destination}}}}; {{{{.Id}}}} \
             {{{{.Name}}}} {{{{.State.Status}}}} {{{{.State.StartedAt}}}}' | \
             grep '^{destination};'; \
             docker image ls --format '{{{{.Repository}}}}:{{{{.Tag}}}} {{{{.ID}}}}' | sort | \
             grep -e library/{service}:.*{destination}; \
             find /root/.kamal -type f -printf '%p %T@\\n' | sort | grep -F {}",
            files.join(" ")
        );
        Ok(host.inside(&line)?.stdout)
    }
}

/// All that is not to be touched, Traefik and the image of the first version included.
fn stand(host: &Host, shared: &str) -> Result<Vec<String>> {
    let mut all: Vec<_> =
        NEIGHBOURS.iter().map(|neighbour| neighbour.stands(host)).collect::<Result<_>>()?;
    all.push(host.inspect("traefik", "{{.Id}} {{.State.StartedAt}}")?);
    all.push(host.docker(&["image", "ls", "--quiet", shared])?);
    Ok(all)
}

#[test]
#[ignore = "needs the fleet: cargo xtask test"]
fn services_and_destinations_on_one_host_leave_each_other_alone() -> Result<()> {
    let story = Story::prepare("pair")?;
    let (web, pair) = (story.web()?, &story.project);
    pair.servers(TWO_ROLES)?;
    let staging = format!("servers:\n  web:\n{}", elsewhere("pair-web-staging"));
    pair.write("config/deploy.staging.yml", &staging)?;
    let other = Project::create(&story.fleet, "pair-web", "other")?;
    let workers = elsewhere("pair-web-web") + "  workers:\n";
    other.servers(&TWO_ROLES.replace("  workers:\n", &workers))?;
    let others = Windlass::new(&story.fleet, &other)?;
    let run = |words: &str| -> Result<String> {
        Ok(story.windlass.ok(&words.split(' ').collect::<Vec<_>>())?.stdout)
    };
    run("setup")?;
    let traefik = web.inspect("traefik", "{{.Id}}")?;
    run("setup -d staging")?;
    others.ok(&["setup"])?;
    ensure!(web.inspect("traefik", "{{.Id}}")? == traefik, "Traefik was replaced");

    // Of both destinations: one that is stopped, with an image of its own, and one that is stale.
    let one = pair.image(&pair.head()?);
    for (name, destination) in [("pair-web-old", ""), ("pair-web-staging-old", "staging")] {
        let (image, stale) = (registry::image("pair", name), format!("{name}-stale"));
        web.docker(&["tag", &one, &image])?;
        let destination = format!("destination={destination}");
        let labels = ["--label", "service=pair", "--label", "role=web", "--label", &destination];
        web.docker(&[&["create", "--name", name], &labels[..], &[&image]].concat())?;
        let image = story.fleet.traefik_image.as_str();
        web.docker(&[&["run", "--detach", "--name", &stale], &labels[..], &[image]].concat())?;
    }
    let before = stand(web, &one)?;
    ensure!(before.iter().all(|found| !found.trim().is_empty()), "not all is there: {before:#?}");
    let untouched = |after: &str| -> Result<()> {
        let now = stand(web, &one)?;
        ensure!(now == before, "after {after}; before:\n{before:#?}\nnow:\n{now:#?}");
        Ok(())
    };

    for words in ["app containers", "app version", "app stale_containers", "details"] {
        let told = run(words)?;
        let strange = told.lines().find(|l| l.contains("staging") || l.contains("pair-web-w"));
        ensure!(strange.is_none(), "{words} tells of another's: {strange:?}");
    }
    let stale = run("app stale_containers")?;
    ensure!(stale.contains("pair-web-old-stale is stale"), "{stale}");
    let two = pair.commit_version("2")?;
    run("deploy")?;
    web.serves("2")?;
    let left = web.docker(&["ps", "--all", "--format", "{{.Names}}"])?;
    ensure!(!left.lines().any(|name| name == "pair-web-old"), "nothing was pruned: {left}");
    untouched("deploy")?;

    // Of two roles on the host the one that is meant; of three locks the own one.
    run("app stop -r workers")?;
    ensure!(!story.running(web, "workers")?.contains(&two), "workers still run");
    web.serves("2")?;
    others.ok(&["lock", "acquire", "-m", "other"])?;
    run("app stop --lock-wait 0")?;
    others.ok(&["lock", "release", "-y"])?;
    untouched("app stop")?;
    run("env delete")?;
    run("remove -y")?;
    untouched("remove")
}
