//! A rehearsal: `windlass:plugin@0.3.0`, a package that only tests have, served beside the one
//! that is released. Its records differ from the model in a name and an action, so they are
//! mapped: both sides as JSON, with what is new said in the kernel's words.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use wasmtime::component::{HasSelf, Linker};

use super::{
    Answer, Contract, Description, Each, InService, Kept, Kind, Lowered, LoweredQuery, LoweredWait,
    Outcome, Rollout, Running, Seen, State,
};
use crate::model::wit::{
    self, ContainerAction, ContainerFact, ContainerQuery, ContainerWait, Context, Contribution,
    Move, Problem, Question, Step, Workload,
};

mod bindings {
    wasmtime::component::bindgen!({
        path: "tests/successor/wit",
        world: "windlass:plugin/step-plugin@0.3.0",
        additional_derives: [PartialEq, Hash, serde::Serialize, serde::Deserialize],
    });
}

use bindings::windlass::plugin::{containers, context, description, facts, log, steps, values};

/// The package.
pub(super) struct Package;

/// The same in the words of the other package.
fn translate<T: DeserializeOwned>(from: &impl Serialize) -> wasmtime::Result<T> {
    Ok(serde_json::from_value(serde_json::to_value(from)?)?)
}

/// Answers or findings in the kernel's words.
fn outcome<T: DeserializeOwned>(
    answer: Result<Value, Vec<values::Problem>>,
) -> wasmtime::Result<Result<T, Vec<Problem>>> {
    Ok(match answer {
        Ok(value) => Ok(serde_json::from_value(value)?),
        Err(problems) => Err(translate(&problems)?),
    })
}

/// A step: `heading` is `title`, and `touch` writes an empty file.
fn step(step: &steps::Step) -> wasmtime::Result<Value> {
    let mut value = serde_json::to_value(step)?;
    if let Some(fields) = value.as_object_mut()
        && let Some(heading) = fields.remove("heading")
    {
        fields.insert("title".to_owned(), heading);
    }
    for action in ["action", "undo"] {
        if let Some(path) = value[action].get("Touch").cloned() {
            value[action] = json!({ "WriteFile": { "path": path, "content": [], "mode": 0o600 } });
        }
    }
    Ok(value)
}

/// Calls a function of `lifecycle`.
macro_rules! call {
    ($guest:ident, $function:ident($($argument:expr),*)) => {{
        let (store, instance) = $guest;
        let world = bindings::StepPlugin::new(&mut *store, &*instance)?;
        world.windlass_plugin_lifecycle().$function(store, $($argument),*)?
    }};
}

impl Contract for Package {
    fn version(&self) -> &'static str {
        "0.3.0"
    }

    fn imports(&self) -> &'static [&'static str] {
        &["values", "containers", "facts", "context", "steps", "description", "log"]
    }

    fn kinds(&self) -> &'static [(&'static str, Kind)] {
        &[]
    }

    fn exports(&self) -> &'static [&'static str] {
        &["lifecycle", "soak"]
    }

    fn link(&self, linker: &mut Linker<State>) -> wasmtime::Result<()> {
        bindings::StepPlugin::add_to_linker::<_, HasSelf<State>>(linker, |state| state)
    }

    fn describe(&self, guest: &mut Running) -> wasmtime::Result<Description> {
        translate(&call!(guest, call_describe()))
    }

    fn check(&self, guest: &mut Running, cx: &Context) -> wasmtime::Result<Vec<Problem>> {
        translate(&call!(guest, call_check(&translate(cx)?)))
    }

    fn observe(&self, guest: &mut Running, cx: &Context) -> Outcome<Vec<Question>> {
        let answer = call!(guest, call_observe(&translate(cx)?));
        outcome(match answer {
            Ok(questions) => Ok(serde_json::to_value(questions)?),
            Err(problems) => Err(problems),
        })
    }

    fn plan(&self, guest: &mut Running, cx: &Context, seen: Seen) -> Outcome<Vec<Step>> {
        let seen: Vec<facts::Observation> = translate(&seen)?;
        let answer = call!(guest, call_plan(&translate(cx)?, &seen));
        outcome(match answer {
            Ok(steps) => {
                Ok(steps.iter().map(step).collect::<wasmtime::Result<Vec<Value>>>()?.into())
            }
            Err(problems) => Err(problems),
        })
    }

    fn workloads(&self, _: &mut Running, _: &Context, _: Seen) -> Outcome<Vec<Workload>> {
        absent()
    }

    fn roll(&self, _: &mut Running, _: &Context, _: Seen, _: &[Workload]) -> Outcome<Rollout> {
        absent()
    }

    fn standing(&self, _: &mut Running, _: &Context, _: Seen) -> Outcome<Vec<InService>> {
        absent()
    }

    fn versions(&self, _: &mut Running, _: &Context, _: Seen) -> Outcome<Vec<Kept>> {
        absent()
    }

    fn routes(&self, _: &mut Running, _: &Context) -> Outcome<Vec<String>> {
        absent()
    }

    fn traffic(&self, _: &mut Running, _: &Context, _: Seen, _: &[Move]) -> Outcome<Vec<Step>> {
        absent()
    }

    fn contribute(
        &self,
        _: &mut Running,
        _: Kind,
        _: &Context,
        _: Seen,
        _: &[Workload],
    ) -> Outcome<Vec<Contribution>> {
        absent()
    }

    fn repository(&self, _: &mut Running, _: &Context) -> Outcome<String> {
        absent()
    }

    fn lower(&self, _: &mut Running, _: &[ContainerAction]) -> Each<Lowered> {
        absent()
    }

    fn lower_waits(&self, _: &mut Running, _: &[ContainerWait]) -> Each<LoweredWait> {
        absent()
    }

    fn lower_queries(&self, _: &mut Running, _: &[ContainerQuery]) -> Each<LoweredQuery> {
        absent()
    }

    fn read_answers(&self, _: &mut Running, _: &[Answer]) -> Each<ContainerFact> {
        absent()
    }

    fn client_variables(&self, _: &mut Running) -> wasmtime::Result<Vec<String>> {
        absent()
    }
}

/// No component of this package is of a kind that has the function.
fn absent<T>() -> wasmtime::Result<T> {
    Err(wasmtime::Error::msg("the rehearsal has steps alone"))
}

crate::plugin::limits::serve_types!(values, containers, facts, context, steps, description);

impl log::Host for State {
    fn write(&mut self, level: log::Level, message: String) {
        let level = match level {
            log::Level::Debug => wit::log::Level::Debug,
            log::Level::Info => wit::log::Level::Info,
            log::Level::Warn => wit::log::Level::Warn,
        };
        wit::log::Host::write(self, level, message);
    }
}
