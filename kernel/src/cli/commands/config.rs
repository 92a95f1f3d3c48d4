//! `windlass config`: the resolved configuration.

use serde_json::{Value, json};

use crate::config::print::print;
use crate::model::diagnostic::Kind;

use super::super::view::View;
use super::{Cli, Failure};

/// Prints hosts, roles and the whole resolved tree as YAML, or JSON with `--json`.
pub fn run(cli: &Cli) -> Result<(), Failure> {
    let workspace = cli.workspace()?;
    let request = &workspace.request;
    let project = &request.project;
    let value = json!({
        "service": project.service,
        "destination": project.destination,
        "version": request.version,
        "repository": request.repository,
        "absolute_image": format!("{}:{}", request.repository, request.version),
        "roles": project.roles.iter().map(|r| json!({"name": r.name, "hosts": r.hosts, "primary": r.primary})).collect::<Vec<_>>(),
        "hosts": request.hosts,
        "primary_host": project.primary_host,
        "run_directory": project.run_directory,
        "ssh": project.ssh,
        "plugins": workspace.crew.iter().map(|p| json!({
            "name": p.name(), "kind": p.kind().name(), "version": p.description().version, "digest": p.digest(),
        })).collect::<Vec<_>>(),
        "secrets": project.secrets_declared,
        "config": project.config,
    });
    for name in workspace.secrets.masker().short() {
        cli.output.say(&format!(
            "warning: the secret {name} is shorter than 4 bytes and is not masked in output"
        ));
    }
    let text = print(&value).map_err(|error| Failure::of(Kind::Configuration, error))?;
    cli.output.show(&Resolved { value, text });
    Ok(())
}

/// The resolved configuration, and the same as YAML.
struct Resolved {
    value: Value,
    text: String,
}

impl View for Resolved {
    fn human(&self) -> String {
        self.text.trim_end_matches('\n').to_string()
    }

    fn json(&self) -> Value {
        self.value.clone()
    }
}
