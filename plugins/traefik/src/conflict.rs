//! What two containers tell Traefik differently.
//!
//! Traefik reads each container's labels by themselves and merges what it read (its
//! `pkg/provider/configuration.go`). Routers, middlewares and TLS stores of one name must be
//! deeply equal in all containers (`AddRouter`, `AddMiddleware`, `AddStore`), so a label more or
//! less is a difference too. Services must be equal but for their servers (`AddService`,
//! `Mergeable`), which are joined. What differs is dropped for all of them: nobody is routed.
//!
//! Before that, a router that names no service gets the only one of its container. (It also gets
//! a default rule if it has none; that template is not known here, so it is not compared.)

use std::collections::{BTreeMap, BTreeSet};

use windlass_sdk::containers::{is_up, label};
use windlass_sdk::steps::error_on;
use windlass_sdk::texts::literal;
use windlass_sdk::types::{Area, ContainerState, Context, HostInfo, Intent, Problem, Workload};

use crate::settings::Settings;

const PROTOCOLS: [&str; 4] = ["http", "tcp", "udp", "tls"];

/// One label of a definition: as it is spelled, and its value unless only the host knows it.
type Said = (String, Option<String>);

/// `traefik.http.routers.NAME`, and its labels by the rest of their names, all in lower case:
/// Traefik ignores case there.
type Definitions = BTreeMap<String, BTreeMap<String, Said>>;

/// Refuses a new container that would be up beside one which Traefik hears something else from.
/// Only roles behind Traefik are looked at: whether it hears of others depends on their ports.
pub fn refuse(
    context: &Context,
    settings: &Settings,
    host: &HostInfo,
    containers: &[ContainerState],
    workload: &Workload,
) -> Result<(), Problem> {
    let new = &workload.container;
    let told = new.labels.iter().map(|(name, text)| (name.as_str(), literal(text)));
    let new_definitions = definitions(told);
    let is_beside = |old: &&ContainerState| is_up(old) && settings.routes_to(label(old, "role"));
    for old in containers.iter().filter(is_beside) {
        let told = old.labels.iter().map(|(name, value)| (name.as_str(), Some(value.clone())));
        let differences = differences(&definitions(told), &new_definitions);
        if !differences.is_empty() {
            let message = format!(
                "Traefik drops what two containers define differently, so requests would fail for \
                 as long as {}, which is running, and the new {} are both there:{}",
                old.name,
                new.name,
                differences.concat(),
            );
            return Err(error_on(&host.name, message, way_out(context)));
        }
    }
    Ok(())
}

/// What to type. The gap cannot be avoided: only one of the two may be there.
fn way_out(context: &Context) -> String {
    let again = match context.aims(Intent::Prepare, Area::Build) {
        true => "deploy".to_string(),
        false => format!("deploy --skip-push --version {}", context.version),
    };
    let destination = context.destination.as_ref().map(|name| format!(" -d {name}"));
    let destination = destination.unwrap_or_default();
    format!(
        "keep the labels as the running container has them; or, if the site may be down for as \
         long as a deploy takes, type `windlass app stop{destination}` and then \
         `windlass {again}{destination}` (should that fail, `windlass app start{destination}` \
         brings the old container back)"
    )
}

/// What Traefik reads from the labels of one container; nothing if it is told not to look.
fn definitions<'a>(labels: impl Iterator<Item = (&'a str, Option<String>)>) -> Definitions {
    let mut found = Definitions::new();
    for (label, value) in labels {
        let name = label.to_ascii_lowercase();
        if name == "traefik.enable" && value.as_deref().is_some_and(is_false) {
            return Definitions::new();
        }
        let words: Vec<_> = name.splitn(5, '.').collect();
        let ["traefik", protocol, kind, _, field] = words[..] else { continue };
        if !PROTOCOLS.contains(&protocol) {
            continue;
        }
        let path = &name[..name.len() - field.len() - 1];
        let fields = found.entry(path.to_string()).or_default();
        let is_server = kind == "services" && field.starts_with("loadbalancer.server.");
        if !is_server {
            fields.insert(field.to_string(), (label.to_string(), value));
        }
    }
    for protocol in PROTOCOLS {
        name_only_service(&mut found, protocol);
    }
    found
}

fn is_false(value: &str) -> bool {
    matches!(value.to_ascii_lowercase().as_str(), "false" | "f" | "0")
}

/// Gives routers without a service the container's only one.
fn name_only_service(found: &mut Definitions, protocol: &str) {
    let prefix = format!("traefik.{protocol}.services.");
    let services: Vec<_> = found.keys().filter_map(|path| path.strip_prefix(&prefix)).collect();
    let [only] = services[..] else { return };
    let only = only.to_string();
    let prefix = format!("traefik.{protocol}.routers.");
    for (path, fields) in found.iter_mut().filter(|(path, _)| path.starts_with(&prefix)) {
        let implied = (format!("{path}.service"), Some(only.clone()));
        fields.entry("service".to_string()).or_insert(implied);
    }
}

/// The labels by which definitions of one name differ, each as lines to be shown.
fn differences(old: &Definitions, new: &Definitions) -> Vec<String> {
    let mut found = Vec::new();
    for (path, ours) in new {
        let Some(theirs) = old.get(path) else { continue };
        for field in theirs.keys().chain(ours.keys()).collect::<BTreeSet<_>>() {
            let (was, is) = (theirs.get(field), ours.get(field));
            // What only the host knows may well be the same.
            let is_same = match (was, is) {
                (Some((_, was)), Some((_, is))) => is.is_none() || was == is,
                _ => false,
            };
            if let (false, Some((label, _))) = (is_same, is.or(was)) {
                let (was, is) = (shown(field, was), shown(field, is));
                found.push(format!("\n  {label}\n    running: {was}\n    new:     {is}"));
            }
        }
    }
    found
}

/// A value for people's eyes. Hashes of passwords are not.
fn shown(field: &str, said: Option<&Said>) -> String {
    match said {
        None => "not set".to_string(),
        Some(_) if field.ends_with("auth.users") => "(users and passwords)".to_string(),
        Some((_, None)) => "(known only on the host)".to_string(),
        Some((_, Some(value))) => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn differ(old: &[(&str, &str)], new: &[(&str, &str)]) -> Vec<String> {
        let all = |labels: &[(&str, &str)]| {
            definitions(labels.iter().map(|(name, value)| (*name, Some(value.to_string()))))
        };
        let shown = differences(&all(old), &all(new));
        shown.iter().filter_map(|text| text.lines().nth(1)).map(|l| l.trim().to_string()).collect()
    }

    #[test]
    fn routers_and_middlewares_must_be_equal() {
        let rule = "traefik.http.routers.a.rule";
        assert!(differ(&[(rule, "x")], &[("Traefik.HTTP.Routers.A.Rule", "x")]).is_empty());
        assert_eq!(differ(&[(rule, "x")], &[(rule, "y")]), [rule]);
        let tls = "traefik.http.routers.a.tls.certresolver";
        assert_eq!(differ(&[(rule, "x")], &[(rule, "x"), (tls, "le")]), [tls], "one more");
        assert_eq!(differ(&[(rule, "x"), (tls, "le")], &[(rule, "x")]), [tls], "one less");
        for label in [
            "traefik.http.middlewares.a.retry.attempts",
            "traefik.tcp.routers.a.rule",
            "traefik.tcp.middlewares.a.inflightconn.amount",
            "traefik.udp.routers.a.entrypoints",
            "traefik.tls.stores.default.defaultcertificate.certfile",
        ] {
            assert_eq!(differ(&[(label, "1")], &[(label, "2")]), [label]);
        }
        // Another name is another definition.
        assert!(differ(&[(rule, "x")], &[("traefik.http.routers.b.rule", "y")]).is_empty());
        assert!(differ(&[("team", "x")], &[("team", "y")]).is_empty());
    }

    #[test]
    fn servers_of_a_service_may_differ_and_nothing_else_of_it() {
        for protocol in ["http", "tcp", "udp"] {
            let of = |field: &str| format!("traefik.{protocol}.services.a.loadbalancer.{field}");
            let (port, sticky) = (of("server.port"), of("sticky.cookie"));
            assert!(differ(&[(&port, "80")], &[(&port, "81")]).is_empty());
            assert!(differ(&[(&port, "80")], &[(&of("server.scheme"), "h2c")]).is_empty());
            assert_eq!(differ(&[(&port, "80")], &[(&port, "80"), (&sticky, "true")]), [sticky]);
        }
    }

    #[test]
    fn a_router_has_its_containers_only_service() {
        let rule = ("traefik.http.routers.a.rule", "x");
        let named = ("traefik.http.routers.a.service", "s");
        let s = ("traefik.http.services.s.loadbalancer.server.port", "80");
        let t = ("traefik.http.services.t.loadbalancer.server.port", "80");
        assert!(differ(&[rule, s], &[rule, s, named]).is_empty());
        assert_eq!(differ(&[rule, s], &[rule, t]), [named.0]);
    }

    #[test]
    fn what_traefik_does_not_look_at_is_no_conflict() {
        let rule = "traefik.http.routers.a.rule";
        let off = ("traefik.enable", "False");
        assert!(differ(&[(rule, "x"), off], &[(rule, "y")]).is_empty());
        assert!(differ(&[(rule, "x")], &[(rule, "y"), off]).is_empty());
        assert_eq!(differ(&[(rule, "x"), ("traefik.enable", "true")], &[(rule, "y")]), [rule]);
    }

    #[test]
    fn hashes_of_passwords_are_not_shown() {
        let said = ("l".to_string(), Some("admin:$apr1$x".to_string()));
        assert!(!shown("basicauth.users", Some(&said)).contains("apr1"));
    }
}
