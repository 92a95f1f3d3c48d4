//! Constructors for steps, problems and questions.

use crate::types::{
    Action, Command, Condition, ContainerAction, ContainerSpec, Context, HostInfo, Phase, Problem,
    Query, Question, Severity, Step,
};

/// How long a step may take unless it says otherwise.
pub const TIME_LIMIT_MS: u32 = 60_000;

/// How often Kamal asks for the health of a new container, unless configured.
const ATTEMPTS: u32 = 7;

/// How long a new container may take to come up: as long as Kamal asks with so many
/// `healthcheck: max_attempts`, waiting a second longer each time, but at least 30 s.
pub fn start_limit_ms(max_attempts: Option<u32>) -> u32 {
    let attempts = max_attempts.unwrap_or(ATTEMPTS).min(1_000);
    (attempts * (attempts + 1) / 2 * 1_000 + 2_000).max(30_000)
}

/// A step that always runs, must succeed, has no undo and 60 s of time.
pub fn step(
    id: impl Into<String>,
    host: &str,
    phase: Phase,
    title: String,
    action: Action,
) -> Step {
    Step {
        id: id.into(),
        title,
        host: host.to_string(),
        role: None,
        phase,
        action,
        time_limit_ms: TIME_LIMIT_MS,
        undo: None,
        when: Condition::Always,
        block: None,
        may_fail: false,
        why: String::new(),
        audit: None,
        annotations: Vec::new(),
    }
}

/// Changes of a step, chained: `step(…).role("web").undo(…)`.
pub trait StepExt: Sized {
    /// The role that the step works for.
    fn role(self, role: &str) -> Self;
    /// Why the step exists.
    fn why(self, why: impl Into<String>) -> Self;
    /// What takes the step back.
    fn undo(self, action: Action) -> Self;
    /// Runs only under this condition.
    fn when(self, condition: Condition) -> Self;
    /// A failure is reported, and the run goes on.
    fn may_fail(self) -> Self;
    /// Time limit in milliseconds.
    fn limit(self, ms: u32) -> Self;
    /// The line of the audit log.
    fn audit(self, text: impl Into<String>) -> Self;
    /// The block that the step is part of.
    fn block(self, block: &str) -> Self;
    /// One more annotation.
    fn note(self, key: &str, value: impl Into<String>) -> Self;
}

impl StepExt for Step {
    fn role(mut self, role: &str) -> Self {
        self.role = Some(role.to_string());
        self
    }
    fn why(mut self, why: impl Into<String>) -> Self {
        self.why = why.into();
        self
    }
    fn undo(mut self, action: Action) -> Self {
        self.undo = Some(action);
        self
    }
    fn when(mut self, condition: Condition) -> Self {
        self.when = condition;
        self
    }
    fn may_fail(mut self) -> Self {
        self.may_fail = true;
        self
    }
    fn limit(mut self, ms: u32) -> Self {
        self.time_limit_ms = ms;
        self
    }
    fn audit(mut self, text: impl Into<String>) -> Self {
        self.audit = Some(text.into());
        self
    }
    fn block(mut self, block: &str) -> Self {
        self.block = Some(block.to_string());
        self
    }
    fn note(mut self, key: &str, value: impl Into<String>) -> Self {
        self.annotations.push((key.to_string(), value.into()));
        self
    }
}

/// A command with these words, which changes something.
pub fn command<S: Into<String>>(argv: impl IntoIterator<Item = S>) -> Command {
    Command {
        argv: crate::texts::words(argv),
        env: Vec::new(),
        stdin: None,
        directory: None,
        success: Vec::new(),
        read_only: false,
    }
}

/// A container action as an action.
pub fn container(action: ContainerAction) -> Action {
    Action::Container(action)
}

/// A text that is itself the result of a command, shown for the step's host.
pub fn say(text: &str) -> Action {
    Action::Other(("say".to_string(), serde_json::Value::from(text).to_string()))
}

/// An error about the configuration at a JSON pointer.
pub fn error_at(pointer: impl Into<String>, message: impl Into<String>) -> Problem {
    Problem {
        severity: Severity::Error,
        message: message.into(),
        pointer: Some(pointer.into()),
        host: None,
        help: None,
    }
}

/// A JSON pointer, one segment longer.
pub fn pointer_to(parent: &str, segment: &str) -> String {
    format!("{parent}/{}", segment.replace('~', "~0").replace('/', "~1"))
}

/// An error about a host.
pub fn error_on(host: &str, message: impl Into<String>, help: impl Into<String>) -> Problem {
    Problem {
        severity: Severity::Error,
        message: message.into(),
        pointer: None,
        host: Some(host.to_string()),
        help: Some(help.into()),
    }
}

/// A question about a host.
pub fn question(host: &str, id: impl Into<String>, query: Query) -> Question {
    Question { host: host.to_string(), id: id.into(), query }
}

/// A spec with nothing but a name and an image.
pub fn container_spec(name: impl Into<String>, image: impl Into<String>) -> ContainerSpec {
    ContainerSpec {
        name: name.into(),
        image: image.into(),
        hostname: None,
        restart: None,
        labels: Vec::new(),
        env: Vec::new(),
        env_files: Vec::new(),
        volumes: Vec::new(),
        publish: Vec::new(),
        network: None,
        log_driver: None,
        log_options: Vec::new(),
        health: None,
        options: Vec::new(),
        entrypoint: None,
        command: Vec::new(),
        annotations: Vec::new(),
    }
}

/// `SERVICE-ROLE[-DESTINATION]`, the prefix of a role's container names.
pub fn role_prefix(context: &Context, role: &str) -> String {
    match &context.destination {
        Some(destination) => format!("{}-{role}-{destination}", context.service),
        None => format!("{}-{role}", context.service),
    }
}

/// `SERVICE[-DESTINATION]`.
pub fn service_name(context: &Context) -> String {
    match &context.destination {
        Some(destination) => format!("{}-{destination}", context.service),
        None => context.service.clone(),
    }
}

/// The run directory as a path that a mount can use: absolute, below the home directory of
/// the host if deploy.yml gives a relative one.
pub fn absolute_run_directory(context: &Context, host: &HostInfo) -> String {
    if context.run_directory.starts_with('/') {
        context.run_directory.clone()
    } else {
        format!("{}/{}", host.home.trim_end_matches('/'), context.run_directory)
    }
}

/// The host of a context by name.
pub fn host_info<'a>(context: &'a Context, name: &str) -> Option<&'a HostInfo> {
    context.hosts.iter().find(|host| host.name == name)
}

/// Digits only the run decides: the first `n` of the run id.
pub fn run_suffix(context: &Context, n: usize) -> String {
    context.run_id.chars().take(n).collect()
}

/// 12 digits that differ between runs, hosts and roles: the run id, mixed with the others.
pub fn distinct_digits(context: &Context, host: &str, role: &str) -> String {
    digits(&format!("{}\n{host}\n{role}", context.run_id))[..12].to_string()
}

/// 16 digits that stand for a text: the same for the same one.
pub fn digits(text: &str) -> String {
    // FNV-1a: names must differ, nothing must be hidden.
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

/// The value of an annotation: of a context, or of a step.
pub fn annotation<'a>(annotations: &'a [(String, String)], key: &str) -> Option<&'a str> {
    annotations.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str())
}

/// The answer to a question, if there is one and it is not an error.
pub fn answer<'a>(
    observations: &'a [crate::types::Observation],
    host: &str,
    id: &str,
) -> Option<&'a crate::types::Fact> {
    observations.iter().find(|o| o.host == host && o.id == id).and_then(|o| o.answer.as_ref().ok())
}
