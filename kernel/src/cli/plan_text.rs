//! A plan in words.

use std::fmt::Write as _;

use crate::deploy::crew::Crew;
use crate::model::plan::{Effect, LOCAL, Plan, PlannedStep};
use crate::model::render;
use crate::model::wit::{Condition, Phase};
use crate::plugin::Kind;

/// Below the title of a step.
const MARGIN: &str = "        ";

/// The plugins of a plan that are not bundled.
#[derive(Debug, Default)]
pub struct Strangers {
    pub names: Vec<String>,
    /// One of them has a say in what steps of other plugins do.
    pub meddle: bool,
}

impl Strangers {
    /// Those of a crew that have these names.
    pub fn of(crew: &Crew, names: Vec<String>) -> Self {
        let mut strange = crew.iter().filter(|plugin| names.iter().any(|n| n == plugin.name()));
        let meddle = strange.any(|plugin| match plugin.kind() {
            Kind::Step | Kind::Registry => false,
            // They make or change the containers and commands of others.
            Kind::Engine | Kind::Env | Kind::Proxy | Kind::Role => true,
        });
        Self { names, meddle }
    }
}

/// Every step by host, with what it may change and when it runs; if `verbose`, also what it
/// does, word by word, and why it is there. A title is only what a plugin says of a step, so
/// what a stranger decides is shown in any case.
pub fn describe(plan: &Plan, verbose: bool, strangers: &Strangers) -> String {
    let mut text = String::new();
    let writes = plan.steps.iter().filter(|s| s.effect == Effect::Write).count();
    let _ = writeln!(
        text,
        "Plan of {} for {} at version {}: {} steps, {writes} of them change a host under the lock.\n\
         ! changes the host   + adds what nothing uses yet   ? only looks   » is yours",
        plan.operation,
        plan.service,
        plan.version,
        plan.steps.len()
    );
    let mut hosts = plan.hosts();
    if plan.steps.iter().any(|s| s.spec.host == LOCAL) {
        hosts.insert(0, LOCAL);
    }
    for host in hosts {
        let _ = writeln!(text, "\n{host}");
        let mut phase = None;
        for step in plan.steps.iter().filter(|s| s.spec.host == host) {
            if phase != Some(step.spec.phase) {
                phase = Some(step.spec.phase);
                let _ = writeln!(text, "  {}", phase_name(step.spec.phase));
            }
            let is_strange = strangers.names.contains(&step.plugin);
            text.push_str(&line(plan, step, is_strange));
            if verbose || is_strange || strangers.meddle {
                text.push_str(&render::indent(&render::does(step), MARGIN));
            }
            if verbose {
                let more =
                    format!("{}, {}\n{}", step.id, render::terms(step), render::reasons(step));
                text.push_str(&render::indent(&more, MARGIN));
            }
        }
    }
    text
}

fn phase_name(phase: Phase) -> &'static str {
    match phase {
        Phase::Stage => "stage: before the lock",
        Phase::Share => "share: before any host starts the new version",
        Phase::Prepare => "prepare",
        Phase::Start => "start: the new version beside the old one",
        Phase::Route => "route: until the new version serves",
        Phase::Drain => "drain: behind the gate",
        Phase::Retire => "retire: the old version",
        Phase::Cleanup => "cleanup: when all hosts are done",
    }
}

fn line(plan: &Plan, step: &PlannedStep, is_strange: bool) -> String {
    let mark = match step.effect {
        Effect::Read => "?",
        Effect::Stage => "+",
        Effect::User => "»",
        Effect::Write => "!",
    };
    let condition = match &step.spec.when {
        Condition::Always => String::new(),
        Condition::Ok(id) => format!(" — only if “{}” succeeds", title(plan, id)),
        Condition::Failed(id) => format!(" — only if “{}” fails", title(plan, id)),
    };
    let undo = if step.undo.is_some() { " (taken back on failure)" } else { "" };
    let whose = if is_strange { format!(" [{}]", step.plugin) } else { String::new() };
    format!("    {mark} {}{whose}{condition}{undo}\n", step.spec.title)
}

/// The title of a step; of a block, those of its first and last step.
fn title(plan: &Plan, id: &str) -> String {
    let title = |step: Option<&PlannedStep>| step.map(|step| step.spec.title.clone());
    let mut block = plan.steps.iter().filter(|s| s.spec.block.as_deref() == Some(id));
    match (title(plan.steps.iter().find(|s| s.id == id)), title(block.next())) {
        (Some(title), _) => title,
        (None, Some(first)) => {
            title(block.next_back()).map_or(first.clone(), |last| format!("{first} … {last}"))
        }
        (None, None) => id.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::plan::{Process, Program};
    use crate::model::wit::{Action, Command, Part, Step};

    /// One step of the plugin `greedy`, which says that it warms a cache.
    fn plan() -> Plan {
        let words = "docker run --privileged --volume /:/host alpine rm -rf /host/etc";
        let argv = words.split(' ').map(|word| vec![Part::Literal(word.into())]).collect();
        let process = Process { argv, env: Vec::new(), stdin: None, success: Vec::new() };
        let command = Command {
            argv: process.argv.clone(),
            env: Vec::new(),
            stdin: None,
            directory: None,
            success: Vec::new(),
            read_only: false,
        };
        let step = Step {
            why: "/cache".into(),
            ..Step::new("warm", "web-1", Phase::Prepare, "Warm the cache", Action::Run(command))
        };
        let program =
            Program::Processes { processes: vec![process], yields: None, abort: Vec::new() };
        let step = PlannedStep {
            id: "greedy.warm".into(),
            plugin: "greedy".into(),
            effect: Effect::Write,
            spec: step,
            program,
            undo: None,
            unlinked: Vec::new(),
        };
        Plan { steps: vec![step], ..Plan::default() }
    }

    const DOES: &str = "        docker run --privileged --volume /:/host alpine rm -rf /host/etc\n";

    #[test]
    fn a_title_does_not_hide_what_a_strangers_step_does() {
        let strangers = Strangers { names: vec!["greedy".to_string()], meddle: false };
        let text = describe(&plan(), false, &strangers);
        assert!(text.ends_with(&format!("    ! Warm the cache [greedy]\n{DOES}")), "{text}");
        let other = Strangers { names: vec!["other".to_string()], meddle: true };
        let text = describe(&plan(), false, &other);
        assert!(text.ends_with(&format!("    ! Warm the cache\n{DOES}")), "{text}");
    }

    #[test]
    fn what_bundled_plugins_do_is_shown_on_demand() {
        assert!(
            describe(&plan(), false, &Strangers::default()).ends_with("    ! Warm the cache\n")
        );
        let text = describe(&plan(), true, &Strangers::default());
        let more = "        greedy.warm, within 60 s\n        because /cache\n";
        assert!(text.ends_with(&format!("    ! Warm the cache\n{DOES}{more}")), "{text}");
        let mut once = plan();
        once.steps[0].spec.once = true;
        let text = describe(&once, true, &Strangers::default());
        assert!(text.contains("greedy.warm, within 60 s, once for the run\n"), "{text}");
    }
}
