//! A loaded plugin: the functions of the contract. What they return was checked: it keeps
//! the contract and asks for nothing that the user did not grant.

use std::fmt;
use std::sync::Arc;

use super::cache::Described;
use super::contract::{Contract, Description};
use super::error::{Fault, PluginError};
use super::grant::{Grants, Violation};
use super::guest::Guest;
use super::handed::Handed;
use super::kind::Kind;
use super::limits::{Running, shown};
use super::{describe, links, verify, verify_steps};
use crate::model::capability::Capability;
use crate::model::wit::{Action, Context, Observation, Problem, Question, Step, Wait};

/// Bytes of a finding's text that are shown.
const SHOWN: usize = 8 << 10;

/// A plugin. Cheap to clone; usable from several threads at once, each call on its own.
///
/// The functions fail with a [`PluginError`]: a crash, a limit, an answer that breaks the
/// contract ([`Fault::ContractViolation`]) or a grant ([`Fault::Grant`]), the plugin's own findings
/// ([`Fault::Problems`]), or that it is of another [`Kind`] ([`Fault::Kind`]).
#[derive(Clone)]
pub struct Plugin {
    guest: Arc<Guest>,
    described: Arc<Described>,
    grants: Arc<Grants>,
}

/// What a function answers if it ends: the value, or findings.
pub(super) type Answered<T> = Result<T, Vec<Problem>>;

impl Plugin {
    pub(super) fn new(
        guest: Guest,
        described: Described,
        bundled: bool,
    ) -> Result<Self, PluginError> {
        let asked = describe::asked(&described.description.capabilities);
        let asked = asked
            .map_err(|violation| guest.error("describe", Fault::ContractViolation(violation)))?;
        let held = if bundled { None } else { Some(Vec::new()) };
        let grants = Arc::new(Grants::new(guest.name(), asked, held));
        Ok(Self { guest: Arc::new(guest), described: Arc::new(described), grants })
    }

    pub fn name(&self) -> &str {
        self.guest.name()
    }

    /// SHA-256 of the component, in lower-case hexadecimal.
    pub fn digest(&self) -> &str {
        self.guest.digest()
    }

    pub fn kind(&self) -> Kind {
        self.described.kind
    }

    pub fn description(&self) -> &Description {
        &self.described.description
    }

    /// The same plugin with exactly these grants (`x-windlass: plugins: NAME: grants:`).
    #[must_use]
    pub fn granted(&self, grants: Vec<Capability>) -> Self {
        let asked = self.grants.asked().to_vec();
        let grants = Arc::new(Grants::new(self.name(), asked, Some(grants)));
        Self { grants, ..self.clone() }
    }

    /// The capabilities that the plugin asks for and does not hold.
    pub fn missing_grants(&self) -> Vec<&Capability> {
        self.grants.missing()
    }

    /// Whether it is part of the program, and so believed where nothing can be checked.
    pub fn is_bundled(&self) -> bool {
        self.grants.are_all()
    }

    /// The paths that must not be symbolic links when this step of the plugin acts. None of a
    /// bundled plugin: its paths are the user's own, who may use links.
    pub fn unlinked(&self, run_directory: &str, step: &Step) -> Vec<String> {
        if self.is_bundled() {
            return Vec::new();
        }
        let granted = self.grants.absolute_paths();
        links::unlinked(&granted.chain([run_directory]).collect::<Vec<_>>(), step)
    }

    /// Findings on what the plugin owns. None is an error of the call.
    pub fn check(&self, context: &Context) -> Result<Vec<Problem>, PluginError> {
        let found = self.call("check", |contract, guest| contract.check(guest, context))?;
        self.count("check", "problems", found.len())?;
        Ok(found.into_iter().map(printable).collect())
    }

    /// What the plugin wants to know before it plans `context.operation`.
    pub fn observe(&self, context: &Context) -> Result<Vec<Question>, PluginError> {
        const CALL: &str = "observe";
        let answer = self.call(CALL, |contract, guest| contract.observe(guest, context))?;
        let questions = self.found(CALL, answer)?;
        self.count(CALL, "questions", questions.len())?;
        self.conforms(CALL, verify::questions(context, &questions))?;
        self.allowed(CALL, self.grants.questions(context, &questions))?;
        Ok(questions)
    }

    /// The steps of `context.operation`.
    pub fn plan(
        &self,
        context: &Context,
        observations: &[Observation],
    ) -> Result<Vec<Step>, PluginError> {
        let answer =
            self.call("plan", |contract, guest| contract.plan(guest, context, observations))?;
        let steps = self.found("plan", answer)?;
        self.steps("plan", context, steps, &Handed::observations(observations))
    }

    /// Runs a function of the interface of one kind.
    pub(super) fn of<T>(
        &self,
        kind: Kind,
        call: &'static str,
        run: impl FnOnce(&dyn Contract, &mut Running) -> wasmtime::Result<T>,
    ) -> Result<T, PluginError> {
        if self.kind() != kind {
            let fault = Fault::Kind { is: self.kind(), needed: kind };
            return Err(self.guest.error(call, fault));
        }
        self.call(call, run)
    }

    /// The value, or the plugin's findings as an error.
    pub(super) fn found<T>(
        &self,
        call: &'static str,
        answer: Answered<T>,
    ) -> Result<T, PluginError> {
        let fault = match answer {
            Ok(value) => return Ok(value),
            Err(none) if none.is_empty() => {
                Fault::ContractViolation("it refuses without a reason".to_owned())
            }
            Err(problems) => Fault::Problems(problems.into_iter().map(printable).collect()),
        };
        Err(self.guest.error(call, fault))
    }

    /// Steps, checked.
    pub(super) fn steps(
        &self,
        call: &'static str,
        context: &Context,
        steps: Vec<Step>,
        handed: &Handed<'_>,
    ) -> Result<Vec<Step>, PluginError> {
        self.count(call, "steps", steps.len())?;
        self.conforms(call, verify_steps::check(context, &steps))?;
        self.allowed(call, self.grants.steps(context, &steps, handed))?;
        Ok(if self.is_bundled() { steps } else { steps.into_iter().map(writing).collect() })
    }

    pub(super) fn count(
        &self,
        call: &'static str,
        what: &str,
        count: usize,
    ) -> Result<(), PluginError> {
        let most = self.guest.items();
        let many = || format!("{count} {what}; at most {most} are accepted");
        self.conforms(call, if count > most { Err(many()) } else { Ok(()) })
    }

    pub(super) fn conforms(
        &self,
        call: &'static str,
        checked: Result<(), String>,
    ) -> Result<(), PluginError> {
        checked.map_err(|violation| self.guest.error(call, Fault::ContractViolation(violation)))
    }

    pub(super) fn allowed(
        &self,
        call: &'static str,
        checked: Result<(), Violation>,
    ) -> Result<(), PluginError> {
        checked.map_err(|violation| self.guest.error(call, Fault::Grant(Box::new(violation))))
    }

    pub(super) fn grants(&self) -> &Grants {
        &self.grants
    }

    fn call<T>(
        &self,
        call: &'static str,
        run: impl FnOnce(&dyn Contract, &mut Running) -> wasmtime::Result<T>,
    ) -> Result<T, PluginError> {
        let contract = self.guest.contract();
        self.guest.call(call, |running| run(contract, running))
    }
}

/// The step without its author's word that a command only reads: a command that writes must
/// have the lock and the fence, and what a command does cannot be seen.
fn writing(mut step: Step) -> Step {
    if let Action::Run(command) | Action::Wait(Wait::Command(command)) = &mut step.action {
        command.read_only = false;
    }
    step
}

/// A finding whose texts can be shown.
fn printable(problem: Problem) -> Problem {
    let shown = |text: String| shown(&text, SHOWN);
    Problem { message: shown(problem.message), help: problem.help.map(shown), ..problem }
}

impl fmt::Debug for Plugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Plugin");
        debug.field("name", &self.name()).field("kind", &self.kind());
        debug.field("digest", &self.digest()).finish_non_exhaustive()
    }
}
