//! A command that failed. This is the edge: the one place where an error becomes text for people
//! or JSON for programs, and an exit code.

use serde_json::{Value, json};

use crate::config::draw::draw;
use crate::config::source::Sources;
use crate::model::diagnostic::{Diagnostic, Kind};
use crate::model::problem::Problem;

use super::stream;
use super::view::View;

/// Everything a command can fail with.
#[derive(Debug)]
pub enum Failure {
    /// Wrong words: clap explains, code 2; help comes this way too, with code 0.
    Usage(clap::Error),
    /// Problems, and the files on whose lines they are drawn.
    Problems(Vec<Problem>, Sources),
    Errors(Vec<Diagnostic>),
    /// Nobody reads the results any more: code 141, as of a program that a closed pipe ends.
    CutOff,
    /// Everything was said already.
    Said,
}

impl Failure {
    /// What was asked for cannot be done.
    pub fn new(message: impl Into<String>) -> Self {
        Diagnostic::new(Kind::Command, message).into()
    }

    /// The same, with a line to type next.
    pub fn with_help(message: impl Into<String>, help: impl Into<String>) -> Self {
        Diagnostic::new(Kind::Command, message).help([help]).into()
    }

    /// An error of a kind that has no more to say than its message.
    pub fn of(kind: Kind, error: impl std::fmt::Display) -> Self {
        Diagnostic::new(kind, error.to_string()).into()
    }

    /// The failure as a problem of what asked for it.
    pub fn into_problem(self) -> Problem {
        let Some(first) = self.errors().into_iter().next() else {
            return Problem::error("interrupted");
        };
        let problem = Problem::error(first.message);
        if first.help.is_empty() { problem } else { problem.help(first.help.join("; ")) }
    }

    /// The exit code.
    pub fn code(&self) -> u8 {
        match self {
            Self::Usage(error) => u8::try_from(error.exit_code()).unwrap_or(2),
            Self::Errors(errors) if errors.iter().any(|e| e.kind == Kind::Interrupted) => 130,
            Self::CutOff => 141,
            Self::Problems(..) | Self::Errors(_) | Self::Said => 1,
        }
    }

    /// The errors that it consists of.
    fn errors(&self) -> Vec<Diagnostic> {
        match self {
            Self::Usage(error) if error.use_stderr() => {
                vec![Diagnostic::new(Kind::Usage, error.to_string().trim_end())]
            }
            Self::Problems(problems, _) => {
                problems.iter().filter(|p| p.is_error()).cloned().map(Into::into).collect()
            }
            Self::Errors(errors) => errors.clone(),
            Self::Usage(_) | Self::CutOff | Self::Said => Vec::new(),
        }
    }

    /// For programs: a value for each error.
    pub fn json(&self) -> Vec<Value> {
        self.errors().iter().map(View::json).collect()
    }

    /// For people, if there is anything to say. `mask` takes secrets out; `clean` also what
    /// could steer a terminal, which drawn problems must keep: they may carry colours.
    pub fn human(
        &self,
        mask: impl Fn(&str) -> String,
        clean: impl Fn(&str) -> String,
    ) -> Option<String> {
        match self {
            Self::Problems(problems, sources) => {
                Some(mask(&draw(problems, sources, stream::color())))
            }
            Self::Errors(errors) => {
                let lines = errors.iter().map(|error| clean(&error.human()) + "\n");
                Some(lines.collect())
            }
            Self::Usage(_) | Self::CutOff | Self::Said => None,
        }
    }
}

impl View for Diagnostic {
    fn human(&self) -> String {
        let mut lines = Vec::new();
        let mut part = |message: String, help: &[String]| {
            lines.push(message);
            lines.extend(help.iter().map(|help| format!("help: {help}")));
        };
        if !self.message.is_empty() {
            part(self.message.clone(), &self.help);
        }
        for on in self.hosts.iter().filter(|on| !on.message.is_empty()) {
            part(format!("{}: {}", on.host, on.message), &on.help);
        }
        let interrupted = if self.kind == Kind::Interrupted { "interrupted; " } else { "" };
        format!("error: {interrupted}{}", lines.join("\n"))
    }

    fn json(&self) -> Value {
        let Self { kind, message, places, help, hosts } = self;
        let told = hosts.iter().filter(|on| !on.message.is_empty());
        let message = match message.is_empty() {
            true => told.map(|on| format!("{}: {}", on.host, on.message)).collect::<Vec<_>>(),
            false => vec![message.clone()],
        };
        let help: Vec<_> = help.iter().chain(hosts.iter().flat_map(|on| &on.help)).collect();
        json!({
            "event": "error", "kind": kind, "message": message.join("\n"),
            "places": places, "help": help, "hosts": hosts,
        })
    }
}

impl<E: Into<Diagnostic>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Errors(vec![error.into()])
    }
}

impl From<clap::Error> for Failure {
    fn from(error: clap::Error) -> Self {
        Self::Usage(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deploy::RunError;
    use crate::deploy::hosts::HostError;
    use crate::ssh::SshError;

    fn human(failure: impl Into<Failure>) -> String {
        failure.into().human(str::to_string, str::to_string).unwrap_or_default()
    }

    /// One host with a way out, and one without.
    fn two_hosts() -> RunError {
        let (host, detail) = ("web-1".to_string(), "Broken pipe".into());
        let lost = SshError::Lost { host, detail, help: "try ssh web-1".into() };
        RunError::Hosts(vec![lost.into(), HostError::new("web-2", "it gave no answer")])
    }

    #[test]
    fn an_error_on_two_hosts_is_text_for_people_and_fields_for_programs() {
        insta::assert_snapshot!(human(two_hosts()), @r"
        error: web-1: the connection to web-1 was lost
          Broken pipe
        help: try ssh web-1
        web-2: it gave no answer
        ");
        let lost = "the connection to web-1 was lost\n  Broken pipe";
        let expected = json!({
            "event": "error", "kind": "host",
            "message": format!("web-1: {lost}\nweb-2: it gave no answer"),
            "places": [], "help": ["try ssh web-1"],
            "hosts": [
                {"host": "web-1", "message": lost, "help": ["try ssh web-1"]},
                {"host": "web-2", "message": "it gave no answer"},
            ],
        });
        assert_eq!(Failure::from(two_hosts()).json(), [expected]);
    }

    #[test]
    fn an_error_may_only_name_hosts_and_have_several_ways_out() {
        let (one, other) = (("web-1".into(), "a".into()), ("web-2".into(), "b".into()));
        let image = || RunError::OtherImage {
            version: "v1".into(),
            one: (one.clone()),
            other: other.clone(),
        };
        assert!(human(image()).starts_with("error: web-1 and web-2 have different images"));
        let value = &Failure::from(image()).json()[0];
        assert_eq!(value["hosts"], json!([{"host": "web-1"}, {"host": "web-2"}]));

        let (name, why) = ("pre-deploy".into(), "it was not found".into());
        let hook = RunError::Hook { name, why, help: Some("install it") };
        let told = "error: the hook pre-deploy failed: it was not found\nhelp: install it\n\
                    help: fix it, or pass --skip-hooks\n";
        assert_eq!(human(hook), told);
    }

    #[test]
    fn an_interrupted_run_says_so_and_has_its_own_code() {
        let failure = Failure::from(RunError::Interrupted);
        assert_eq!(
            (failure.code(), failure.json()[0]["kind"].as_str()),
            (130, Some("interrupted"))
        );
        assert_eq!(human(failure), "error: interrupted; nothing was changed\n");
        let lanes = Diagnostic { kind: Kind::Interrupted, ..two_hosts().into() };
        assert!(human(lanes).starts_with("error: interrupted; web-1: the connection"));
    }

    #[test]
    fn problems_are_drawn_for_people_and_have_places_for_programs() {
        let mut sources = Sources::default();
        let place = sources.add("config/deploy.yml", "service: shop\nport: x\n").place(20..21);
        let mut problem =
            Problem::error("`x` is not a valid port").at(place).help("write a number");
        problem.host = Some("web-1".into());
        let problems = vec![problem, Problem::warning("an old key")];
        let failure = Failure::Problems(problems, sources);
        let value = failure.json();
        assert_eq!(value.len(), 1, "a warning is not an error");
        assert_eq!(value[0]["places"][0]["file"], "config/deploy.yml");
        assert_eq!(value[0]["places"][0]["line"], 2);
        assert_eq!(value[0]["places"][0]["column"], 7);
        assert_eq!(value[0]["help"], json!(["write a number"]));
        assert_eq!(value[0]["hosts"], json!([{"host": "web-1"}]));
        let drawn = human(failure);
        assert!(drawn.starts_with("error: web-1: `x` is not a valid port\n"), "{drawn}");
    }
}
