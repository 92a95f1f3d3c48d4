//! From a checked tree to the kernel's own data.

use serde_json::Value as Json;

use super::topology::{self, Topology};
use super::tree::{Node, Scalar, Tree, Value};
use crate::model::problem::Problem;
use crate::model::project::{
    Boot, BootLimit, GatePosition, KeyData, PluginSpec, Project, SshSettings, WindlassSettings,
};

/// The newest Kamal whose configuration is understood.
const KAMAL: [u64; 3] = [1, 9, 3];

/// Build the project, without what the owners of other keys declare. Values of the
/// wrong type, which the schema reports, count as absent here; what no schema can say
/// is added to `problems`. None if a required part is missing.
pub fn build(
    tree: &Tree,
    destination: Option<&str>,
    version: &str,
    problems: &mut Vec<Problem>,
) -> Option<Project> {
    let service = required(tree, "service", problems);
    if let Some(service) = &service {
        check_service(tree, service, problems);
    }
    let image = required(tree, "image", problems);
    required_node(tree, "servers", problems);
    check_minimum_version(tree, problems);
    let boot = boot(tree, problems);
    let ssh = ssh(tree, problems);
    let topology = topology::read(tree, problems);
    let Topology { roles, hosts, primary_role, primary_host } = topology?;
    let text = |pointer: &str| tree.get(pointer).and_then(Node::text);
    Some(Project {
        service: service?,
        destination: destination.map(str::to_owned),
        image: image?,
        version: version.to_owned(),
        hosts,
        roles,
        primary_role,
        primary_host,
        ssh,
        run_directory: text("/run_directory").unwrap_or_else(|| ".kamal".to_owned()),
        boot,
        hooks_path: text("/hooks_path").unwrap_or_else(|| ".kamal/hooks".to_owned()).into(),
        secrets_declared: Vec::new(),
        config: tree.to_json(),
        windlass: windlass(tree),
    })
}

fn required_node<'a>(tree: &'a Tree, key: &str, problems: &mut Vec<Problem>) -> Option<&'a Node> {
    let node = tree.root.get(key);
    if node.is_none() {
        let mut problem = Problem::error(format!("`{key}` is missing")).about(format!("/{key}"));
        problem.place =
            tree.root.map().and_then(<[_]>::first).map(|entry| entry.key_spot.source.place(0..0));
        let help = match key {
            "service" => "add the name of your app: `service: my-app`",
            "image" => "add the name of its image: `image: user/my-app`",
            _ => "add the hosts to deploy to:\nservers:\n  - 192.0.2.1",
        };
        problems.push(problem.help(help));
    }
    node
}

fn required(tree: &Tree, key: &str, problems: &mut Vec<Problem>) -> Option<String> {
    required_node(tree, key, problems).and_then(Node::text)
}

fn check_service(tree: &Tree, service: &str, problems: &mut Vec<Problem>) {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    if service.chars().all(fits) && !service.starts_with(['-', '_']) {
        return;
    }
    let mut problem = Problem::error(
        "`service` may hold only letters, digits, `-` and `_`, and begin with a letter or digit",
    );
    problem.place = tree.place("/service");
    problems.push(problem.about("/service").help("it becomes part of container names"));
}

/// `minimum_version` names a Kamal; its numbers are what counts.
fn check_minimum_version(tree: &Tree, problems: &mut Vec<Problem>) {
    let Some(wanted) = tree.get("/minimum_version") else { return };
    // As written: `1.10` must not become `1.1`.
    let Some(raw) = wanted.scalar().map(|scalar: &Scalar| scalar.raw.as_str()) else { return };
    let release = raw.split(['-', '+']).next().unwrap_or_default();
    // Ruby's pre-releases look like `2.0.0.beta1`.
    let parts = release.split('.').take_while(|part| !part.starts_with(char::is_alphabetic));
    let numbers: Result<Vec<u64>, _> = parts.map(str::parse).collect();
    let problem = match numbers.ok().filter(|numbers| !numbers.is_empty()) {
        Some(numbers) if numbers.as_slice() <= KAMAL.as_slice() => return,
        Some(_) => Problem::error(format!("this configuration requires Kamal {raw} or newer"))
            .help("Windlass reads the configuration of Kamal 1.9; remove the key if the file needs nothing newer"),
        None => Problem::error("`minimum_version` is not a version number").help("write it like \"1.9.0\""),
    };
    problems.push(problem.at(wanted.spot.place()).about("/minimum_version"));
}

fn boot(tree: &Tree, problems: &mut Vec<Problem>) -> Boot {
    let limit = tree.get("/boot/limit").and_then(|node| {
        let text = node.text()?;
        let limit = match text.strip_suffix('%') {
            Some(percent) => percent
                .parse()
                .ok()
                .filter(|percent| (1..=100).contains(percent))
                .map(BootLimit::Percent),
            None => text
                .parse()
                .ok()
                .filter(|_| matches!(node.to_json(), Json::Number(_)))
                .map(BootLimit::Count),
        };
        if limit.is_none() && matches!(node.to_json(), Json::String(_)) {
            let problem = Problem::error("`limit` should be a number of hosts or a percentage")
                .at(node.spot.place());
            problems.push(problem.about("/boot/limit").help("write `3`, or \"25%\" (1% to 100%)"));
        }
        limit
    });
    Boot { limit, wait: number(tree, "/boot/wait").unwrap_or(0) }
}

fn ssh(tree: &Tree, problems: &mut Vec<Problem>) -> SshSettings {
    let text = |key: &str| tree.get(&format!("/ssh/{key}")).and_then(Node::text);
    let port = tree.get("/ssh/port").and_then(|node| {
        let port = node.text()?.parse::<u16>().ok().filter(|port| *port > 0);
        // A number out of range is the schema's business.
        if port.is_none() && matches!(node.to_json(), Json::String(_)) {
            let problem =
                Problem::error("`port` should be a port number, 1 to 65535").at(node.spot.place());
            problems.push(problem.about("/ssh/port"));
        }
        port
    });
    for key in ["user", "proxy"] {
        // They become arguments of `ssh`, where a leading dash would be an option.
        if let Some(node) = tree
            .get(&format!("/ssh/{key}"))
            .filter(|node| node.text().is_some_and(|text| text.starts_with('-')))
        {
            let problem =
                Problem::error(format!("`{key}` must not begin with `-`")).at(node.spot.place());
            problems.push(problem.about(format!("/ssh/{key}")));
        }
    }
    SshSettings {
        user: text("user").unwrap_or_else(|| "root".to_owned()),
        port,
        proxy: text("proxy"),
        proxy_command: text("proxy_command"),
        keys: texts(tree.get("/ssh/keys")),
        key_data: KeyData(texts(tree.get("/ssh/key_data"))),
        keys_only: flag(tree, "/ssh/keys_only"),
        log_level: text("log_level"),
        max_concurrent_starts: number(tree, "/sshkit/max_concurrent_starts"),
    }
}

fn windlass(tree: &Tree) -> WindlassSettings {
    let plugins = tree.get("/x-windlass/plugins").and_then(Node::map).unwrap_or_default();
    let plugin = |node: &Node| match &node.value {
        Value::Map(_) => PluginSpec {
            component: node.get("component").and_then(Node::text),
            grants: texts(node.get("grants")),
            settings: node.get("settings").map(Node::to_json).unwrap_or_default(),
        },
        _ => PluginSpec { component: node.text(), ..PluginSpec::default() },
    };
    let gate = tree.get("/x-windlass/gate").and_then(Node::text);
    WindlassSettings {
        plugins: plugins.iter().map(|entry| (entry.key.clone(), plugin(&entry.value))).collect(),
        gate: if gate.as_deref() == Some("start") {
            GatePosition::Start
        } else {
            GatePosition::Retire
        },
        lock_wait: number(tree, "/x-windlass/lock_wait"),
    }
}

fn texts(node: Option<&Node>) -> Vec<String> {
    node.and_then(Node::list).unwrap_or_default().iter().filter_map(Node::text).collect()
}

fn flag(tree: &Tree, pointer: &str) -> bool {
    tree.get(pointer).is_some_and(|node| node.to_json() == Json::Bool(true))
}

fn number<T: TryFrom<u64>>(tree: &Tree, pointer: &str) -> Option<T> {
    tree.get(pointer)?.to_json().as_u64()?.try_into().ok()
}
