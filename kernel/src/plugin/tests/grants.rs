//! What a plugin may ask and do, through the real component.

use serde_json::json;

use super::*;
use crate::model::action::profile;
use crate::model::capability::Capability;
use crate::model::plan::Effect;
use crate::model::wit::{
    Command, ContainerAction, ContainerFact, ContainerQuery, ContainerSpec, ContainerState,
    ContainerStatus, Contribution, DirectoryMerge, EnvVar, Fact, FileWrite, Health, HealthStatus,
    Mount, Observation, Query, RoleCommand, Wait, Workload,
};
use crate::plugin::grant::Grants;

/// Plans one step with these grants; the violation's text if it is refused.
fn plan(bench: &Bench, grants: &[&str], action: &Action) -> Result<(), String> {
    let grants = grants.iter().map(|text| text.parse().unwrap()).collect();
    let plugin = bench.hostile().granted(grants);
    let settings = json!({ "steps": [step("a", "web-1", Phase::Prepare, action.clone())] });
    match plugin.plan(&context(&settings), &[]) {
        Ok(_) => Ok(()),
        Err(error) if matches!(error.fault, Fault::Grant(_)) => Err(error.to_string()),
        Err(error) => panic!("{error}"),
    }
}

fn write(path: &str) -> Action {
    let (path, content) = (path.to_owned(), literal("x"));
    Action::WriteFile(FileWrite { path, content, mode: 0o600 })
}

#[test]
fn a_loaded_file_holds_nothing_until_it_is_granted() {
    let bench = Bench::new();
    let plugin = bench.loader().load(bench.source("hostile", &HOSTILE)).unwrap();
    let asked = describe::asked(&plugin.description().capabilities).unwrap();
    assert_eq!(plugin.missing_grants().into_iter().cloned().collect::<Vec<_>>(), asked);
    assert!(bench.hostile().missing_grants().is_empty());
    assert_eq!(
        plan(&bench, &["containers"], &write(".kamal/data/x")),
        Err("the plugin `hostile` may not do what the step `a` on `web-1` needs: the capability \
             `files:data` is not granted. To grant it, write below `x-windlass: plugins: \
             hostile:` in deploy.yml: `grants: [containers, files:data]`"
            .to_owned())
    );
}

#[test]
fn files_are_granted_by_directory() {
    let bench = Bench::new();
    let allowed = |grant: &str, path: &str| plan(&bench, &[grant], &write(path)).is_ok();
    assert!(allowed("files:data", ".kamal/data/x"));
    assert!(allowed("files:data", ".kamal/data"));
    assert!(allowed("files:data", "/home/deploy/.kamal//data/./x"));
    assert!(!allowed("files:data", ".kamal/database"));
    assert!(!allowed("files:data", "data/x"));
    assert!(!allowed("files:data/sub", ".kamal/data/x"));
    assert!(allowed("files:data/sub", ".kamal/data/sub/x"));
    assert!(allowed("files:/srv", "/srv/x"));
    assert!(!allowed("files:/srv", "/srv2/x"));
    let unasked = plan(&bench, &["files:/"], &write("/etc/passwd")).unwrap_err();
    assert!(unasked.contains("is not in its description"), "{unasked}");
}

#[test]
fn who_may_run_containers_may_change_what_those_it_was_told_of_have_mounted() {
    let bench = Bench::new();
    let mounted = |source: &str| ContainerState {
        id: "0".repeat(64),
        name: "shop-web-v1".to_owned(),
        image: String::new(),
        image_id: String::new(),
        labels: Vec::new(),
        status: ContainerStatus::Running,
        health: HealthStatus::Healthy,
        created_at: String::new(),
        mounts: vec![Mount { source: source.to_owned(), target: "/tmp/kamal-cord".to_owned() }],
        addresses: Vec::new(),
    };
    let allowed = |grant: &str, host: &str, source: &str, path: &str| {
        let plugin = bench.hostile().granted(vec![grant.parse().unwrap()]);
        let answer = Ok(Fact::Container(ContainerFact::Containers(vec![mounted(source)])));
        let told = Observation { host: host.to_owned(), id: "q".to_owned(), answer };
        let settings = json!({ "steps": [step("a", "web-1", Phase::Prepare, write(path))] });
        plugin.plan(&context(&settings), &[told]).is_ok()
    };
    assert!(allowed("containers", "web-1", "/srv/cords/a", "/srv/cords/a/cord"));
    assert!(!allowed("containers", "web-1", "/srv/cords/a", "/srv/cords/b/cord"));
    assert!(!allowed("containers", "web-1", "/srv/cords/a", "/srv/cords/a/../b"));
    assert!(!allowed("containers", "web-2", "/srv/cords/a", "/srv/cords/a/cord"), "another host");
    assert!(!allowed("images", "web-1", "/srv/cords/a", "/srv/cords/a/cord"));
    assert!(!allowed("containers", "web-1", "volume", "volume/cord"), "not a path");
    assert!(!allowed("containers", "web-1", "", "/etc/passwd"));
}

#[test]
fn every_action_needs_its_capability() {
    let bench = Bench::new();
    let command = |secret: bool| {
        let value = vec![Part::Secret(if secret { "TOKEN" } else { "OTHER" }.to_owned())];
        Action::Run(Command {
            argv: vec![literal("id")],
            env: vec![EnvVar { name: "A".to_owned(), value }],
            stdin: None,
            directory: None,
            success: Vec::new(),
            read_only: true,
        })
    };
    let start = Action::Container(ContainerAction::Start("x".to_owned()));
    assert!(plan(&bench, &["run"], &start).unwrap_err().contains("`containers` is not granted"));
    assert_eq!(plan(&bench, &["containers"], &start), Ok(()));
    let pull = Action::Container(ContainerAction::Pull("x".to_owned()));
    assert!(plan(&bench, &["containers"], &pull).unwrap_err().contains("`images`"));
    let as_role = || {
        let argv = vec![literal("bin/migrate")];
        Action::RunAsRole(RoleCommand { role: "web".to_owned(), argv })
    };
    let all_else = ["containers", "run", "images", "files:data"];
    assert!(plan(&bench, &all_else, &as_role()).unwrap_err().contains("`run-as-role`"));
    assert_eq!(plan(&bench, &["run-as-role"], &as_role()), Ok(()));
    let hook = Action::Hook("pre-deploy".to_owned());
    assert!(plan(&bench, &["run"], &hook).unwrap_err().contains("`local`"));
    assert!(plan(&bench, &["run"], &command(true)).unwrap_err().contains("`secret:TOKEN`"));
    assert_eq!(plan(&bench, &["run", "secret:TOKEN"], &command(true)), Ok(()));
    assert_eq!(plan(&bench, &["run", "secret:*"], &command(true)), Ok(()));
    assert!(plan(&bench, &["run", "secret:*"], &command(false)).unwrap_err().contains("OTHER"));
}

#[test]
fn questions_and_undos_are_checked_too() {
    let bench = Bench::new();
    let ask = |grants: &[&str], query: Query| {
        let grants = grants.iter().map(|text| text.parse().unwrap()).collect();
        let question = Question { host: "web-1".to_owned(), id: "q".to_owned(), query };
        let settings = json!({ "questions": [question] });
        bench.hostile().granted(grants).observe(&context(&settings)).is_ok()
    };
    assert!(ask(&[], Query::Container(ContainerQuery::Container("x".to_owned()))));
    assert!(!ask(&[], Query::Command(vec!["id".to_owned()])));
    assert!(ask(&["run"], Query::Command(vec!["id".to_owned()])));
    assert!(!ask(&["run"], Query::File(".kamal/data/x".to_owned())));
    assert!(ask(&["files:data"], Query::File(".kamal/data/x".to_owned())));

    let mut undone = step("a", "web-1", Phase::Start, write(".kamal/data/x"));
    undone.undo = Some(Action::Container(ContainerAction::Start("x".to_owned())));
    let plugin = bench.hostile().granted(vec!["files:data".parse().unwrap()]);
    let error = plugin.plan(&context(&json!({ "steps": [undone] })), &[]).unwrap_err();
    assert!(error.to_string().contains("`containers`"), "{error}");

    let local = step("a", "local", Phase::Stage, write(".kamal/data/x"));
    let error = bench.hostile().plan(&context(&json!({ "steps": [local] })), &[]).unwrap_err();
    assert!(error.to_string().contains("`local` is not in its description"), "{error}");
}

/// A container with a secret that some other plugin put in.
fn workload(secret: &str) -> Workload {
    let value = vec![Part::Secret(secret.to_owned())];
    let container = ContainerSpec {
        env: vec![EnvVar { name: "A".to_owned(), value }],
        ..ContainerSpec::new("shop-web-3f9a", "shop:3f9a")
    };
    Workload {
        host: "web-1".to_owned(),
        role: "web".to_owned(),
        version: "3f9a".to_owned(),
        container,
        health_path: None,
        start_limit_ms: 1_000,
        log_lines: 10,
        annotations: Vec::new(),
    }
}

#[test]
fn a_role_may_start_what_it_was_given_and_nothing_else() {
    let bench = Bench::new();
    let plugin = bench.hostile();
    let start = |secret: &str| {
        let action = ContainerAction::Run(workload(secret).container);
        json!({ "steps": [step("start", "web-1", Phase::Start, Action::Container(action))] })
    };
    let given = [workload("DATABASE")];
    let rollout = plugin.roll(&context(&start("DATABASE")), &[], &given).unwrap();
    assert_eq!((rollout.steps.len(), rollout.moves.len()), (1, 1));
    let error = plugin.roll(&context(&start("MASTER_KEY")), &[], &given).unwrap_err();
    assert!(error.to_string().contains("`secret:MASTER_KEY`"), "{error}");

    let own =
        |workload: Workload| plugin.workloads(&context(&json!({ "workloads": [workload] })), &[]);
    assert_eq!(own(workload("TOKEN")).map(|own| own.len()), Ok(1));
    let error = own(workload("DATABASE")).unwrap_err();
    assert!(error.to_string().contains("`secret:DATABASE`"), "{error}");
    let error = own(Workload { role: "db".to_owned(), ..workload("TOKEN") }).unwrap_err();
    assert!(error.to_string().contains("no role"), "{error}");
}

#[test]
fn s6_a_strangers_command_needs_the_lock_whatever_it_says() {
    let command = Command {
        argv: vec![literal("rm"), literal("x")],
        env: Vec::new(),
        stdin: None,
        directory: None,
        success: Vec::new(),
        read_only: true,
    };
    for action in [Action::Run(command.clone()), Action::Wait(Wait::Command(command))] {
        assert_eq!(profile(&action).effect, Effect::Read);
        let settings = json!({ "steps": [step("a", "web-1", Phase::Prepare, action)] });
        let steps = Bench::new().hostile().plan(&context(&settings), &[]).unwrap();
        assert_eq!(profile(&steps[0].action).effect, Effect::Write);
    }
}

#[test]
fn s8_a_strangers_files_stay_in_the_directory_that_was_granted() {
    let bench = Bench::new();
    let granted = |grants: &[&str]| {
        bench.hostile().granted(grants.iter().map(|text| text.parse().unwrap()).collect())
    };
    let at = |path: &str| step("a", "web-1", Phase::Prepare, write(path));
    let plugin = granted(&["files:data", "files:/srv"]);
    assert_eq!(
        plugin.unlinked(".kamal", &at(".kamal/data/x")),
        [".kamal/data", ".kamal/data/x", ".kamal/data/x.windlass-new"]
    );
    assert_eq!(plugin.unlinked(".kamal", &at("/srv/x")), ["/srv/x", "/srv/x.windlass-new"]);
    let mut undone = step("a", "web-1", Phase::Prepare, Action::RemoveFile(".kamal/a".to_owned()));
    undone.undo = Some(Action::MergeDirectory(DirectoryMerge {
        source: ".kamal/b".to_owned(),
        target: ".kamal/c".to_owned(),
    }));
    assert_eq!(plugin.unlinked(".kamal", &undone), [".kamal/a", ".kamal/b", ".kamal/c"]);
    let bundled = bench.loader().load(Source::Bundled("env".to_owned())).unwrap();
    assert!(bundled.is_bundled() && !plugin.is_bundled());
    assert!(bundled.unlinked(".kamal", &at(".kamal/data/x")).is_empty());
}

#[test]
fn s8_additions_need_compose_and_mounts_containers() {
    use Capability as C;
    let none = || Contribution::new("web-1", "web");
    let label = ("traefik.http.routers.evil.rule".to_owned(), literal("PathPrefix(`/`)"));
    let var = EnvVar { name: "LD_PRELOAD".to_owned(), value: literal("x") };
    let health = Health { command: "x".to_owned(), interval_ms: None };
    let changes = [
        (C::Compose, Contribution { labels: vec![label], ..none() }),
        (C::Compose, Contribution { env: vec![var], ..none() }),
        (C::Compose, Contribution { network: Some("host".to_owned()), ..none() }),
        (C::Compose, Contribution { health: Some(health), ..none() }),
        (C::Containers, Contribution { volumes: vec![literal("/:/host")], ..none() }),
    ];
    let cx = context(&json!({}));
    let add = |held: Option<Vec<Capability>>, asked: Vec<Capability>, part: &Contribution| {
        Grants::new("slim", asked, held).contributions(&cx, std::slice::from_ref(part), &[])
    };
    for (needed, change) in &changes {
        let needed = || vec![needed.clone()];
        let refused = add(Some(Vec::new()), needed(), change).unwrap_err();
        assert_eq!(std::slice::from_ref(&refused.capability), &needed()[..]);
        assert!(refused.to_string().contains("is not granted"), "{refused}");
        assert_eq!(add(Some(needed()), needed(), change), Ok(()));
    }
    assert_eq!(add(Some(Vec::new()), Vec::new(), &none()), Ok(()));
    let bundled = add(None, Vec::new(), &changes[0].1).unwrap_err();
    assert_eq!(bundled.line, None, "also a bundled plugin must ask for what it does");
}
