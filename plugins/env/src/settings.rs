//! `env:` of deploy.yml and of its roles, and how they add up for a role on a host.

use serde_json::Value;
use windlass_sdk::env::Env;
use windlass_sdk::scalar::Stringish;
use windlass_sdk::steps::{error_at, pointer_to};
use windlass_sdk::types::{Context, HostInfo, Problem};

/// All of them.
#[derive(Debug, Default)]
pub struct Settings {
    pub root: Env,
    /// By tag of a host.
    pub tags: Vec<(String, Env)>,
    /// By role.
    pub roles: Vec<(String, Env)>,
    /// By role and host: the tags that the role gives it.
    hosts: Vec<(String, String, Vec<String>)>,
}

impl Settings {
    pub fn of(context: &Context) -> Result<Self, Problem> {
        let config: Value = serde_json::from_str(&context.config)
            .map_err(|e| error_at("/env", format!("this cannot be read: {e}")))?;
        let mut settings = Self::default();
        if let Some(root) = config.get("env") {
            settings.root = Env::read(root, "/env")?;
            for (tag, env) in entries(root.get("tags")) {
                let env = Env::read(env, &pointer_to("/env/tags", tag))?;
                settings.tags.push((tag.clone(), env));
            }
        }
        for (role, servers) in entries(config.get("servers")) {
            if let Some(env) = servers.get("env") {
                let env = Env::read(env, &format!("{}/env", pointer_to("/servers", role)))?;
                settings.roles.push((role.clone(), env));
            }
        }
        settings.hosts = hosts(config.get("servers"));
        Ok(settings)
    }

    /// The tags of a host in a role: two roles may give one host different ones.
    pub fn tags_on<'a>(&'a self, role: &str, host: &'a HostInfo) -> &'a [String] {
        let given = self.hosts.iter().rev().find(|(r, h, _)| r == role && *h == host.name);
        given.map_or(host.tags.as_slice(), |(_, _, tags)| tags)
    }

    /// What a role has on a host with these tags: the root's, then the role's, then each
    /// tag's; what comes later wins and keeps the place of what it replaces.
    pub fn effective(&self, role: &str, tags: &[String]) -> Env {
        let mut env = self.root.clone();
        for (_, of_role) in self.roles.iter().filter(|(name, _)| name == role) {
            env.merge(of_role);
        }
        for tag in tags {
            for (_, of_tag) in self.tags.iter().filter(|(name, _)| name == tag) {
                env.merge(of_tag);
            }
        }
        env
    }
}

fn entries(value: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
    value.and_then(Value::as_object).into_iter().flatten()
}

/// Every entry of every role, as it is written; a mere list of servers is the role `web`.
fn hosts(servers: Option<&Value>) -> Vec<(String, String, Vec<String>)> {
    let roles: Vec<(&str, &Value)> = match servers {
        Some(list @ Value::Array(_)) => vec![("web", list)],
        Some(Value::Object(roles)) => {
            let list = |role| Value::get(role, "hosts").unwrap_or(role);
            roles.iter().map(|(name, role)| (name.as_str(), list(role))).collect()
        }
        _ => Vec::new(),
    };
    let texts = |value: &Value| match value {
        Value::Array(items) => items.iter().filter_map(Stringish::of).map(|text| text.0).collect(),
        value => Stringish::of(value).map(|text| text.0).into_iter().collect::<Vec<_>>(),
    };
    let mut hosts = Vec::new();
    for (role, list) in roles {
        for item in list.as_array().into_iter().flatten() {
            let entry = match item {
                Value::Object(entry) => {
                    entry.iter().next().map(|(h, tags)| (h.clone(), texts(tags)))
                }
                item => Stringish::of(item).map(|host| (host.0, Vec::new())),
            };
            hosts.extend(entry.map(|(host, tags)| (role.to_string(), host, tags)));
        }
    }
    hosts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(config: &str) -> Result<Settings, Problem> {
        let mut context = windlass_sdk::testing::context("deploy");
        context.config = config.to_string();
        Settings::of(&context)
    }

    fn env(clear: &[(&str, &str)], secret: &[&str]) -> Env {
        Env {
            clear: clear.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect(),
            secret: secret.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn a_tag_beats_a_role_beats_the_root() {
        let settings = settings(
            r#"{
                "env": {
                    "clear": {"A": "root", "B": "root", "C": "root"},
                    "secret": ["S"],
                    "tags": {
                        "odd": {"C": "odd", "D": 4},
                        "eu": {"clear": {"C": "eu"}, "secret": ["T", "S"]}
                    }
                },
                "servers": {
                    "web": {"env": {"B": "web", "C": "web"}},
                    "workers": {"env": {"secret": ["W"]}},
                    "cron": {}
                }
            }"#,
        )
        .unwrap();
        let tags = |tags: &[&str]| tags.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(
            settings.effective("web", &tags(&["odd", "eu"])),
            env(&[("A", "root"), ("B", "web"), ("C", "eu"), ("D", "4")], &["S", "T"])
        );
        let root = [("A", "root"), ("B", "root"), ("C", "root")];
        assert_eq!(settings.effective("workers", &[]), env(&root, &["S", "W"]));
        assert_eq!(settings.effective("cron", &tags(&["other"])), env(&root, &["S"]));
    }

    #[test]
    fn each_role_gives_its_own_tags() {
        let settings = settings(
            r#"{"servers": {"web": ["a", {"b": "eu"}], "jobs": {"hosts": [{"b": ["us", 5]}]}}}"#,
        )
        .unwrap();
        let host = |name: &str| HostInfo {
            name: name.to_string(),
            roles: Vec::new(),
            tags: vec!["any".to_string()],
            home: String::new(),
        };
        assert_eq!(settings.tags_on("web", &host("a")), [""; 0]);
        assert_eq!(settings.tags_on("web", &host("b")), ["eu"]);
        assert_eq!(settings.tags_on("jobs", &host("b")), ["us", "5"]);
        assert_eq!(settings.tags_on("jobs", &host("c")), ["any"]);
    }

    #[test]
    fn a_flat_map_is_clear() {
        let settings = settings(r#"{"env": {"A": 1, "B": false, "C": ""}}"#).unwrap();
        assert_eq!(settings.root, env(&[("A", "1"), ("B", "false"), ("C", "")], &[]));
    }

    #[test]
    fn servers_may_be_a_list_and_env_may_be_absent() {
        let settings = settings(r#"{"servers": ["web-1"]}"#).unwrap();
        assert_eq!(settings.effective("web", &[]), Env::default());
    }

    #[test]
    fn what_is_wrong_is_pointed_at() {
        let at = |config| settings(config).unwrap_err().pointer.unwrap();
        assert_eq!(at(r#"{"env": {"clear": {"A/B": []}}}"#), "/env/clear/A~1B");
        assert_eq!(at(r#"{"env": {"secret": [1]}}"#), "/env/secret");
        assert_eq!(at(r#"{"servers": {"web": {"env": [] }}}"#), "/servers/web/env");
    }
}
