//! Hosts without a role are in play only where a plugin asks about them.

use serde_json::json;

use super::bench::{self, CREW, request, shop};

const CONFIG: &str = shop!(
    "
servers: {web: [web-1], workers: {hosts: [job-1]}}
accessories:
  db: {image: mysql, host: db-1}
  cache: {image: redis, roles: [workers]}
"
);

/// The hosts of an operation, with these roles chosen if any.
fn about(operation: &str, name: &str, chosen: Option<&str>) -> Vec<String> {
    let mut request = request(CONFIG, "v1", 1);
    request.arguments = json!({ "name": name });
    request.operation = bench::operation(operation, &request.arguments);
    if let Some(role) = chosen {
        request.roles.retain(|name| name == role);
        request.chosen_roles = true;
    }
    let project = &request.project;
    let carries = |host: &String| {
        project.roles.iter().any(|r| request.roles.contains(&r.name) && r.hosts.contains(host))
    };
    let (hosts, others) = request.hosts.iter().cloned().partition(carries);
    (request.hosts, request.others) = (hosts, others);
    request.about(&CREW).unwrap().hosts
}

#[test]
fn a_deploy_needs_no_host_of_an_accessory() {
    for operation in ["deploy", "redeploy", "rollback", "standing", "app logs", "build pull"] {
        assert_eq!(about(operation, "", None), ["web-1", "job-1"], "{operation}");
    }
    for operation in ["setup", "env push", "env delete", "registry login", "details", "remove"] {
        assert_eq!(about(operation, "", None), ["web-1", "job-1", "db-1"], "{operation}");
    }
}

#[test]
fn a_command_on_an_accessory_needs_its_hosts_only() {
    assert_eq!(about("accessory boot", "db", None), ["db-1"]);
    assert_eq!(about("accessory logs", "cache", None), ["job-1"]);
    assert_eq!(about("accessory reboot", "all", None), ["job-1", "db-1"]);
    assert_eq!(about("traefik details", "", None), ["web-1"]);
}

#[test]
fn what_only_this_machine_does_needs_no_host() {
    for verb in ["push", "create", "remove", "details"] {
        assert_eq!(about(&format!("build {verb}"), "", None), [""; 0], "{verb}");
    }
}

#[test]
fn chosen_roles_leave_accessories_to_their_own_commands() {
    assert_eq!(about("accessory boot", "all", Some("web")), ["job-1", "db-1"]);
    assert_eq!(about("env push", "", Some("web")), ["web-1"]);
    assert_eq!(about("remove", "", Some("workers")), ["job-1"]);
    assert_eq!(about("setup", "", Some("web")), ["web-1"]);
}
