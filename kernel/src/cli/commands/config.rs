//! `windlass config`: the resolved configuration.

use serde_json::json;

use super::{Failure, Shell};

/// Prints hosts, roles and the whole resolved tree as YAML, or JSON with `--json`.
pub fn run(shell: &Shell) -> Result<(), Failure> {
    let workspace = shell.workspace()?;
    let brief = &workspace.brief;
    let project = &brief.project;
    let value = json!({
        "service": project.service,
        "destination": project.destination,
        "version": brief.version,
        "repository": brief.repository,
        "absolute_image": format!("{}:{}", brief.repository, brief.version),
        "roles": project.roles.iter().map(|r| json!({"name": r.name, "hosts": r.hosts, "primary": r.primary})).collect::<Vec<_>>(),
        "hosts": brief.hosts,
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
        shell.output.say(&format!(
            "warning: the secret {name} is shorter than 4 bytes and is not masked in output"
        ));
    }
    if shell.globals.json {
        shell.output.result(&value.to_string());
    } else {
        let text =
            crate::config::print::print(&value).map_err(|e| Failure::Message(e.to_string()))?;
        shell.output.result(&text);
    }
    Ok(())
}
