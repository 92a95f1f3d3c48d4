//! Constructors for steps, problems and questions.

use crate::types::{
    Action, Command, Condition, ContainerAction, ContainerSpec, Context, Contribution, Fact,
    HostInfo, HttpWait, LogOptions, Observation, Phase, Problem, Query, Question, Severity, Step,
    Text, Workload,
};

/// How long a step may take unless it says otherwise.
pub const TIME_LIMIT_MS: u32 = 60_000;

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
        once: false,
        action,
        time_limit_ms: TIME_LIMIT_MS,
        undo: None,
        when: Condition::Always,
        block: None,
        may_fail: false,
        rolling: false,
        is_result: false,
        help: None,
        why: String::new(),
        audit: None,
        annotations: Vec::new(),
    }
}

/// Changes of a step, chained: `step(…).role("web").undo(…)`.
impl Step {
    /// The role that the step works for.
    pub fn role(mut self, role: &str) -> Self {
        self.role = Some(role.to_string());
        self
    }

    /// Why the step exists.
    pub fn why(mut self, why: impl Into<String>) -> Self {
        self.why = why.into();
        self
    }

    /// What takes the step back. Only in `prepare`, `start` and `route`.
    pub fn undo(mut self, action: Action) -> Self {
        self.undo = Some(action);
        self
    }

    /// Runs only under this condition.
    pub fn when(mut self, condition: Condition) -> Self {
        self.when = condition;
        self
    }

    /// A failure is reported, and the run goes on.
    pub fn may_fail(mut self) -> Self {
        self.may_fail = true;
        self
    }

    /// Once for the run, after the other steps of the phase on all hosts. Only in `share` and
    /// `cleanup`.
    pub fn once(mut self) -> Self {
        self.once = true;
        self
    }

    /// The operation goes through its hosts one after the other.
    pub fn rolling(mut self) -> Self {
        self.rolling = true;
        self
    }

    /// What the step prints is what the user asked for.
    pub fn result(mut self) -> Self {
        self.is_result = true;
        self
    }

    /// What to type or change if the step fails.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Time limit in milliseconds.
    pub fn limit(mut self, ms: u32) -> Self {
        self.time_limit_ms = ms;
        self
    }

    /// The line of the audit log.
    pub fn audit(mut self, text: impl Into<String>) -> Self {
        self.audit = Some(text.into());
        self
    }

    /// The block that the step is part of.
    pub fn block(mut self, block: &str) -> Self {
        self.block = Some(block.to_string());
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

/// The last lines of a container.
pub fn last_lines(container: impl Into<String>, lines: u32) -> Action {
    Action::Container(ContainerAction::Logs(LogOptions {
        container: container.into(),
        tail: Some(lines),
        since: None,
        timestamps: false,
        follow: false,
        search: None,
    }))
}

/// A text for people.
pub fn say(text: &str) -> Action {
    Action::Say(text.to_string())
}

/// An error in what was typed.
pub fn error(message: impl Into<String>) -> Problem {
    let (severity, message) = (Severity::Error, message.into());
    Problem { severity, message, pointer: None, host: None, help: None }
}

/// An error about the configuration at a JSON pointer.
pub fn error_at(pointer: impl Into<String>, message: impl Into<String>) -> Problem {
    Problem { pointer: Some(pointer.into()), ..error(message) }
}

impl Problem {
    /// The same with what to type or change.
    pub fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}

/// A JSON pointer, one segment longer.
pub fn pointer_to(parent: &str, segment: &str) -> String {
    format!("{parent}/{}", segment.replace('~', "~0").replace('/', "~1"))
}

/// An error about a host.
pub fn error_on(host: &str, message: impl Into<String>, help: impl Into<String>) -> Problem {
    Problem { host: Some(host.to_string()), ..error(message).help(help) }
}

/// A question about a host.
pub fn question(host: &str, id: impl Into<String>, query: Query) -> Question {
    Question { host: host.to_string(), id: id.into(), query }
}

/// Waits for the answer 200 to a GET.
pub fn get(url: Text) -> HttpWait {
    HttpWait {
        url,
        status_from: 200,
        status_to: 200,
        contains: None,
        absent: Vec::new(),
        port_after: None,
        container: None,
    }
}

/// What adds nothing to a container.
pub fn contribution(workload: &Workload) -> Contribution {
    Contribution {
        host: workload.host.clone(),
        role: workload.role.clone(),
        labels: Vec::new(),
        env: Vec::new(),
        env_files: Vec::new(),
        volumes: Vec::new(),
        network: None,
        health: None,
        annotations: Vec::new(),
    }
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
        user: None,
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

/// The answer to a question, if there is one and it is not an error.
pub fn answer<'a>(observations: &'a [Observation], host: &str, id: &str) -> Option<&'a Fact> {
    observations.iter().find(|o| o.host == host && o.id == id).and_then(|o| o.answer.as_ref().ok())
}
