//! Each key of deploy.yml that is about containers changes the plan as Kamal's reference says,
//! and where the key is not set nothing of that is in it. The page on compatibility names these
//! tests.

use serde_json::{Value, json};

use super::bench::{self, Bench};
use super::client::Cut;
use crate::model::plan::{PlannedStep, Program};
use crate::model::render;

/// A web host and a worker host, with what is added.
pub fn with(added: &Value) -> String {
    let mut config = json!({
        "service": "shop", "image": "acme/shop",
        "registry": {"server": "reg.example", "username": "jo", "password": ["PASSWORD"]},
        "servers": {
            "web": {"hosts": ["web-1"]},
            "workers": {"hosts": ["job-1"]},
        },
    });
    lay(&mut config, added);
    // JSON is YAML.
    config.to_string()
}

fn lay(base: &mut Value, over: &Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (key, value) in over {
                lay(base.entry(key).or_insert(Value::Null), value);
            }
        }
        (base, over) => base.clone_from(over),
    }
}

/// `HOST STEP (TERMS): COMMAND (undo: COMMAND )`.
fn line(step: &PlannedStep) -> String {
    let does = |program: &Program| render::program(program).join(" ");
    let undo = step.undo.as_ref().map(|undo| format!(" (undo: {} )", does(undo)));
    let (host, terms, undo) = (&step.spec.host, render::terms(step), undo.unwrap_or_default());
    format!("{host} {} ({terms}): {} {undo}\n", step.id, does(&step.program))
}

/// The plan of an operation on these hosts, a line per step.
pub async fn planned(bench: &Bench, operation: &str, arguments: Value) -> String {
    let (mut run, _) = bench.run("v2", Cut::Never);
    run.request.arguments = arguments;
    run.request.operation = bench::operation(operation, &run.request.arguments);
    let seen = run.observe().await.unwrap();
    match run.plan(&seen) {
        Ok(plan) => plan.steps.iter().map(line).collect(),
        Err(error) => panic!("{operation}: {error}"),
    }
}

/// The line of one step, without the end of the line; empty if there is none.
fn of<'a>(plan: &'a str, step: &str) -> &'a str {
    let is_it = |line: &&str| line.strip_prefix(step).is_some_and(|rest| rest.starts_with(' '));
    plan.lines().find(is_it).unwrap_or_default()
}

/// Insists that these texts stand in the lines of these steps with what is added, and only then.
async fn changes_in(operation: &str, added: Value, expected: &[(&str, &str)]) {
    let plan = async |config: &Value| {
        let skip_push = json!({"skip-push": true});
        planned(&Bench::new(&with(config)), operation, skip_push).await
    };
    let (before, after) = (plan(&json!({})).await, plan(&added).await);
    for (step, text) in expected {
        let (before, after) = (of(&before, step), of(&after, step));
        assert!(!before.contains(text), "without {added}: {text:?} in\n{before}");
        assert!(after.contains(text), "with {added}: no {text:?} in\n{after}");
    }
}

/// The same for a first deploy.
async fn changes(added: Value, expected: &[(&str, &str)]) {
    changes_in("deploy", added, expected).await;
}

/// Insists that a text leaves the line of a step of a first deploy with what is added.
async fn removes(added: Value, step: &str, text: &str) {
    let plan = async |config: &Value| {
        let skip_push = json!({"skip-push": true});
        planned(&Bench::new(&with(config)), "deploy", skip_push).await
    };
    let (before, after) = (plan(&json!({})).await, plan(&added).await);
    let (before, after) = (of(&before, step), of(&after, step));
    assert!(before.contains(text), "without {added}: no {text:?} in\n{before}");
    assert!(!after.is_empty() && !after.contains(text), "with {added}: {text:?} in\n{after}");
}

const WEB: &str = "web-1 app.web.run";
const JOB: &str = "job-1 app.workers.run";
const PROXY: &str = "web-1 traefik.run";

#[tokio::test]
async fn names_come_from_service_image_and_registry() {
    let service = json!({"service": "store"});
    changes(service, &[(WEB, "--name store-web-v2 "), (WEB, "--label service=store ")]).await;
    changes(json!({"image": "acme/store"}), &[(WEB, " reg.example/acme/store:v2 ")]).await;
    let login = "web-1 registry.login";
    let server = json!({"registry": {"server": "other.example"}});
    let server_is = [(login, "docker login other.example "), (WEB, " other.example/acme/shop:v2 ")];
    changes(server, &server_is).await;
    changes(json!({"registry": {"username": "ann"}}), &[(login, "--username ann ")]).await;
    changes(json!({"registry": {"password": ["TOKEN"]}}), &[(login, "<<< <secret TOKEN>")]).await;
}

#[tokio::test]
async fn servers_are_lists_or_roles_with_settings() {
    let list = json!({"servers": ["web-9", "web-10"]});
    changes(list, &[("web-10 app.web.run", "--name shop-web-v2 ")]).await;
    let role = json!({"servers": {"cron": ["cron-1"]}});
    changes(role, &[("cron-1 app.cron.run", "--name shop-cron-v2 ")]).await;
    let hosts = json!({"servers": {"workers": {"hosts": ["job-1", "job-2"]}}});
    changes(hosts, &[("job-2 app.workers.run", "--name shop-workers-v2 ")]).await;
    let cmd = json!({"servers": {"workers": {"cmd": "bin/jobs --queue 'a b'"}}});
    changes(cmd, &[(JOB, " reg.example/acme/shop:v2 bin/jobs --queue 'a b' ")]).await;
    let options = json!({"memory": "1g", "cap-add": ["A", "B"], "init": true});
    let options = json!({"servers": {"workers": {"options": options}}});
    changes(options, &[(JOB, " --memory 1g --cap-add A --cap-add B --init reg.example/")]).await;
    let public = json!({"servers": {"workers": {"traefik": true}}});
    let rule = "--label 'traefik.http.routers.shop-workers.rule=";
    changes(public, &[(JOB, rule), (JOB, "--health-cmd "), (JOB, ":/tmp/kamal-cord ")]).await;
    let hidden = || json!({"servers": {"web": {"traefik": false}}});
    removes(hidden(), WEB, "traefik.http").await;
    removes(hidden(), WEB, "--health-cmd").await;
    let primary = json!({"primary_role": "workers"});
    changes(primary, &[(JOB, rule)]).await;
    removes(json!({"primary_role": "workers"}), WEB, "traefik.http").await;
}

#[tokio::test]
async fn containers_get_labels_volumes_and_time() {
    let added = json!({
        "labels": {"team": "shop", "tier": 1, "traefik.http.routers.shop-web.rule": "Host(`a`)"},
        "servers": {"workers": {"labels": {"team": "jobs", "own": "${HOSTNAME}"}}},
    });
    let expected = [
        (WEB, "--label team=shop "),
        (WEB, "--label tier=1 "),
        (WEB, "--label 'traefik.http.routers.shop-web.rule=Host(`a`)' "),
        (JOB, "--label team=jobs --label tier=1 "),
        (JOB, "--label own=${HOSTNAME} "),
    ];
    changes(added, &expected).await;
    let volumes = json!({"volumes": ["${HOME}/data:/data:ro", "/x:/y"]});
    let mounted = "--volume ${HOME}/data:/data:ro --volume /x:/y ";
    changes(volumes, &[(WEB, mounted), (JOB, mounted)]).await;
    let assets = [(WEB, "/.kamal/assets/volumes/shop-web-v2:/public ")];
    changes(json!({"asset_path": "/public"}), &assets).await;
    changes(json!({"servers": {"web": {"asset_path": "/public"}}}), &assets).await;
    let stop = "(undo: docker stop -t 25 shop-web-v2 ";
    changes(json!({"stop_wait_time": 25}), &[(WEB, stop)]).await;
    let steady = [("job-1 app.workers.ready", "or running for 9 s")];
    changes(json!({"readiness_delay": 9}), &steady).await;
    let directory = json!({"run_directory": "/var/lib/shop"});
    let expected = [
        (WEB, "--env-file /var/lib/shop/env/roles/shop-web.env "),
        (WEB, "--volume /var/lib/shop/cords/shop-web-"),
        (PROXY, "--env-file /var/lib/shop/env/traefik/traefik.env "),
        ("job-1 kernel.history-workers", "/var/lib/shop/windlass/shop/history"),
    ];
    changes(directory, &expected).await;
}

#[tokio::test]
async fn roles_lay_their_logging_over_the_roots() {
    let driver = json!({"logging": {"driver": "journald", "options": {"tag": "x"}}});
    let journald = "--log-driver journald --log-opt tag=x ";
    changes(driver, &[(WEB, journald), (JOB, journald), (PROXY, journald)]).await;
    let both = json!({
        "logging": {"options": {"max-size": "1m"}},
        "servers": {"workers": {"logging": {"driver": "local", "options": {"max-file": 2}}}},
    });
    let local = "--log-driver local --log-opt max-size=1m --log-opt max-file=2 ";
    changes(both, &[(WEB, "--log-opt max-size=1m --"), (JOB, local)]).await;
}

#[tokio::test]
async fn public_roles_are_checked_as_the_root_says() {
    let check = |settings: Value| json!({"healthcheck": settings});
    let cmd = [(WEB, "--health-cmd '(bin/check --fast) && (stat /tmp/kamal-cord/cord ")];
    changes(check(json!({"cmd": "bin/check --fast"})), &cmd).await;
    let port = [(WEB, "curl -f http://localhost:8080/up ||")];
    changes(check(json!({"port": 8080})), &port).await;
    let path =
        [(WEB, "curl -f http://localhost:3000/alive ||"), ("web-1 traefik.web.answers", "/alive")];
    changes(check(json!({"path": "/alive"})), &path).await;
    changes(check(json!({"interval": "3s"})), &[(WEB, "--health-interval 3s ")]).await;
    // 1 + 2 + … + 20 s, and a little.
    let longer = [("web-1 app.web.ready", "within 212 s")];
    changes(check(json!({"max_attempts": 20})), &longer).await;
    changes(check(json!({"log_lines": 7})), &[("web-1 app.web.logs", "--tail 7 ")]).await;
    let rope = [(WEB, ":/rope "), (WEB, "(stat /rope/cord ")];
    changes(check(json!({"cord": "/rope"})), &rope).await;
    removes(check(json!({"cord": false})), WEB, "kamal-cord").await;
    removes(check(json!({"port": "", "path": ""})), WEB, "--health-cmd").await;
}

#[tokio::test]
async fn roles_lay_their_check_over_the_roots() {
    let check = |settings: Value| json!({"servers": {"web": {"healthcheck": settings}}});
    for (settings, at, text) in [
        (json!({"cmd": "bin/check"}), WEB, "--health-cmd '(bin/check) && "),
        (json!({"port": 8080}), WEB, "localhost:8080/up"),
        (json!({"path": "/alive"}), WEB, "localhost:3000/alive"),
        (json!({"interval": "3s"}), WEB, "--health-interval 3s "),
        (json!({"max_attempts": 20}), "web-1 app.web.ready", "within 212 s"),
        (json!({"log_lines": 7}), "web-1 app.web.logs", "--tail 7 "),
        (json!({"cord": "/rope"}), WEB, "(stat /rope/cord "),
    ] {
        changes(check(settings), &[(at, text)]).await;
    }
    removes(check(json!({"cord": false})), WEB, "kamal-cord").await;
}

/// Unlike Kamal a command alone is enough, and the role's own numbers count.
#[tokio::test]
async fn other_roles_are_checked_only_as_they_say_themselves() {
    let check = |settings: Value| json!({"servers": {"workers": {"healthcheck": settings}}});
    changes(check(json!({"cmd": "pgrep jobs"})), &[(JOB, "--health-cmd 'pgrep jobs' ")]).await;
    changes(check(json!({"port": 7433})), &[(JOB, "localhost:7433/up ||")]).await;
    changes(check(json!({"path": "/alive"})), &[(JOB, "localhost:3000/alive ||")]).await;
    let own = json!({"cmd": "true", "interval": "3s", "max_attempts": 20, "log_lines": 7});
    let expected = [
        (JOB, "--health-cmd true --health-interval 3s "),
        ("job-1 app.workers.ready", "within 212 s"),
        ("job-1 app.workers.logs", "--tail 7 "),
    ];
    changes(check(own), &expected).await;
    let root = json!({"healthcheck": {"cmd": "bin/check", "interval": "3s"}});
    let plan = planned(&Bench::new(&with(&root)), "deploy", json!({"skip-push": true})).await;
    assert!(!of(&plan, JOB).contains("--health"), "{}", of(&plan, JOB));
}

#[tokio::test]
async fn a_tag_beats_the_role_and_the_role_the_root() {
    let flat = json!({"env": {"A": 1, "B": "${HOSTNAME}", "C": "", "D": false}});
    let values = "--env A=1 --env B=${HOSTNAME} --env C= --env D=false ";
    changes(flat, &[(WEB, values), (JOB, values)]).await;
    let layers = json!({
        "env": {
            "clear": {"A": "root", "B": "root", "C": "root"},
            "tags": {"eu": {"clear": {"C": "tag"}}, "odd": {"D": "flat"}},
        },
        "servers": {
            "web": {"hosts": [{"web-1": ["eu", "odd"]}]},
            "workers": {"env": {"B": "role"}},
        },
    });
    let expected = [
        (WEB, "--env A=root --env B=root --env C=tag --env D=flat "),
        (JOB, "--env A=root --env B=role --env C=root "),
    ];
    changes(layers, &expected).await;
    // One host may have other tags in another role.
    let both = json!({
        "env": {"tags": {"eu": {"A": "eu"}, "us": {"A": "us"}}},
        "servers": {
            "web": {"hosts": [{"web-1": "eu"}]},
            "workers": {"hosts": [{"web-1": "us"}]},
        },
    });
    changes(both, &[(WEB, "--env A=eu "), ("web-1 app.workers.run", "--env A=us ")]).await;
    let clear = json!({"servers": {"workers": {"env": {"clear": {"B": "role"}}}}});
    changes(clear, &[(JOB, "--env B=role ")]).await;
}

#[tokio::test]
async fn secrets_of_root_role_and_tags_reach_the_env_files() {
    let added = json!({
        "env": {"secret": ["KEY"], "tags": {"eu": {"secret": ["EU_KEY"]}}},
        "servers": {
            "web": {"hosts": [{"web-1": "eu"}]},
            "workers": {"env": {"secret": ["PEM"]}},
        },
        "traefik": {"env": {"secret": ["TOKEN"]}},
    });
    let expected = [
        (
            "web-1 env.write-web",
            "roles/shop-web.env (env file) KEY=<secret KEY> EU_KEY=<secret EU_KEY>",
        ),
        (
            "job-1 env.write-workers",
            "roles/shop-workers.env (env file) KEY=<secret KEY> PEM=<secret PEM>",
        ),
        ("web-1 traefik.env-file", "traefik/traefik.env (env file) TOKEN=<secret TOKEN>"),
    ];
    changes_in("env push", added, &expected).await;
}

#[tokio::test]
async fn traefik_runs_as_its_section_says() {
    let traefik = |settings: Value| json!({"traefik": settings});
    let image = [(PROXY, " traefik:v2.10 --providers.docker ")];
    changes(traefik(json!({"image": "traefik:v2.10"})), &image).await;
    changes(traefik(json!({"host_port": 8080})), &[(PROXY, "--publish 8080:80 ")]).await;
    removes(traefik(json!({"publish": false})), PROXY, "--publish").await;
    let labels = json!({"a": "b", "traefik.http.routers.catchall.priority": 9});
    let labelled =
        [(PROXY, "--label a=b "), (PROXY, "--label traefik.http.routers.catchall.priority=9 ")];
    changes(traefik(json!({"labels": labels})), &labelled).await;
    let args = json!({"accesslog": true, "log.level": "WARN", "list": ["a", "b"]});
    let expected =
        [(PROXY, " --log.level=WARN "), (PROXY, " --accesslog "), (PROXY, " --list=a --list=b ")];
    changes(traefik(json!({"args": args})), &expected).await;
    let options = json!({"options": {"memory": "64m", "cap-add": ["A", "B"]}});
    changes(traefik(options), &[(PROXY, "--memory 64m --cap-add A --cap-add B traefik")]).await;
    changes(traefik(json!({"env": {"clear": {"TZ": "UTC"}}})), &[(PROXY, "--env TZ=UTC ")]).await;
    changes(traefik(json!({"env": {"TZ": "UTC"}})), &[(PROXY, "--env TZ=UTC ")]).await;
}

#[tokio::test]
async fn as_many_stopped_containers_stay_as_the_file_says() {
    for retain in [1, 3] {
        let bench = Bench::new(&with(&json!({"retain_containers": retain})));
        for version in ["v1", "v2", "v3", "v4", "v5"] {
            assert!(bench.deploy(version).await.good());
        }
        let machine = &bench.fleet.lock().machines["job-1"];
        let names: Vec<&str> = machine.containers.iter().map(|c| c.name.as_str()).collect();
        let kept = ["v1", "v2", "v3", "v4", "v5"].map(|v| format!("shop-workers-{v}"));
        assert_eq!(names, kept[4 - retain..]);
    }
}

/// Web and workers on one host: neither uses up what the other may keep.
#[tokio::test]
async fn each_role_keeps_its_own_stopped_containers() {
    let added = json!({"retain_containers": 1, "servers": {"workers": {"hosts": ["web-1"]}}});
    let bench = Bench::new(&with(&added));
    for version in ["v1", "v2", "v3"] {
        assert!(bench.deploy(version).await.good());
    }
    let machine = &bench.fleet.lock().machines["web-1"];
    let names = machine.containers.iter().map(|c| c.name.as_str());
    let mut names: Vec<&str> = names.filter(|name| name.starts_with("shop-")).collect();
    names.sort_unstable();
    assert_eq!(names, ["shop-web-v2", "shop-web-v3", "shop-workers-v2", "shop-workers-v3"]);
}
