//! What a command prints becomes the output that later steps ask for.

use crate::deploy::local_files::LocalFiles;
use crate::deploy::lower::lower;
use crate::model::plan::{PlannedStep, Program};
use crate::model::wit::{
    Action, Command, Condition, EnvVar, OutputKind, OutputRef, Part, Phase, Step, Text,
};

use super::bench::CREW;

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
        id: id.into(),
        title: id.into(),
        host: "web-1".into(),
        role: None,
        phase: Phase::Prepare,
        action: Action::Run(command),
        time_limit_ms: 1000,
        undo: None,
        when: Condition::Always,
        block: None,
        may_fail: false,
        why: String::new(),
        audit: None,
        annotations: Vec::new(),
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
    let planned = lower(CREW.engine(), &LocalFiles::default(), steps).unwrap();
    assert_eq!(
        planned.iter().map(yields).collect::<Vec<_>>(),
        [Some(OutputKind::SecretText), None]
    );
}
