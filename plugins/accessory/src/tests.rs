//! Facts in, steps out. What the steps do, word by word, is held by snapshots of the kernel.

use insta::assert_snapshot;
use windlass_sdk::describe::aim;
use windlass_sdk::testing;
use windlass_sdk::types::{
    Action, Area, ContainerAction, ContainerFact, ContainerQuery, ContainerState, ContainerStatus,
    Context, Fact, HostInfo, ImageState, Intent, Observation, Phase, Problem, Query, Step,
};

/// A database on a host of its own, with everything; a cache on the hosts of a role.
const CONFIG: &str = r#"{
    "servers": {"web": ["web-1", "web-2"], "workers": {"hosts": ["web-2"]}},
    "logging": {"options": {"max-size": "50m"}},
    "accessories": {
        "db": {
            "image": "mysql:8.0",
            "host": "db-1",
            "port": 3306,
            "cmd": "mysqld --sql-mode ''",
            "labels": {"team": "data"},
            "options": {"cpus": 2, "restart": "always"},
            "env": {"clear": {"MYSQL_DATABASE": "shop", "HOST": "${HOSTNAME}"}, "secret": ["ROOT_PASSWORD", "PEM"]},
            "files": ["config/my.cnf.erb:/etc/mysql/my.cnf", "db/init.sql:/docker-entrypoint-initdb.d/init.sql"],
            "directories": ["data:/var/lib/mysql", "/mnt/backup:/backup"],
            "volumes": ["tmp:/tmp"]
        },
        "cache": {"image": "10.0.0.5/redis", "roles": ["web"], "service": "redis"}
    }
}"#;

fn context(operation: &str, arguments: &str) -> Context {
    let mut context = match operation {
        "env push" => testing::operation(operation, vec![aim(Intent::Prepare, &[Area::Env])]),
        "env delete" => testing::operation(operation, vec![aim(Intent::Remove, &[Area::Env])]),
        "downgrade" => testing::operation(
            operation,
            vec![
                aim(Intent::Replace, &[Area::Roles, Area::Proxies, Area::Accessories]),
                aim(Intent::Prepare, &[Area::Registry]),
                aim(Intent::Remove, &[Area::Leftovers]),
            ],
        ),
        _ => testing::context_of(&crate::describe::describe(), operation),
    };
    context.arguments = arguments.to_string();
    context.config = CONFIG.to_string();
    context.hosts.push(HostInfo {
        name: "db-1".to_string(),
        roles: Vec::new(),
        tags: Vec::new(),
        home: "/home/deploy".to_string(),
    });
    context
}

/// What hosts may have of every accessory.
#[derive(Clone, Copy)]
struct World {
    container: Option<ContainerStatus>,
    /// The value of the container's label `service`; its name if there is none.
    label: Option<&'static str>,
    image: bool,
    env_file: bool,
}

const EMPTY: World = World { container: None, label: None, image: false, env_file: true };
const RUNS: World = World { container: Some(ContainerStatus::Running), image: true, ..EMPTY };
const STOPPED: World = World { container: Some(ContainerStatus::Exited), ..RUNS };

impl World {
    fn container(&self, name: &str) -> Option<ContainerState> {
        let label = self.label.unwrap_or(name);
        self.container.map(|status| ContainerState {
            id: format!("id-of-{name}"),
            image_id: "sha256:0".to_string(),
            labels: vec![("service".to_string(), label.to_string())],
            status,
            ..testing::container(name)
        })
    }

    fn answer(&self, query: &Query) -> Fact {
        match query {
            Query::Container(ContainerQuery::Container(name)) => {
                let found = self.container(name).into_iter().collect();
                Fact::Container(ContainerFact::Containers(found))
            }
            Query::Container(ContainerQuery::Images(repository)) => {
                let tag = if repository == "mysql" { "8.0" } else { "latest" };
                let image = ImageState {
                    id: "sha256:0".to_string(),
                    reference: format!("{repository}:{tag}"),
                    created_at: String::new(),
                };
                let found = self.image.then_some(image).into_iter().collect();
                Fact::Container(ContainerFact::Images(found))
            }
            Query::EnvNames(_) => {
                let names = || ["PEM", "ROOT_PASSWORD"].map(str::to_string).to_vec();
                Fact::EnvNames(self.env_file.then(names))
            }
            Query::Directory(_) => Fact::Directory(Some(vec!["PEM".to_string()])),
            other => panic!("{other:?}"),
        }
    }
}

fn planned(context: &Context, world: World) -> Result<Vec<Step>, Vec<Problem>> {
    let asked = crate::observe::questions(context)?;
    let observations: Vec<Observation> = asked
        .into_iter()
        .map(|q| Observation { answer: Ok(world.answer(&q.query)), host: q.host, id: q.id })
        .collect();
    crate::commands::plan(context, &observations)
}

fn plan(operation: &str, arguments: &str, world: World) -> String {
    match planned(&context(operation, arguments), world) {
        Ok(steps) => testing::outline(&steps),
        Err(problems) => problems.into_iter().map(said).collect(),
    }
}

fn said(problem: Problem) -> String {
    let place = problem.pointer.or(problem.host).unwrap_or_default();
    format!("{place}: {} [{}]\n", problem.message, problem.help.unwrap_or_default())
}

/// The titles in the order in which they are performed, and what is audited.
fn titles(operation: &str, arguments: &str, world: World) -> Vec<String> {
    let mut steps = planned(&context(operation, arguments), world).unwrap();
    steps.sort_by_key(|step| step.phase as u8);
    let line = |step: &Step| match &step.audit {
        Some(audit) => format!("{}: {} ({audit})", step.host, step.title),
        None => format!("{}: {}", step.host, step.title),
    };
    steps.iter().map(line).collect()
}

const DB: &str = r#"{"name": "db"}"#;
const CACHE: &str = r#"{"name": "cache"}"#;
const ALL: &str = r#"{"name": "all"}"#;

/// What the file says of the container is what its template sees.
#[test]
fn a_template_sees_the_clear_values() {
    let steps = planned(&context("accessory boot", DB), EMPTY).unwrap();
    let uploads = steps.into_iter().filter_map(|step| match step.action {
        Action::Upload(upload) => Some((upload.source, upload.template)),
        _ => None,
    });
    let pairs = [("MYSQL_DATABASE", "shop"), ("HOST", "${HOSTNAME}")];
    let clear = pairs.map(|(name, value)| (name.to_string(), value.to_string())).to_vec();
    assert_eq!(
        uploads.collect::<Vec<_>>(),
        [("config/my.cnf.erb".to_string(), Some(clear)), ("db/init.sql".to_string(), None)]
    );
}

#[test]
fn a_reboot_pulls_before_it_stops() {
    assert_eq!(
        titles("accessory reboot", CACHE, RUNS)[..],
        [
            "web-1: Pull 10.0.0.5/redis",
            "web-2: Pull 10.0.0.5/redis",
            "web-1: Stop redis (Stopped cache accessory)",
            "web-1: Remove redis (Remove cache accessory container)",
            "web-1: Run redis (Booted cache accessory)",
            "web-1: Wait until redis is up",
            "web-1: Show the last 20 lines of redis",
            "web-2: Stop redis (Stopped cache accessory)",
            "web-2: Remove redis (Remove cache accessory container)",
            "web-2: Run redis (Booted cache accessory)",
            "web-2: Wait until redis is up",
            "web-2: Show the last 20 lines of redis",
        ]
    );
    // What can be there beside the old one is there before it stops.
    let db = titles("accessory reboot", DB, RUNS);
    let at = |start: &str| db.iter().position(|line| line.contains(start)).unwrap();
    assert!(at("Upload db/init.sql") < at("Stop shop-db") && at("Pull") == 0, "{db:#?}");
    // One that is not there is booted, one that is stopped is not stopped again.
    assert!(!titles("accessory reboot", DB, EMPTY).iter().any(|line| line.contains("Remove")));
    let stopped = titles("accessory reboot", DB, STOPPED);
    assert!(!stopped.iter().any(|line| line.contains("Stop ")), "{stopped:#?}");
    assert!(stopped.iter().any(|line| line.contains("Remove shop-db")), "{stopped:#?}");
}

#[test]
fn a_boot_starts_what_is_stopped_and_leaves_what_runs() {
    assert_eq!(titles("accessory boot", ALL, RUNS), Vec::<String>::new());
    assert_eq!(
        titles("accessory boot", DB, STOPPED)[..2],
        ["db-1: Start shop-db (Started db accessory)", "db-1: Wait until shop-db is up"]
    );
    let created = World { container: Some(ContainerStatus::Created), ..RUNS };
    let again = titles("accessory boot", CACHE, created);
    assert_eq!(
        again[..2],
        [
            "web-1: Remove redis (Remove cache accessory container)",
            "web-1: Run redis (Booted cache accessory)",
        ]
    );
    // An image that is there is not pulled again, and tags mean what they say.
    assert!(
        !titles("accessory boot", ALL, World { image: true, ..EMPTY })
            .iter()
            .any(|line| line.contains("Pull"))
    );
}

#[test]
fn starting_and_stopping() {
    let start = "db-1: Start shop-db (Started db accessory)";
    let stop = "db-1: Stop shop-db (Stopped db accessory)";
    assert_eq!(titles("accessory start", DB, RUNS), Vec::<String>::new());
    assert_eq!(titles("accessory start", DB, STOPPED)[0], start);
    assert_eq!(titles("accessory stop", DB, RUNS), [stop]);
    assert_eq!(titles("accessory stop", DB, STOPPED), Vec::<String>::new());
    assert_eq!(titles("accessory stop", DB, EMPTY), Vec::<String>::new());
    assert_eq!(titles("accessory restart", DB, RUNS)[..2], [stop, start]);
    assert_snapshot!(plan("accessory restart", DB, EMPTY), @"db-1: there is no container shop-db [start one: windlass accessory boot db]");
}

#[test]
fn a_removal_leaves_nothing() {
    let all = titles("remove", "{}", RUNS);
    let removed = |line: &&String| line.contains("Remove the directory shop-db");
    assert_eq!(all.iter().filter(removed).count(), 1, "{all:#?}");
    assert_eq!(titles("accessory remove", DB, EMPTY).len(), 3);
    let steps = planned(&context("remove", "{}"), RUNS).unwrap();
    assert!(steps.iter().all(|step| step.phase == Phase::Cleanup));
}

#[test]
fn the_parts_of_other_commands() {
    assert_eq!(titles("accessory upload", DB, RUNS).len(), 2);
    assert_eq!(
        titles("accessory directories", DB, RUNS),
        ["db-1: Make the directory shop-db/data", "db-1: Make the directory /mnt/backup"]
    );
    assert_eq!(titles("accessory remove_container", DB, RUNS).len(), 1);
    assert_eq!(titles("accessory remove_image", DB, EMPTY), Vec::<String>::new());
    assert_eq!(
        titles("accessory remove_image", DB, RUNS),
        ["db-1: Remove the image mysql:8.0 (Removed db accessory image)"]
    );
    assert_eq!(
        titles("accessory remove_service_directory", CACHE, RUNS),
        ["web-1: Remove the directory redis", "web-2: Remove the directory redis"]
    );
}

#[test]
fn commands_in_a_container_that_runs() {
    let reuse = |more: &str, world| {
        let arguments =
            format!(r#"{{"name": "cache", "cmd": ["redis-cli", "a b"], "reuse": true{more}}}"#);
        planned(&context("accessory exec", &arguments), world)
    };
    assert_eq!(reuse("", RUNS).unwrap().len(), 2);
    let attached = reuse(r#", "interactive": true"#, RUNS).unwrap();
    assert!(matches!(
        &attached[..],
        [Step { host, action: Action::Container(ContainerAction::Exec(exec)), .. }]
            if host == "web-1" && exec.tty && exec.argv.len() == 2
    ));
    assert!(reuse("", STOPPED).unwrap_err()[0].message.contains("stopped"));
}

#[test]
fn env_files() {
    assert_eq!(
        titles("env push", "{}", EMPTY),
        [
            "db-1: Write the secrets of db to .kamal/env/accessories/shop-db.env (Pushed env files)",
            "web-1: Write the secrets of cache to .kamal/env/accessories/redis.env",
            "web-2: Write the secrets of cache to .kamal/env/accessories/redis.env",
        ]
    );
    assert_eq!(titles("env delete", "{}", EMPTY).len(), 6);
    let none = World { env_file: false, ..EMPTY };
    assert_snapshot!(plan("accessory boot", DB, none), @"db-1: the secrets of `db` are not on this host: there is no .kamal/env/accessories/shop-db.env [run `windlass env push`]");
    let cache = titles("accessory boot", CACHE, none);
    assert!(cache[2].contains("Write the secrets of cache"), "{cache:#?}");
}

#[test]
fn a_deploy_leaves_accessories_alone() {
    for operation in ["deploy", "redeploy", "rollback", "status"] {
        assert_eq!(crate::observe::questions(&context(operation, "{}")).unwrap(), Vec::new());
        assert_eq!(plan(operation, "{}", EMPTY), "", "{operation}");
    }
    // A command of somebody else's that starts containers with the environment.
    let aims = vec![aim(Intent::Operate, &[Area::Roles]), aim(Intent::Look, &[Area::Env])];
    let other = testing::operation("app exec", aims);
    assert_eq!(crate::observe::questions(&other), Ok(Vec::new()));
    // Hosts without a role are in play because they are asked about.
    for operation in ["setup", "env push", "env delete", "details", "remove"] {
        let asked = crate::observe::questions(&context(operation, "{}")).unwrap();
        assert!(asked.iter().any(|question| question.host == "db-1"), "{operation}");
    }
}

#[test]
fn the_way_back_from_kamal_2_is_a_reboot() {
    let lines = |operation: &str, arguments: &str| {
        let steps = planned(&context(operation, arguments), RUNS).unwrap();
        let rolls = steps.iter().all(|step| step.rolling);
        (steps.into_iter().map(|step| step.title).collect::<Vec<_>>(), rolls)
    };
    assert_eq!(lines("accessory downgrade", DB), lines("accessory reboot", DB));
    assert!(lines("accessory downgrade", r#"{"name": "db", "rolling": true}"#).1);
    // With the app, nothing is touched before it has moved.
    let steps = planned(&context("downgrade", "{}"), RUNS).unwrap();
    assert!(steps.iter().any(|step| step.host == "db-1"));
    assert!(steps.iter().all(|step| matches!(step.phase, Phase::Stage | Phase::Cleanup)));
}

#[test]
fn hosts_out_of_play_are_left_alone() {
    let mut context = context("accessory boot", ALL);
    context.hosts.retain(|host| host.name == "web-2");
    let steps = planned(&context, EMPTY).unwrap();
    assert!(!steps.is_empty() && steps.iter().all(|step| step.host == "web-2"));
}

#[test]
fn who_is_not_known_or_not_ours() {
    assert_snapshot!(plan("accessory boot", r#"{"name": "cahce"}"#, EMPTY), @": there is no accessory `cahce` [the accessories are db and cache]");
    assert_snapshot!(plan("accessory logs", ALL, EMPTY), @": there is no accessory `all` [the accessories are db and cache]");
    let stranger = World { label: Some("somebody"), ..RUNS };
    for operation in ["accessory boot", "accessory reboot", "accessory remove", "accessory stop"] {
        assert!(plan(operation, DB, stranger).contains("is not this accessory's"), "{operation}");
    }
}

#[test]
fn mistakes_are_pointed_at() {
    let mut context = context("setup", "{}");
    context.config = r#"{
        "servers": {"web": ["a"], "workers": ["b"]},
        "accessories": {
            "a": {"image": "i"},
            "b": {"image": "i", "host": "x", "roles": ["web"]},
            "c": {"host": "x"},
            "d": {"image": "i", "roles": ["worker"]},
            "e": {"image": "i", "host": "x", "cmd": "a | b", "volumes": ["$(pwd):/x"]},
            "f": {"image": "i", "host": "x", "files": ["only"], "directories": ["../x:/y"]},
            "g": {"image": "i", "host": "x", "service": "../g", "options": {"name": "y"}},
            "h": {"image": "i", "host": "x", "env": {"clear": {"A": 1}, "secret": ["A"]}},
            "i": {"image": "i", "host": "x", "service": "shop-h"}
        }
    }"#
    .to_string();
    let found: String = crate::check::check(&context).into_iter().map(said).collect();
    assert_snapshot!(found);
    context.config = CONFIG.to_string();
    assert_eq!(crate::check::check(&context), Vec::new());
}
