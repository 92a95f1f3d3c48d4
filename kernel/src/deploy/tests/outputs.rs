//! What a command prints becomes the output that later steps ask for.

use crate::deploy::local_files::LocalFiles;
use crate::deploy::lower::{AtHand, lower};
use crate::execute::{Known, Trip};
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

#[test]
fn a_command_yields_what_its_users_say() {
    let token = OutputRef { step: "token".into(), kind: OutputKind::SecretText };
    let steps = vec![run("token", Vec::new()), run("use", vec![Part::OutputOf(token)])];
    let files = LocalFiles::default();
    let at_hand = AtHand { files: &files, unrouted: &[], run_id: "" };
    let planned = lower(CREW.engine(), &at_hand, steps).unwrap();
    assert_eq!(
        planned.iter().map(yields).collect::<Vec<_>>(),
        [Some(OutputKind::SecretText), None]
    );
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
    let token = OutputRef { step: "token".into(), kind: OutputKind::SecretText };
    let wanted = ContainerAction::Login(RegistryLogin {
        server: Some("cloud.example".into()),
        username: literal("token"),
        password: vec![Part::OutputOf(token)],
    });
    let login = Step { phase: Phase::Stage, ..run("login", Vec::new()).1 };
    let login = Step { action: Action::Container(wanted), ..login };
    let files = LocalFiles::default();
    let at_hand = AtHand { files: &files, unrouted: &[], run_id: "" };
    let steps = [mint, login].map(|step| ("mint".to_string(), step)).to_vec();
    let steps = lower(CREW.engine(), &at_hand, steps).unwrap();

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
        known: Known { outputs: known["web-1"].outputs.clone(), ..Known::default() },
        undo: false,
    };
    let script = trip.script("mark", &SecretStore::default()).unwrap();
    let lines: Vec<&str> = script.text.lines().filter(|line| line.contains(TOKEN)).collect();
    assert!(!lines.is_empty(), "the host is told");
    assert!(lines.iter().all(|line| line.find(TOKEN) < line.find("docker")), "{lines:?}");
}
