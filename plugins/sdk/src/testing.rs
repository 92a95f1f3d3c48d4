//! For the unit tests of plugins: contexts to start from, and what steps say of themselves.

use crate::describe::aim;
use crate::types::{
    Aim, Area, ContainerState, ContainerStatus, Context, Description, GitState, HealthStatus,
    HostInfo, Intent, Machine, Operation, Phase, RoleInfo, Step,
};

/// The aims of the kernel's own commands, and of the questions that it asks between them.
///
/// # Panics
/// It has no such command.
pub fn aims(command: &str) -> Vec<Aim> {
    use Area::{Accessories, Build, Env, Image, Leftovers, Proxies, Registry, Roles, Servers};
    use Intent::{Look, Prepare, Remove, Replace};
    match command {
        "bootstrap" => vec![aim(Prepare, &[Servers])],
        "setup" => vec![
            aim(Replace, &[Roles]),
            aim(Prepare, &[Proxies, Accessories, Env, Build, Image, Registry]),
            aim(Remove, &[Leftovers]),
        ],
        "deploy" => vec![
            aim(Replace, &[Roles]),
            aim(Prepare, &[Proxies, Build, Image, Registry]),
            aim(Remove, &[Leftovers]),
        ],
        "redeploy" => vec![aim(Replace, &[Roles]), aim(Prepare, &[Proxies, Build, Image])],
        "rollback" => vec![aim(Replace, &[Roles]), aim(Prepare, &[Proxies])],
        "details" => vec![aim(Look, &[Roles, Proxies, Accessories])],
        "remove" => vec![aim(Remove, &[Roles, Proxies, Accessories, Registry])],
        "status" | "versions" => vec![aim(Look, &[Roles])],
        _ => panic!("the kernel has no command `{command}`"),
    }
}

/// In one of the kernel's own commands: version 3f9a of `shop`, its web role, which is routed,
/// on `web-1` and `web-2`, its workers on `web-2`.
///
/// # Panics
/// The kernel has no such command.
pub fn context(command: &str) -> Context {
    operation(command, aims(command))
}

/// The same with this configuration, as JSON.
///
/// # Panics
/// The kernel has no such command.
pub fn configured(command: &str, config: impl Into<String>) -> Context {
    Context { config: config.into(), ..context(command) }
}

/// The same in one of the kernel's commands or of the plugin's own.
///
/// # Panics
/// There is no such command.
pub fn context_of(plugin: &Description, command: &str) -> Context {
    let name = |noun: &Option<String>, verb: &str| match noun {
        Some(noun) => format!("{noun} {verb}"),
        None => verb.to_string(),
    };
    let own = plugin.commands.iter().find(|own| name(&own.noun, &own.verb) == command);
    operation(command, own.map_or_else(|| aims(command), |own| own.aims.clone()))
}

/// The same with `--skip-push`: nothing is built.
pub fn without_build(mut context: Context) -> Context {
    for aim in &mut context.operation.aims {
        aim.areas.retain(|area| *area != Area::Build);
    }
    context
}

/// The same in any operation.
pub fn operation(name: &str, aims: Vec<Aim>) -> Context {
    let host = |name: &str, roles: &[&str]| HostInfo {
        name: name.to_string(),
        roles: roles.iter().map(ToString::to_string).collect(),
        tags: Vec::new(),
        home: "/root".to_string(),
    };
    let role = |name: &str, hosts: &[&str], primary| RoleInfo {
        name: name.to_string(),
        hosts: hosts.iter().map(ToString::to_string).collect(),
        primary,
        routed: primary,
    };
    Context {
        operation: Operation { name: name.to_string(), aims },
        arguments: "{}".to_string(),
        service: "shop".to_string(),
        destination: None,
        version: "3f9a".to_string(),
        repository: "10.0.0.5/shop".to_string(),
        run_id: "0123456789abcdef0123456789abcdef".to_string(),
        run_directory: ".kamal".to_string(),
        hosts: vec![host("web-1", &["web"]), host("web-2", &["web", "workers"])],
        roles: vec![role("web", &["web-1", "web-2"], true), role("workers", &["web-2"], false)],
        primary_role: "web".to_string(),
        primary_host: "web-1".to_string(),
        config: "{}".to_string(),
        settings: "{}".to_string(),
        secrets: Vec::new(),
        machine: Machine { directory: "/project".to_string(), cache: None, git: GitState::None },
        annotations: Vec::new(),
    }
}

/// A container of this name that runs, of which a host tells nothing else.
pub fn container(name: impl Into<String>) -> ContainerState {
    ContainerState {
        id: String::new(),
        name: name.into(),
        image: String::new(),
        image_id: String::new(),
        labels: Vec::new(),
        status: ContainerStatus::Running,
        health: HealthStatus::None,
        created_at: String::new(),
        mounts: Vec::new(),
        addresses: Vec::new(),
    }
}

/// Two lines per step: where and when, and the title; and what it says about itself if that is
/// not the default. What steps do, word by word, is shown by the kernel, whose tests run the real
/// plugins.
pub fn outline(steps: &[Step]) -> String {
    let mut out = String::new();
    for step in steps {
        let phase = match step.phase {
            Phase::Stage => "stage",
            Phase::Share => "share",
            Phase::Prepare => "prepare",
            Phase::Start => "start",
            Phase::Route => "route",
            Phase::Drain => "drain",
            Phase::Retire => "retire",
            Phase::Cleanup => "cleanup",
        };
        let role = step.role.as_deref().map(|role| format!("[{role}]")).unwrap_or_default();
        out += &format!("{} {phase} {}{role}: {}\n", step.host, step.id, step.title);
        let mut notes = vec![format!("{} s", step.time_limit_ms / 1000)];
        notes.push(format!("because of {}", step.why));
        notes.extend(step.audit.iter().map(|audit| format!("audit: {audit}")));
        notes.extend(step.undo.is_some().then(|| "has an undo".to_string()));
        notes.extend(step.may_fail.then(|| "may fail".to_string()));
        notes.extend(step.once.then(|| "once".to_string()));
        notes.extend(step.rolling.then(|| "rolling".to_string()));
        out += &format!("  {}\n", notes.join("; "));
    }
    out
}
