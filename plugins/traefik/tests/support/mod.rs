//! A small stand-in for the kernel: it asks, merges and sorts as the kernel does.

#![allow(dead_code, reason = "each test file uses its own part")]

pub mod kernel;
pub mod world;

use windlass_sdk::types::{Context, HostInfo, RoleInfo};

/// The run of most tests.
pub const RUN: &str = "0123456789abcdef0123456789abcdef";

/// The configuration of most tests: web behind Traefik, workers without a health check.
pub const CONFIG: &str = r#"{
    "servers": {"web": {}, "workers": {"cmd": "app worker -q 'a b'"}},
    "healthcheck": {"path": "/up", "port": 3000, "interval": "1s"},
    "labels": {"team": "shop"},
    "volumes": ["${HOME}/data:/data"]
}"#;

/// A context with these hosts and their roles.
pub fn context(operation: &str, version: &str, hosts: &[(&str, &[&str])]) -> Context {
    let strings = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    let host = |(name, roles): &(&str, &[&str])| HostInfo {
        name: name.to_string(),
        roles: strings(roles),
        tags: Vec::new(),
        home: "/root".to_string(),
    };
    let role = |name: &str| RoleInfo {
        name: name.to_string(),
        hosts: hosts.iter().filter(|h| h.1.contains(&name)).map(|h| h.0.to_string()).collect(),
        primary: name == "web",
    };
    Context {
        operation: operation.to_string(),
        arguments: "{}".to_string(),
        service: "shop".to_string(),
        destination: None,
        version: version.to_string(),
        repository: "reg/shop".to_string(),
        run_id: RUN.to_string(),
        run_directory: ".kamal".to_string(),
        hosts: hosts.iter().map(host).collect(),
        roles: ["web", "workers"].into_iter().map(role).collect(),
        primary_role: "web".to_string(),
        primary_host: hosts[0].0.to_string(),
        config: CONFIG.to_string(),
        settings: "{}".to_string(),
        secrets: Vec::new(),
        annotations: Vec::new(),
    }
}
