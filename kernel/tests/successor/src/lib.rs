//! A plugin of the package after this one: its step has a `heading`, its action is `touch`, and
//! it exports an interface that this package does not have.
#![cfg(target_arch = "wasm32")]

use windlass::plugin::context::Context;
use windlass::plugin::description::{Capability, Description};
use windlass::plugin::facts::{Fact, Observation, Query, Question};
use windlass::plugin::log;
use windlass::plugin::steps::{Action, Condition, Phase, Step};
use windlass::plugin::values::{Problem, Severity};

use exports::windlass::plugin::{lifecycle, soak};

wit_bindgen::generate!({
    path: "wit",
    inline: "
        package windlass:early;
        world early {
            include windlass:plugin/step-plugin@0.3.0;
            export windlass:plugin/soak@0.3.0;
        }
    ",
    world: "windlass:early/early",
    generate_all,
});

struct Successor;
export!(Successor);

const PATH: &str = ".kamal/data/soaked";

impl lifecycle::Guest for Successor {
    fn describe() -> Description {
        Description {
            name: "successor".to_owned(),
            version: "0.1.0".to_owned(),
            about: "Touches a file on each host that lacks it".to_owned(),
            owns: Vec::new(),
            reads: Vec::new(),
            commands: Vec::new(),
            capabilities: vec![Capability::Files(vec!["data".to_owned()])],
            needs: vec!["windlass:plugin/soak@0.3.0".to_owned()],
            hooks: Vec::new(),
            foreign_keys: Vec::new(),
        }
    }

    fn check(context: Context) -> Vec<Problem> {
        let message = format!("{} will soak", context.service);
        let severity = Severity::Info;
        vec![Problem { severity, message, pointer: None, host: None, help: None }]
    }

    fn observe(context: Context) -> Result<Vec<Question>, Vec<Problem>> {
        log::write(log::Level::Info, "asked");
        let ask = |host: String| Question {
            host,
            id: "soaked".to_owned(),
            query: Query::File(PATH.to_owned()),
        };
        Ok(context.hosts.into_iter().map(|host| ask(host.name)).collect())
    }

    fn plan(_: Context, observations: Vec<Observation>) -> Result<Vec<Step>, Vec<Problem>> {
        let lacks = |seen: &Observation| matches!(seen.answer, Ok(Fact::File(None)));
        Ok(observations.into_iter().filter(lacks).map(|seen| touch(seen.host)).collect())
    }
}

impl soak::Guest for Successor {
    fn soak_ms(_: Context) -> u32 {
        1_000
    }
}

fn touch(host: String) -> Step {
    Step {
        id: "touch".to_owned(),
        heading: format!("Touch a file on {host}"),
        host,
        role: None,
        phase: Phase::Start,
        once: false,
        action: Action::Touch(PATH.to_owned()),
        time_limit_ms: 1_000,
        undo: Some(Action::RemoveFile(PATH.to_owned())),
        when: Condition::Always,
        block: None,
        may_fail: false,
        rolling: false,
        is_result: false,
        help: None,
        why: "the file is not there".to_owned(),
        audit: None,
        annotations: Vec::new(),
    }
}
