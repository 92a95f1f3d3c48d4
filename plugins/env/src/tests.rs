//! Questions, steps and contributions, held by snapshots.

use insta::assert_snapshot;
use windlass_sdk::describe::aim;
use windlass_sdk::steps::container_spec;
use windlass_sdk::testing;
use windlass_sdk::types::{
    Action, Area, Context, EnvVar, Fact, Intent, Observation, Part, Problem, Query, Text, Workload,
};

const CONFIG: &str = r#"{
    "env": {
        "clear": {"PORT": 3000, "HOST": "${HOSTNAME}", "EMPTY": ""},
        "secret": ["KEY"],
        "tags": {"eu": {"clear": {"PORT": 4000}, "secret": ["EU_KEY"]}}
    },
    "servers": {"workers": {"env": {"secret": ["PEM", "PATH"]}}}
}"#;

fn context(operation: &str, config: &str) -> Context {
    let mut context = match operation {
        "app exec" => {
            let aims = [aim(Intent::Operate, &[Area::Roles]), aim(Intent::Look, &[Area::Env])];
            testing::operation(operation, aims.to_vec())
        }
        "app logs" => testing::operation(operation, vec![aim(Intent::Look, &[])]),
        _ => testing::context_of(&crate::describe::describe(), operation),
    };
    context.config = config.to_string();
    context.hosts[1].tags = vec!["eu".to_string()];
    context
}

/// What was pushed.
const PUSHED: [&str; 5] = ["EU_KEY", "KEY", "PATH", "PEM", "X"];

/// What all hosts answer: the env file with all secrets is there or not, and these names beside
/// it.
fn answers(context: &Context, present: bool, exact: &[&str]) -> Vec<Observation> {
    answers_of(context, present.then_some(&PUSHED), exact)
}

/// The same, with these names in the file.
fn answers_of(context: &Context, names: Option<&[&str]>, exact: &[&str]) -> Vec<Observation> {
    let owned = |names: &[&str]| names.iter().map(ToString::to_string).collect();
    let answer = |query: &Query| match query {
        Query::EnvNames(_) => Fact::EnvNames(names.map(owned)),
        _ => Fact::Directory(names.map(|_| owned(exact))),
    };
    let answered = |q: windlass_sdk::types::Question| Observation {
        host: q.host,
        id: q.id,
        answer: Ok(answer(&q.query)),
    };
    crate::files::questions(context).unwrap().into_iter().map(answered).collect()
}

fn planned(context: &Context, observations: &[Observation]) -> String {
    match crate::steps::plan(context, observations) {
        Ok(steps) => testing::outline(&steps),
        Err(problems) => shown(problems),
    }
}

fn contributed(context: &Context, observations: &[Observation]) -> String {
    let workload = |host: &str, role: &str| Workload {
        host: host.to_string(),
        role: role.to_string(),
        version: context.version.clone(),
        container: container_spec("c", "i"),
        health_path: None,
        start_limit_ms: 0,
        log_lines: 0,
        annotations: Vec::new(),
    };
    let workloads = [workload("web-1", "web"), workload("web-2", "workers")];
    let contributions = match crate::contribute::contribute(context, observations, &workloads) {
        Ok(contributions) => contributions,
        Err(problems) => return shown(problems),
    };
    let lines = contributions.iter().map(|c| {
        let vars: Vec<_> = c.env.iter().map(var).collect();
        format!("{} {} {:?} {}\n", c.host, c.role, c.env_files, vars.join(" "))
    });
    lines.collect()
}

fn var(var: &EnvVar) -> String {
    format!("{}={}", var.name, text(&var.value))
}

fn text(text: &Text) -> String {
    let part = |part: &Part| match part {
        Part::Literal(literal) => literal.clone(),
        Part::HostEnv(name) => format!("${{{name}}}"),
        Part::Secret(name) => format!("<secret {name}>"),
        Part::HostFile(path) => format!("<file {path}>"),
        other => format!("{other:?}"),
    };
    text.iter().map(part).collect()
}

fn shown(problems: Vec<Problem>) -> String {
    let line = |p: Problem| {
        format!("{:?} {}: {} [{}]\n", p.severity, p.host.unwrap(), p.message, p.help.unwrap())
    };
    problems.into_iter().map(line).collect()
}

#[test]
fn what_is_asked() {
    let lines = |operation| {
        let asked = crate::files::questions(&context(operation, CONFIG)).unwrap();
        asked.iter().map(|q| format!("{} {}: {:?}\n", q.host, q.id, q.query)).collect::<String>()
    };
    assert_snapshot!(lines("deploy"), @r#"
    web-1 env-file web: Query::EnvNames(".kamal/env/roles/shop-web.env")
    web-1 env-directory web: Query::Directory(".kamal/env/roles/shop-web.env.d")
    web-2 env-file web: Query::EnvNames(".kamal/env/roles/shop-web.env")
    web-2 env-directory web: Query::Directory(".kamal/env/roles/shop-web.env.d")
    web-2 env-file workers: Query::EnvNames(".kamal/env/roles/shop-workers.env")
    web-2 env-directory workers: Query::Directory(".kamal/env/roles/shop-workers.env.d")
    "#);
    for operation in ["setup", "env push", "env delete", "app logs"] {
        assert_eq!(lines(operation), "", "{operation}");
    }
    assert_eq!(lines("app exec"), lines("rollback"));
}

#[test]
fn a_push_writes_the_files_of_all_roles() {
    let context = context("env push", CONFIG);
    assert_snapshot!(planned(&context, &[]), @"
    web-1 share write-web[web]: Write the secrets of web to .kamal/env/roles/shop-web.env
      60 s; because of /env; audit: Pushed env files
    web-2 share write-web[web]: Write the secrets of web to .kamal/env/roles/shop-web.env
      60 s; because of /env; audit: Pushed env files
    web-2 share write-workers[workers]: Write the secrets of workers to .kamal/env/roles/shop-workers.env
      60 s; because of /env
    ");
    let written = |action| match action {
        Action::WriteEnvFile(file) => file.vars.iter().map(var).collect::<Vec<_>>().join(" "),
        other => panic!("{other:?}"),
    };
    let steps = crate::steps::plan(&context, &[]).unwrap().into_iter();
    assert_eq!(
        steps.map(|step| written(step.action)).collect::<Vec<_>>(),
        [
            "KEY=<secret KEY>",
            "KEY=<secret KEY> EU_KEY=<secret EU_KEY>",
            "KEY=<secret KEY> PEM=<secret PEM> PATH=<secret PATH> EU_KEY=<secret EU_KEY>",
        ]
    );
    assert_eq!(planned(&self::context("setup", CONFIG), &[]), planned(&context, &[]));
}

#[test]
fn a_delete_removes_them() {
    let mut context = context("env delete", CONFIG);
    context.destination = Some("staging".to_string());
    context.run_directory = "/var/lib/app".to_string();
    context.hosts.truncate(1);
    assert_snapshot!(planned(&context, &[]), @"
    web-1 prepare remove-web[web]: Remove /var/lib/app/env/roles/shop-web-staging.env
      60 s; because of /env; audit: Deleted env files
    web-1 prepare clear-web[web]: Remove /var/lib/app/env/roles/shop-web-staging.env.d
      60 s; because of /env
    ");
    let steps = crate::steps::plan(&context, &[]).unwrap().into_iter();
    let file = "/var/lib/app/env/roles/shop-web-staging.env";
    assert_eq!(
        steps.map(|step| step.action).collect::<Vec<_>>(),
        [Action::RemoveFile(file.to_string()), Action::RemoveDirectory(format!("{file}.d"))]
    );
}

#[test]
fn a_deploy_writes_nothing_where_files_are() {
    let context = context("deploy", CONFIG);
    assert_eq!(planned(&context, &answers(&context, true, &[])), "");
    assert_eq!(planned(&context, &answers(&context, false, &[])), "");
}

#[test]
fn a_role_without_secrets_gets_an_empty_file() {
    let context =
        context("deploy", r#"{"env": {"A": "1"}, "servers": {"web": {"env": {"secret": ["X"]}}}}"#);
    assert_snapshot!(planned(&context, &answers(&context, false, &[])), @"
    web-2 share write-workers[workers]: Write the empty env file .kamal/env/roles/shop-workers.env
      60 s; because of there is no env file
    ");
    assert_eq!(planned(&context, &answers(&context, true, &[])), "");
}

#[test]
fn containers_get_clear_values_and_the_file() {
    let context = context("deploy", CONFIG);
    assert_snapshot!(contributed(&context, &answers(&context, true, &[])), @r#"
    web-1 web [".kamal/env/roles/shop-web.env"] PORT=3000 HOST=${HOSTNAME} EMPTY=
    web-2 workers [".kamal/env/roles/shop-workers.env"] PORT=4000 HOST=${HOSTNAME} EMPTY=
    "#);
}

#[test]
fn what_the_file_cannot_carry_is_read_from_beside_it() {
    let context = context("deploy", CONFIG);
    let observations = answers(&context, true, &["PEM", "PORT", ".PEM.tmp", "a-b"]);
    assert_snapshot!(contributed(&context, &observations), @r#"
    web-1 web [".kamal/env/roles/shop-web.env"] PORT=3000 HOST=${HOSTNAME} EMPTY= PEM=<file .kamal/env/roles/shop-web.env.d/PEM>
    web-2 workers [".kamal/env/roles/shop-workers.env"] PORT=4000 HOST=${HOSTNAME} EMPTY= PEM=<file .kamal/env/roles/shop-workers.env.d/PEM>
    "#);
}

#[test]
fn secrets_that_are_not_there_stop_a_deploy() {
    let mut context = context("deploy", CONFIG);
    assert_snapshot!(contributed(&context, &answers(&context, false, &[])), @"
    Severity::Error web-1: the secrets of `web` are not on this host: there is no .kamal/env/roles/shop-web.env [run `windlass env push`]
    Severity::Error web-2: the secrets of `workers` are not on this host: there is no .kamal/env/roles/shop-workers.env [run `windlass env push`]
    ");
    context.destination = Some("staging".to_string());
    let help = contributed(&context, &answers(&context, false, &[]));
    assert!(help.contains("`windlass env push -d staging`"), "{help}");
}

#[test]
fn each_secret_that_was_never_pushed_is_named() {
    let mut context = context("deploy", CONFIG);
    let some = answers_of(&context, Some(&["KEY", "OLD"]), &[]);
    assert_snapshot!(contributed(&context, &some), @"Severity::Error web-2: the secrets `PEM`, `PATH` and `EU_KEY` of `workers` are not on this host: .kamal/env/roles/shop-workers.env lacks them [run `windlass env push`]");
    let most = answers_of(&context, Some(&["KEY", "PEM", "EU_KEY"]), &[]);
    assert_snapshot!(contributed(&context, &most), @"Severity::Error web-2: the secret `PATH` of `workers` is not on this host: .kamal/env/roles/shop-workers.env lacks it [run `windlass env push`]");
    // A clear value of the same name wins over the file.
    context.config = r#"{"env": {"clear": {"KEY": "1"}, "secret": ["KEY"]}}"#.to_string();
    assert!(!contributed(&context, &answers_of(&context, Some(&[]), &[])).contains("Error"));
    for operation in ["redeploy", "rollback", "app exec"] {
        let told = contributed(&self::context(operation, CONFIG), &some);
        assert!(told.contains("`EU_KEY`"), "{operation}: {told}");
    }
}

#[test]
fn a_setup_has_all_values_at_hand() {
    assert_snapshot!(contributed(&context("setup", CONFIG), &[]), @r#"
    web-1 web [".kamal/env/roles/shop-web.env"] PORT=3000 HOST=${HOSTNAME} EMPTY= KEY=<secret KEY>
    web-2 workers [".kamal/env/roles/shop-workers.env"] PORT=4000 HOST=${HOSTNAME} EMPTY= KEY=<secret KEY> PEM=<secret PEM> EU_KEY=<secret EU_KEY>
    "#);
}

#[test]
fn a_command_in_a_new_container_does_without_an_empty_file() {
    let context = context("app exec", r#"{"env": {"A": "1"}}"#);
    assert_snapshot!(contributed(&context, &answers(&context, false, &[])), @"
    web-1 web [] A=1
    web-2 workers [] A=1
    ");
    assert_eq!(planned(&context, &answers(&context, false, &[])), "");
}

#[test]
fn a_host_that_could_not_answer_is_a_problem() {
    let context = context("deploy", r#"{"env": {"A": "1"}}"#);
    let mut observations = answers(&context, true, &[]);
    observations[0].answer = Err("permission denied\n".to_string());
    assert_snapshot!(contributed(&context, &observations), @"Severity::Error web-1: the env files of the host are not known: permission denied [check that the user may read the run directory]");
    assert_eq!(planned(&context, &observations), "");
}
