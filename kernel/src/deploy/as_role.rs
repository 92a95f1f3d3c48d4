//! `run-as-role`: a command in a container as the role would have it. The plugin names the role
//! alone; what the container gets is put together here, from the role's new container as the role
//! and the env plugins make it.

use crate::model::wit::{ContainerSpec, RoleCommand, RunOnce, Step, Workload};

/// The container of a step's command: image, environment, network, mounts and user of the role's
/// new container on the step's host; never its labels, ports, health check, restart policy or
/// name.
///
/// # Errors
/// One sentence: no container of the role is planned on the host.
pub(super) fn container(
    step: &Step,
    command: &RoleCommand,
    workloads: &[Workload],
    run_id: &str,
) -> Result<RunOnce, String> {
    let workload =
        workloads.iter().find(|w| w.host == step.host && w.role == command.role).ok_or_else(
            || format!("no new container of `{}` is planned on {}", command.role, step.host),
        )?;
    let role = &workload.container;
    let (entrypoint, words) = if command.argv.is_empty() {
        (role.entrypoint.clone(), role.command.clone())
    } else {
        (None, command.argv.clone())
    };
    // A network may also be given as an option, which the engine takes for further ones.
    let networks = role.options.iter().filter(|option| option.name == "network").cloned().collect();
    let run = run_id.get(..12).unwrap_or(run_id);
    let container = ContainerSpec {
        name: format!("{}-{}-{run}", role.name, step.id.replace('.', "-")),
        image: role.image.clone(),
        hostname: None,
        restart: None,
        labels: Vec::new(),
        env: role.env.clone(),
        env_files: role.env_files.clone(),
        volumes: role.volumes.clone(),
        publish: Vec::new(),
        network: role.network.clone(),
        user: role.user.clone(),
        log_driver: None,
        log_options: Vec::new(),
        health: None,
        options: networks,
        entrypoint,
        command: words,
        annotations: Vec::new(),
    };
    Ok(RunOnce { container, tty: false })
}
