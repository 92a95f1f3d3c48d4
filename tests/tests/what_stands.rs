//! What is on a host after the same deploys by Windlass and by Kamal 1.9.3's own commands
//! is the same, but for what a table of the documentation lists.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use windlass_tests::host::Host;
use windlass_tests::inspect::{Difference, Facts, differences, standing};
use windlass_tests::kamal::{Kamal, Role, WEB, WORKERS};
use windlass_tests::paths;
use windlass_tests::project::TWO_ROLES;
use windlass_tests::story::Story;

const ROLES: &[Role] = &[WEB, WORKERS];
/// Replaces the environment and the rest up to `builder` in the project's file.
const CONFIG: &str = "\
env:
  clear:
    GREETING: hello
    EMPTY: \"\"
    UMLAUT: grün
  secret:
    - APP_SECRET
    - LINES

accessories:
  db:
    image: IMAGE
    host: web-1
    cmd: --entryPoints.web.address=:8081
    port: \"8081:8081\"
    labels:
      kept: here
    options:
      shm-size: 32m
    env:
      clear:
        GREETING: good day
      secret:
        - APP_SECRET
    files:
      - config/db.conf:/etc/db.conf
    directories:
      - data:/data
    volumes:
      - twin-shared:/shared:ro
";
/// The same as Kamal writes it into its command lines and files.
const CLEAR: &str = "--env GREETING=\"hello\" --env EMPTY --env UMLAUT=\"gr\\u00FCn\"";
const SECRET: &str = "APP_SECRET=only-the-app-knows\nLINES=first\\nsecond\n";
const ACCESSORY: [&str; 4] = [
    "mkdir -p $PWD/twin-db/data",
    "mkdir -p twin-db/etc",
    "chmod 755 twin-db/etc/db.conf",
    "docker run --name twin-db --detach --restart unless-stopped --log-opt max-size=\"10m\" \
     --publish 8081:8081 --env-file .kamal/env/accessories/twin-db.env --env GREETING=\"good day\" \
     --volume twin-shared:/shared:ro --volume $PWD/twin-db/etc/db.conf:/etc/db.conf \
     --volume $PWD/twin-db/data:/data --label service=\"twin-db\" --label kept=\"here\" \
     --shm-size \"32m\" IMAGE --entryPoints.web.address=:8081",
];

type Standing = BTreeMap<String, Facts>;

/// After the rollback, and after the prune.
type Stages = [Standing; 2];

/// Its accessory, both versions, the way back, the prune: by Kamal's commands.
fn by_kamal(story: &Story, kamal: &Kamal, host: &Host, one: &str, two: &str) -> Result<Stages> {
    let repository = kamal.repository();
    kamal.set_up(host, ROLES)?;
    kamal.upload(host, "accessories/twin-db.env", "APP_SECRET=only-the-app-knows\n")?;
    for line in ACCESSORY {
        if line.starts_with("chmod") {
            host.ssh_cmd("cat > twin-db/etc/db.conf").stdin("size = 7\n").ok()?;
        }
        kamal.run(host, &line.replace("IMAGE", &story.fleet.traefik_image))?;
    }
    kamal.deploy(host, ROLES, one)?;
    kamal.deploy(host, ROLES, two)?;
    kamal.boot(host, ROLES, one)?;
    let rolled_back = standing(host, &repository)?;
    kamal.prune(host)?;
    Ok([rolled_back, standing(host, &repository)?])
}

/// The same by Windlass.
fn by_windlass(story: &Story, kamal: &Kamal, host: &Host, one: &str, two: &str) -> Result<Stages> {
    let (repository, windlass) = (kamal.repository(), &story.windlass);
    windlass.ok(&["env", "push"])?;
    windlass.ok(&["accessory", "boot", "db"])?;
    windlass.ok(&["deploy", "--skip-push", "--version", one])?;
    windlass.ok(&["deploy", "--skip-push", "--version", two])?;
    windlass.ok(&["rollback", one])?;
    let rolled_back = standing(host, &repository)?;
    windlass.ok(&["prune", "all"])?;
    Ok([rolled_back, standing(host, &repository)?])
}

/// A row of the table: of what, which fact, Kamal's value, Windlass's, why.
#[derive(Debug)]
struct Row(Vec<String>);

impl Row {
    fn is_about(&self, found: &Difference) -> bool {
        let fact = self.0[1].split('`').nth(1).unwrap_or_default();
        self.0[0] == format!("`{}`", found.of)
            && fact == found.fact
            && says(&self.0[2], found.left.as_deref())
            && says(&self.0[3], found.right.as_deref())
    }
}

/// A dash is for nothing, code for exactly this value, and words for one that code cannot show.
fn says(cell: &str, value: Option<&str>) -> bool {
    match (cell, value) {
        ("–", value) => value.is_none(),
        (_, None) => false,
        (cell, Some(value)) => match cell.strip_prefix('`').and_then(|c| c.strip_suffix('`')) {
            Some(code) => code == value,
            None => !cell.is_empty(),
        },
    }
}

fn documented() -> Result<Vec<Row>> {
    let page = std::fs::read_to_string(paths::workspace().join("docs/src/differences.md"))?;
    let (_, section) =
        page.split_once("\n## What is on a host\n").context("the section is missing")?;
    let section = section.split("\n## ").next().unwrap_or_default();
    let row = |line: &str| {
        let cells = line.strip_prefix('|')?.strip_suffix('|')?.split('|');
        Some(Row(cells.map(|cell| cell.trim().to_string()).collect()))
    };
    let rows: Vec<Row> = section.lines().filter_map(row).skip(2).collect();
    for Row(cells) in &rows {
        let whole = cells.len() == 5 && cells.iter().all(|cell| !cell.is_empty());
        ensure!(whole, "a row without its five cells: {cells:?}");
    }
    Ok(rows)
}

#[test]
#[ignore = "needs the fleet: cargo xtask test"]
fn inspect_is_equal_to_kamals() -> Result<()> {
    let story = Story::prepare("twin")?;
    let (ours, theirs) = (story.web()?, story.fleet.host("web-2")?);
    let mut kamal = Kamal::of(&story.fleet, &story.project);
    kamal.settle = Duration::ZERO;
    // Kamal counts the stopped containers of both roles together, Windlass each role's.
    kamal.retain = ROLES.len();
    kamal.clear = CLEAR.to_string();
    kamal.secret = SECRET.to_string();
    story.project.edit_config(|text| {
        let (before, rest) = text.split_once("servers:\n").expect("the template has servers");
        let (_, registry) = rest.split_once("registry:\n").expect("and a registry");
        let (registry, _) = registry.split_once("env:\n").expect("and an environment");
        let (_, builder) = rest.split_once("builder:\n").expect("and a builder");
        let config = CONFIG.replace("IMAGE", &story.fleet.traefik_image);
        format!("{before}{TWO_ROLES}\n{config}\nregistry:\n{registry}builder:\n{builder}")
    })?;
    story.project.write("config/db.conf", "size = 7\n")?;
    let dotenv = story.project.read(".env")? + "LINES=\"first\\nsecond\"\n";
    story.project.write(".env", &dotenv)?;
    let one = story.project.commit("Everything that a container can have")?;
    kamal.push(&story.project, &one)?;
    let two = story.project.commit_version("2")?;
    kamal.push(&story.project, &two)?;

    let (kamals, windlasses) = std::thread::scope(|scope| {
        let (story, kamal, one, two) = (&story, &kamal, &one, &two);
        let kamals = scope.spawn(move || by_kamal(story, kamal, theirs, one, two));
        let windlasses = by_windlass(story, kamal, ours, one, two);
        (kamals.join().expect("its errors are values"), windlasses)
    });
    let (kamals, windlasses) = (kamals?, windlasses?);

    // Old and new containers of both roles, accessory, Traefik, images; then without the oldest.
    let counts: Vec<usize> = windlasses.iter().map(BTreeMap::len).collect();
    ensure!(counts == [9, 7], "there should be more to compare: {windlasses:#?}");
    let found: BTreeSet<Difference> =
        kamals.iter().zip(&windlasses).flat_map(|(k, w)| differences(k, w)).collect();
    let rows = documented()?;
    let unlisted: Vec<_> =
        found.iter().filter(|d| !rows.iter().any(|row| row.is_about(d))).collect();
    ensure!(unlisted.is_empty(), "not in docs/src/differences.md: {unlisted:#?}");
    let idle: Vec<_> = rows.iter().filter(|row| !found.iter().any(|d| row.is_about(d))).collect();
    ensure!(idle.is_empty(), "in docs/src/differences.md, and not so: {idle:#?}");
    Ok(())
}
