//! What commands about accessories do to the hosts, word by word.
//!
//! A changed snapshot is a changed promise: read it before accepting it.

use serde_json::{Value, json};

use super::bench::{self, Bench};
use super::client::Cut;
use super::keys::with;
use super::shown;
use super::sim_host::{HOME, image_id};

/// A database on a host of its own, with everything; a cache on the hosts of a role.
fn bench() -> Bench {
    let db = json!({
        "image": "mysql:8.0", "host": "db-1", "port": 3306, "cmd": "mysqld --sql-mode ''",
        "labels": {"team": "data"},
        "options": {"cpus": 2, "restart": "always"},
        "env": {
            "clear": {"MYSQL_DATABASE": "shop", "HOST": "${HOSTNAME}"},
            "secret": ["ROOT_PASSWORD", "PEM"],
        },
        "files": ["tests/configs/tags.yml:/etc/mysql/my.cnf"],
        "directories": ["data:/var/lib/mysql", "/mnt/backup:/backup"],
        "volumes": ["tmp:/tmp"],
    });
    let cache = json!({"image": "10.0.0.5/redis", "roles": ["web"], "service": "redis"});
    Bench::new(&with(&json!({
        "servers": {"web": {"hosts": ["web-1", "web-2"]}},
        "logging": {"options": {"max-size": "50m"}},
        "accessories": {"db": db, "cache": cache},
    })))
}

/// The secrets of the database are on its host; one is not for an env file.
fn with_secrets(bench: Bench) -> Bench {
    let file = format!("{HOME}/.kamal/env/accessories/shop-db.env");
    {
        let mut state = bench.fleet.lock();
        let files = &mut state.machine("db-1").files;
        files.insert(format!("{file}.d/PEM"), String::new());
        files.insert(file, "PEM=\nROOT_PASSWORD=\n".to_string());
    }
    bench
}

/// Both run.
fn busy() -> Bench {
    let bench = with_secrets(bench());
    for (host, name, image) in [
        ("db-1", "shop-db", "mysql:8.0"),
        ("web-1", "redis", "10.0.0.5/redis:latest"),
        ("web-2", "redis", "10.0.0.5/redis:latest"),
    ] {
        let mut state = bench.fleet.lock();
        let machine = state.machine(host);
        machine.tag(image, image_id(image));
        machine.add(name, image).labels = vec![("service".into(), name.into())];
    }
    bench
}

/// The accessory plugin's steps of an operation.
async fn planned(bench: &Bench, operation: &str, arguments: Value) -> String {
    let (mut run, _) = bench.run("v2", Cut::Never);
    run.request.arguments = arguments;
    run.request.operation = bench::operation(operation, &run.request.arguments);
    let seen = run.observe().await.unwrap();
    let plan = run.plan(&seen).unwrap();
    plan.steps.iter().filter(|step| step.plugin == "accessory").map(shown::whole).collect()
}

#[tokio::test]
async fn a_boot_in_full() {
    let db = json!({"name": "db"});
    insta::assert_snapshot!(planned(&with_secrets(bench()), "accessory boot", db).await);
}

#[tokio::test]
async fn a_setup_in_full() {
    insta::assert_snapshot!(planned(&bench(), "setup", json!({})).await);
}

#[tokio::test]
async fn a_removal_leaves_nothing() {
    insta::assert_snapshot!(planned(&busy(), "accessory remove", json!({"name": "db"})).await);
}

#[tokio::test]
async fn details_logs_and_commands() {
    let busy = busy();
    let mut shown = String::new();
    for (operation, arguments) in [
        ("accessory details", json!({"name": "db"})),
        ("accessory logs", json!({"name": "cache", "grep": "x", "follow": true})),
        ("accessory logs", json!({"name": "cache", "since": "5m", "lines": "7"})),
        ("accessory exec", json!({"name": "db", "cmd": ["mysql -e 'show tables'"]})),
        ("accessory exec", json!({"name": "cache", "cmd": ["redis-cli", "a b"], "reuse": true})),
    ] {
        let steps = planned(&busy, operation, arguments.clone()).await;
        shown += &format!("# {operation} {arguments}\n{steps}\n");
    }
    insta::assert_snapshot!(shown);
}
