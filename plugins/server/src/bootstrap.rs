//! Docker where it is missing, by Docker's own install script, as Kamal does it.

use windlass_sdk::steps::{command, error_on, question, step};
use windlass_sdk::types::{
    Action, Area, Context, Fact, HostInfo, Intent, Observation, Phase, Problem, Query, Question,
    Step,
};

/// Packages are downloaded and installed.
const INSTALL_LIMIT_MS: u32 = 20 * 60 * 1000;
const HOOK_LIMIT_MS: u32 = 60 * 60 * 1000;

/// The hook that follows.
pub const HOOK: &str = "docker-setup";

const SCRIPT: &str = "https://get.docker.com";

/// What a server has, each by the exit code of a command.
const ASKED: [(&str, &[&str]); 4] = [
    ("docker", &["docker", "-v"]),
    ("root", &["sh", "-c", "[ \"$(id -u)\" -eq 0 ] || command -v sudo || command -v su"]),
    ("curl", &["sh", "-c", "command -v curl"]),
    ("wget", &["sh", "-c", "command -v wget"]),
];

fn is_bootstrap(context: &Context) -> bool {
    context.aims(Intent::Prepare, Area::Servers)
}

/// What must be known of every host, accessories' included.
pub fn questions(context: &Context) -> Vec<Question> {
    if !is_bootstrap(context) {
        return Vec::new();
    }
    let of = |host: &HostInfo| {
        let host = host.name.clone();
        ASKED.map(|(id, argv)| {
            let argv = argv.iter().map(ToString::to_string).collect();
            question(&host, id, Query::Command(argv))
        })
    };
    context.hosts.iter().flat_map(of).collect()
}

/// The steps of all hosts, and the hook that follows them.
pub fn plan(context: &Context, observations: &[Observation]) -> Result<Vec<Step>, Vec<Problem>> {
    if !is_bootstrap(context) {
        return Ok(Vec::new());
    }
    let (mut steps, mut problems) = (Vec::new(), Vec::new());
    for host in &context.hosts {
        let has = |id: &str| succeeded(observations, &host.name, id);
        if !has("docker") {
            match install(&host.name, &has) {
                Ok(step) => steps.push(step),
                Err(problem) => problems.push(problem),
            }
        }
        let directory = context.run_directory.clone();
        let title = format!("Make the directory {directory}");
        let action = Action::MakeDirectory(directory);
        steps.push(
            step("run-directory", &host.name, Phase::Prepare, title, action).why("/run_directory"),
        );
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let hook = Action::Hook(HOOK.to_string());
    let title = format!("Run the hook {HOOK}");
    steps.push(
        step("hook", "local", Phase::Cleanup, title, hook)
            .limit(HOOK_LIMIT_MS)
            .why("every host has Docker now"),
    );
    Ok(steps)
}

fn succeeded(observations: &[Observation], host: &str, id: &str) -> bool {
    observations.iter().any(|known| {
        known.host == host
            && known.id == id
            && matches!(&known.answer, Ok(Fact::Output(output)) if output.exit_code == 0)
    })
}

fn install(host: &str, has: &dyn Fn(&str) -> bool) -> Result<Step, Problem> {
    let by_hand = "install Docker by hand: https://docs.docker.com/engine/install/";
    let without = |what: &str| {
        error_on(
            host,
            format!("Docker is missing, and cannot be installed without {what}"),
            by_hand,
        )
    };
    if !has("root") {
        return Err(without("root, sudo or su"));
    }
    let fetch = match (has("curl"), has("wget")) {
        (true, _) => format!("curl -fsSL {SCRIPT}"),
        (_, true) => format!("wget -q -O - {SCRIPT}"),
        _ => return Err(without("curl or wget")),
    };
    // A pipe would hide that the download failed.
    let line = format!("script=$({fetch}) && printf '%s\\n' \"$script\" | sh");
    let run = command(["sh", "-c", &line]);
    let title = format!("Install Docker with the script of {SCRIPT}");
    Ok(step("install", host, Phase::Prepare, title, Action::Run(run))
        .limit(INSTALL_LIMIT_MS)
        .why("`docker -v` failed on the host"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use insta::assert_snapshot;
    use windlass_sdk::testing;
    use windlass_sdk::texts::words;
    use windlass_sdk::types::Output;

    /// `has` lists what each host has.
    fn steps(has: &[&str]) -> Result<Vec<Step>, Vec<Problem>> {
        let mut context = testing::context("bootstrap");
        context.hosts.truncate(1);
        let observations: Vec<Observation> = questions(&context)
            .into_iter()
            .map(|asked| {
                let exit_code = if has.contains(&asked.id.as_str()) { 0 } else { 127 };
                let output = Output { exit_code, stdout: Vec::new() };
                Observation { host: asked.host, id: asked.id, answer: Ok(Fact::Output(output)) }
            })
            .collect();
        plan(&context, &observations)
    }

    fn planned(has: &[&str]) -> String {
        match steps(has) {
            Ok(steps) => testing::outline(&steps),
            Err(problems) => {
                problems.iter().map(|p| format!("{}\n{:?}", p.message, p.help)).collect()
            }
        }
    }

    #[test]
    fn docker_is_installed_only_where_it_is_missing() {
        assert_snapshot!(planned(&["docker"]), @"
        web-1 prepare run-directory: Make the directory .kamal
          60 s; because of /run_directory
        local cleanup hook: Run the hook docker-setup
          3600 s; because of every host has Docker now
        ");
        assert_snapshot!(planned(&["root", "curl", "wget"]), @"
        web-1 prepare install: Install Docker with the script of https://get.docker.com
          1200 s; because of `docker -v` failed on the host
        web-1 prepare run-directory: Make the directory .kamal
          60 s; because of /run_directory
        local cleanup hook: Run the hook docker-setup
          3600 s; because of every host has Docker now
        ");
    }

    /// A pipe would hide that the download failed.
    #[test]
    fn the_script_is_fetched_whole_before_it_runs() {
        for (has, fetch) in [(["curl", "wget"], "curl -fsSL"), (["wget", ""], "wget -q -O -")] {
            let install = steps(&["root", has[0], has[1]]).unwrap().remove(0).action;
            let line = format!(
                "script=$({fetch} https://get.docker.com) && printf '%s\\n' \"$script\" | sh"
            );
            assert!(
                matches!(&install, Action::Run(run) if run.argv == words(["sh", "-c", &line])),
                "{install:?}"
            );
        }
    }

    #[test]
    fn what_the_installation_needs_is_named() {
        assert_snapshot!(planned(&["curl"]), @r#"
        Docker is missing, and cannot be installed without root, sudo or su
        Some("install Docker by hand: https://docs.docker.com/engine/install/")
        "#);
        assert_snapshot!(planned(&["root"]), @r#"
        Docker is missing, and cannot be installed without curl or wget
        Some("install Docker by hand: https://docs.docker.com/engine/install/")
        "#);
    }

    #[test]
    fn other_operations_ask_nothing() {
        let context = testing::context("deploy");
        assert!(questions(&context).is_empty() && plan(&context, &[]) == Ok(Vec::new()));
    }
}
