//! What a command prints becomes the output that later steps ask for.

use crate::deploy::local_files::LocalFiles;
use crate::deploy::lower::{AtHand, lower};
use crate::execute::{StepResults, Trip};
use crate::model::event::Event;
use crate::model::plan::{LOCAL, Plan};
use crate::model::plan::{PlannedStep, Program};
use crate::model::secret::{Secret, SecretStore};
use crate::model::wit::{
    Action, Command, ContainerAction, EnvVar, OutputKind, OutputRef, Part, Phase, RegistryLogin,
    Step, Text,
};

use super::bench::{Bench, CREW, ONE};
use super::client::Cut;

fn run(id: &str, env: Text) -> (String, Step) {
    let command = Command {
        argv: vec![vec![Part::Literal("mint-token".into())]],
        env: vec![EnvVar { name: "TOKEN".into(), value: env }],
        stdin: None,
        directory: None,
        success: Vec::new(),
        read_only: false,
    };
    let step = Step {
        time_limit_ms: 1000,
        ..Step::new(id, "web-1", Phase::Prepare, id, Action::Run(command))
    };
    ("mint".into(), step)
}

fn yields(step: &PlannedStep) -> Option<OutputKind> {
    match &step.program {
        Program::Processes { yields, .. } => *yields,
        other => panic!("{other:?}"),
    }
}

fn lowered(steps: Vec<(String, Step)>) -> Vec<PlannedStep> {
    let files = LocalFiles::default();
    let at_hand = AtHand { files: &files, unrouted: &[], run_id: "" };
    lower(CREW.engine(), &at_hand, steps).unwrap()
}

/// What a step yields, as this kind.
fn output(step: &str, kind: OutputKind) -> Text {
    vec![Part::OutputOf(OutputRef { step: step.into(), kind })]
}

#[test]
fn a_command_yields_what_its_users_say() {
    let steps = vec![run("token", Vec::new()), run("use", output("token", OutputKind::SecretText))];
    let planned = lowered(steps);
    assert_eq!(
        planned.iter().map(yields).collect::<Vec<_>>(),
        [Some(OutputKind::SecretText), None]
    );
}

/// Steps of one name on two hosts are two steps; one of this machine is the same for all.
#[test]
fn a_kind_is_of_the_host_that_uses_it() {
    use OutputKind as K;
    let on =
        |host: &str, (plugin, step): (String, Step)| (plugin, Step { host: host.into(), ..step });
    let each = [("web-1", K::Port), ("web-2", K::IpAddress)];
    let steps = each.into_iter().flat_map(|(host, kind)| {
        [run("find", Vec::new()), run("use", output("find", kind))].map(|step| on(host, step))
    });
    let of_each: Vec<_> = lowered(steps.collect()).iter().map(yields).collect();
    assert_eq!(of_each, [Some(K::Port), None, Some(K::IpAddress), None]);

    let mut here = vec![on(LOCAL, run("find", Vec::new()))];
    here[0].1.phase = Phase::Stage;
    let uses = ["web-1", "web-2"].map(|host| on(host, run("use", output("find", K::Digest))));
    here.extend(uses);
    let of_here: Vec<_> = lowered(here).iter().map(yields).collect();
    assert_eq!(of_here, [Some(K::Digest), None, None]);
}

fn literal(text: &str) -> Text {
    vec![Part::Literal(text.into())]
}

#[tokio::test]
async fn a_secret_that_this_machine_yields_reaches_hosts_and_no_eye() {
    const TOKEN: &str = "mint-5c1fe0-sesame";
    let (_, mut mint) = run("token", Vec::new());
    (mint.host, mint.phase) = (LOCAL.into(), Phase::Stage);
    let Action::Run(command) = &mut mint.action else { unreachable!() };
    let script = "echo minting >&2; printf 'mint-%s-%s\\n' 5c1fe0 sesame";
    command.argv = ["sh", "-c", script].map(literal).to_vec();
    let wanted = ContainerAction::Login(RegistryLogin {
        server: Some("cloud.example".into()),
        username: literal("token"),
        password: output("token", OutputKind::SecretText),
    });
    let login = Step { phase: Phase::Stage, ..run("login", Vec::new()).1 };
    let login = Step { action: Action::Container(wanted), ..login };
    let steps = lowered([mint, login].map(|step| ("mint".to_string(), step)).to_vec());

    let bench = Bench::new(ONE);
    let (run, events) = bench.run("v1", Cut::Never);
    let plan = Plan { steps: steps.clone(), ..Plan::default() };
    let known = run.stage(&plan).await.unwrap();
    assert_eq!(bench.fleet.lock().machines["web-1"].logins["cloud.example"], TOKEN);

    let events = events.lock().unwrap().clone();
    let told = events
        .iter()
        .position(|event| matches!(event, Event::Secret { text } if *text == Secret::new(TOKEN)));
    let ended = events.iter().position(|event| matches!(event, Event::End { .. }));
    assert!(told.is_some() && told < ended, "it is masked before the step ends: {events:?}");
    let shown = format!("{events:?}");
    assert!(shown.contains("minting") && !shown.contains(TOKEN), "{shown}");

    let trip = Trip {
        fence: None,
        audit: run.audit(),
        steps: vec![steps[1].clone()],
        known: StepResults { outputs: known["web-1"].outputs.clone(), ..StepResults::default() },
        undo: false,
    };
    let script = trip.script("mark", &SecretStore::default()).unwrap();
    let lines: Vec<&str> = script.text.lines().filter(|line| line.contains(TOKEN)).collect();
    assert!(!lines.is_empty(), "the host is told");
    assert!(lines.iter().all(|line| line.find(TOKEN) < line.find("docker")), "{lines:?}");
}
