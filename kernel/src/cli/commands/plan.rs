//! `windlass plan`: what `deploy` would do.

use std::path::Path;

use clap::ArgMatches;
use serde_json::{Value, json};

use crate::deploy::saved::Saved;
use crate::model::plan::Plan;
use crate::model::problem::Problem;
use crate::model::wit;

use super::super::plan_text::{self, Strangers};
use super::super::view::View;
use super::super::{operate, workspace};
use super::{Cli, Failure, Operation, Workspace};

/// Observes and plans; prints the plan, and writes it if asked.
pub fn run(cli: &Cli, matches: &ArgMatches) -> Result<(), Failure> {
    let workspace = cli.workspace_with_version()?;
    if matches.get_one::<String>("output").is_some() && !workspace.sensitive.is_empty() {
        return Err(carries_secrets(&workspace));
    }
    let operation = Operation::deploy("deploy", matches.get_flag("skip-push"));
    let (plan, seen) = cli.block(async {
        let ready = operate::ready(&workspace, &operation, &cli.globals, &cli.output).await?;
        let made = async {
            let seen = ready.run.observe().await?;
            let plan = ready.run.plan(&seen)?;
            Ok((plan, seen))
        }
        .await;
        ready.close().await;
        made.map_err(|e| workspace::place(e, &workspace))
    })?;
    if let Some(path) = matches.get_one::<String>("output") {
        let mut request = workspace.request.clone();
        request.operation = wit::Operation { name: operation.name.into(), aims: operation.aims };
        request.arguments = operation.arguments;
        Saved::new(&workspace.crew, &request, plan.clone(), seen).write(Path::new(path))?;
        cli.output.say(&format!("wrote {path}; to do exactly this: windlass apply {path}"));
    }
    let names = workspace::strangers(&workspace.request.project);
    let strangers = Strangers::of(&workspace.crew, names);
    cli.output.show(&Planned { plan, strangers, verbose: cli.globals.verbose });
    Ok(())
}

/// A plan that nothing was done of.
struct Planned {
    plan: Plan,
    strangers: Strangers,
    verbose: bool,
}

impl View for Planned {
    fn human(&self) -> String {
        let text = plan_text::describe(&self.plan, self.verbose, &self.strangers);
        text.trim_end_matches('\n').to_string()
    }

    fn json(&self) -> Value {
        json!(self.plan)
    }

    fn is_brief(&self) -> bool {
        !self.verbose
    }
}

/// A plan says what runs, word by word; so it would carry what deploy.yml says in the clear.
fn carries_secrets(workspace: &Workspace) -> Failure {
    let problems = workspace.sensitive.iter().map(|pointer| {
        let problem = Problem::error("a saved plan would contain this secret").about(pointer);
        problem.help("name a secret here instead, and put its value into .env: [NAME]")
    });
    Failure::Problems(workspace.placed(problems.collect()), workspace.sources.clone())
}
