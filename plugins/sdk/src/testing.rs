//! For the unit tests of plugins: a context to start from, and what steps say of themselves.

use crate::types::{Context, HostInfo, Phase, RoleInfo, Step};

/// Version 3f9a of `shop`, its web role on `web-1` and `web-2`, its workers on `web-2`.
pub fn context(operation: &str) -> Context {
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
    };
    Context {
        operation: operation.to_string(),
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
        annotations: Vec::new(),
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
        out += &format!("  {}\n", notes.join("; "));
    }
    out
}
