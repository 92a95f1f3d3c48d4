//! `windlass plan`: what `deploy` would do.

use std::path::Path;

use clap::ArgMatches;
use serde::{Deserialize, Serialize};

use crate::deploy::hosts::Seen;
use crate::model::plan::Plan;
use crate::model::problem::Problem;
use crate::model::project::Project;

use super::super::plan_text::{self, Strangers};
use super::super::{failure, operate, workspace};
use super::{Failure, Operation, Shell, Workspace, deploy_arguments};

/// A saved plan: everything that decides what `apply` does. It holds no secret.
#[derive(Debug, Serialize, Deserialize)]
pub struct PlanFile {
    /// Version of this format.
    pub format: u32,
    /// The build of the CLI that made it.
    pub windlass: String,
    /// Name and digest of each plugin.
    pub plugins: Vec<(String, String)>,
    pub project: Project,
    pub hosts: Vec<String>,
    pub roles: Vec<String>,
    /// What plugins were told of the machine that the plan was made on.
    pub annotations: Vec<(String, String)>,
    pub arguments: serde_json::Value,
    pub plan: Plan,
    pub seen: Seen,
}

/// Version of the format of [`PlanFile`].
pub const FORMAT: u32 = 2;

/// Observes and plans; prints the plan, and writes it if asked.
pub fn run(shell: &Shell, matches: &ArgMatches) -> Result<(), Failure> {
    let workspace = shell.workspace_with_version()?;
    if matches.get_one::<String>("output").is_some() && !workspace.sensitive.is_empty() {
        return Err(carries_secrets(&workspace));
    }
    let arguments = deploy_arguments(matches);
    let operation =
        Operation { arguments: arguments.clone(), deploys: true, ..Operation::new("deploy") };
    let (plan, seen) = shell.block(async {
        let ready = operate::ready(&workspace, &operation, &shell.globals, &shell.output).await?;
        let made = async {
            let seen = ready.run.observe().await?;
            let plan = ready.run.plan(&seen)?;
            Ok((plan, seen))
        }
        .await;
        ready.close().await;
        made.map_err(|e| failure::place(e, &workspace))
    })?;
    if let Some(path) = matches.get_one::<String>("output") {
        let file = PlanFile {
            format: FORMAT,
            windlass: env!("CARGO_PKG_VERSION").into(),
            plugins: workspace.crew.iter().map(|p| (p.name().into(), p.digest().into())).collect(),
            project: workspace.brief.project.clone(),
            hosts: workspace.brief.hosts.clone(),
            roles: workspace.brief.roles.clone(),
            annotations: workspace.brief.annotations.clone(),
            arguments,
            plan: plan.clone(),
            seen,
        };
        save(Path::new(path), &file)?;
        shell.output.say(&format!("wrote {path}; to do exactly this: windlass apply {path}"));
    }
    if shell.globals.json {
        let json = serde_json::to_string(&plan).map_err(|e| Failure::Message(e.to_string()))?;
        shell.output.result(&json);
    } else {
        let names = workspace::strangers(&workspace.brief.project);
        let strangers = Strangers::of(&workspace.crew, names);
        let text = plan_text::describe(&plan, shell.globals.verbose, &strangers);
        shell.output.result(&if shell.globals.verbose { text } else { shell.output.brief(&text) });
    }
    Ok(())
}

/// A plan says what runs, word by word; so it would carry what deploy.yml says in the clear.
fn carries_secrets(workspace: &Workspace) -> Failure {
    let problems = workspace.sensitive.iter().map(|pointer| {
        let problem = Problem::error("a saved plan would contain this secret").about(pointer);
        problem.help("name a secret here instead, and put its value into .env: [NAME]")
    });
    Failure::drawn(&workspace.placed(problems.collect()), &workspace.sources)
}

fn save(path: &Path, file: &PlanFile) -> Result<(), Failure> {
    let place = |error: String| Failure::Message(format!("{}: {error}", path.display()));
    let text = serde_json::to_string_pretty(file).map_err(|e| place(e.to_string()))?;
    std::fs::write(path, text + "\n").map_err(|e| place(e.to_string()))
}
