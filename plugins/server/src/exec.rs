//! `windlass server exec`: a command on the servers, outside every container.

use windlass_sdk::arguments::Arguments;
use windlass_sdk::steps::{command, question, step};
use windlass_sdk::types::{Action, Context, HostInfo, Phase, Query, Question, Step, UserCommand};

/// The command.
pub const EXEC: &str = "server exec";

/// For what ends when the user says so.
const NO_LIMIT_MS: u32 = u32::MAX;

/// A question to every host, accessories' included: who is asked is in play.
pub fn questions(context: &Context) -> Vec<Question> {
    if !context.is(EXEC) {
        return Vec::new();
    }
    let ask = |host: &HostInfo| question(&host.name, "there", Query::Command(vec!["true".into()]));
    context.hosts.iter().map(ask).collect()
}

/// One step on each host; with a terminal, on the primary host alone.
pub fn plan(context: &Context) -> Vec<Step> {
    let arguments = Arguments::of(context);
    let interactive = arguments.switch("interactive");
    let line = arguments.list("cmd").join(" ");
    let is_meant = |host: &&HostInfo| !interactive || host.name == context.primary_host;
    let on = |host: &HostInfo| {
        let run = UserCommand { command: command(["sh", "-c", &line]), tty: interactive };
        let title = format!("Run {line}");
        step("exec", &host.name, Phase::Start, title, Action::Exec(run))
            .limit(NO_LIMIT_MS)
            .audit(format!("Executed cmd '{line}' on {}", host.name))
            .why(context.typed())
    };
    context.hosts.iter().filter(is_meant).map(on).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use windlass_sdk::testing;
    use windlass_sdk::texts::words;

    fn steps(arguments: &str) -> Vec<Step> {
        let mut context = testing::context_of(&crate::describe::describe(), EXEC);
        context.arguments = arguments.to_string();
        plan(&context)
    }

    #[test]
    fn one_command_on_every_host_or_a_terminal_on_one() {
        let all = steps(r#"{"cmd": ["df -h | tail -1"]}"#);
        insta::assert_snapshot!(testing::outline(&all), @"
        web-1 start exec: Run df -h | tail -1
          4294967 s; because of windlass server exec; audit: Executed cmd 'df -h | tail -1' on web-1
        web-2 start exec: Run df -h | tail -1
          4294967 s; because of windlass server exec; audit: Executed cmd 'df -h | tail -1' on web-2
        ");
        let shell = words(["sh", "-c", "df -h | tail -1"]);
        assert!(all.iter().all(|step| {
            matches!(&step.action, Action::Exec(run) if !run.tty && run.command.argv == shell)
        }));
        let one = steps(r#"{"cmd": ["top"], "interactive": true}"#);
        assert!(matches!(&one[..], [Step { action: Action::Exec(run), .. }] if run.tty), "{one:?}");
    }
}
