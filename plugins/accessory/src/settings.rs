//! What deploy.yml says about accessories, as types.

use serde::Deserialize;
use serde_json::{Map, Value};
use windlass_sdk::env::Env;
use windlass_sdk::env_files::EnvFile;
use windlass_sdk::run_options::Logging;
use windlass_sdk::scalar::Stringish;
use windlass_sdk::steps::{error_at, pointer_to};
use windlass_sdk::types::{Context, Problem};

/// All of them.
#[derive(Debug)]
pub struct Settings {
    /// In the order of the file.
    pub accessories: Vec<Accessory>,
    pub logging: Logging,
    /// Names and hosts of all roles, whatever is in play.
    pub roles: Vec<(String, Vec<String>)>,
}

/// The section of one accessory.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Section {
    pub image: Option<Stringish>,
    pub service: Option<Stringish>,
    pub host: Option<Stringish>,
    pub hosts: Option<Value>,
    pub roles: Option<Vec<Stringish>>,
    pub port: Option<Stringish>,
    pub cmd: Option<Stringish>,
    pub labels: Map<String, Value>,
    pub options: Map<String, Value>,
    pub env: Option<Value>,
    pub files: Vec<Stringish>,
    pub directories: Vec<Stringish>,
    pub volumes: Vec<Stringish>,
}

/// One accessory.
#[derive(Debug, Clone)]
pub struct Accessory {
    pub name: String,
    /// Its place in deploy.yml.
    pub pointer: String,
    /// Name of its container and of its directory in the home of the login user.
    pub service: String,
    pub env: Env,
    /// All of its hosts, each once, whatever is in play.
    pub hosts: Vec<String>,
    pub section: Section,
}

impl Settings {
    /// Reads the configuration of a context.
    pub fn of(context: &Context) -> Result<Self, Problem> {
        let config: Value = serde_json::from_str(&context.config)
            .map_err(|e| error_at("/accessories", format!("this cannot be read: {e}")))?;
        let logging = match config.get("logging") {
            Some(logging) => Logging::deserialize(logging)
                .map_err(|e| error_at("/logging", format!("this cannot be read: {e}")))?,
            None => Logging::default(),
        };
        let roles = roles(config.get("servers"));
        let entries = config.get("accessories").and_then(Value::as_object);
        let accessories = entries
            .into_iter()
            .flatten()
            .map(|(name, section)| Accessory::read(context, &roles, name, section))
            .collect::<Result<_, _>>()?;
        Ok(Self { accessories, logging, roles })
    }
}

impl Accessory {
    fn read(
        context: &Context,
        roles: &[(String, Vec<String>)],
        name: &str,
        section: &Value,
    ) -> Result<Self, Problem> {
        let pointer = pointer_to("/accessories", name);
        let section = Section::deserialize(section)
            .map_err(|e| error_at(&pointer, format!("the accessory cannot be read: {e}")))?;
        let env = match &section.env {
            Some(env) => Env::read(env, &format!("{pointer}/env"))?,
            None => Env::default(),
        };
        let service = match &section.service {
            Some(service) => service.0.clone(),
            None => format!("{}-{name}", context.service),
        };
        let mut hosts: Vec<String> = section.host.iter().map(|host| host.0.clone()).collect();
        hosts.extend(section.hosts.iter().flat_map(host_names));
        for role in section.roles.iter().flatten() {
            let known = roles.iter().find(|(known, _)| *known == role.0);
            hosts.extend(known.into_iter().flat_map(|(_, hosts)| hosts.clone()));
        }
        let mut once = Vec::new();
        hosts.retain(|host| {
            !once.contains(host) && {
                once.push(host.clone());
                true
            }
        });
        Ok(Self { name: name.to_string(), pointer, service, env, hosts, section })
    }

    /// A key of its section.
    pub fn at(&self, key: &str) -> String {
        pointer_to(&self.pointer, key)
    }

    /// The image; `check` has seen to it that there is one.
    pub fn image(&self) -> &str {
        self.section.image.as_ref().map_or("", Stringish::as_str)
    }

    /// The file with the values of its secrets.
    pub fn env_file(&self, context: &Context) -> EnvFile {
        let path = format!("{}/env/accessories/{}.env", context.run_directory, self.service);
        EnvFile { path, of: self.name.clone() }
    }
}

/// Roles and their hosts; a mere list of servers is the role `web`.
fn roles(servers: Option<&Value>) -> Vec<(String, Vec<String>)> {
    match servers {
        Some(list @ Value::Array(_)) => vec![("web".to_string(), host_names(list))],
        Some(Value::Object(roles)) => roles
            .iter()
            .map(|(name, role)| (name.clone(), host_names(role.get("hosts").unwrap_or(role))))
            .collect(),
        _ => Vec::new(),
    }
}

/// The names in a list of hosts, which may have tags: `- host: [tag, …]`.
fn host_names(list: &Value) -> Vec<String> {
    let name = |item: &Value| match item {
        Value::Object(tagged) => tagged.keys().next().cloned(),
        item => Stringish::of(item).map(|name| name.0),
    };
    list.as_array().into_iter().flatten().filter_map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(config: &str) -> Vec<Vec<String>> {
        let context = windlass_sdk::testing::configured("setup", config);
        Settings::of(&context).unwrap().accessories.into_iter().map(|a| a.hosts).collect()
    }

    #[test]
    fn hosts_are_named_or_those_of_roles() {
        let config = r#"{
            "servers": {"web": ["a", {"b": ["eu"]}], "jobs": {"hosts": ["b", "c"]}},
            "accessories": {
                "one": {"host": "x"},
                "many": {"hosts": ["x", "y", "x"]},
                "roles": {"roles": ["jobs", "web", "none"]}
            }
        }"#;
        assert_eq!(hosts(config), [vec!["x"], vec!["x", "y"], vec!["b", "c", "a"]]);
        let listed = r#"{"servers": ["a"], "accessories": {"db": {"roles": ["web"]}}}"#;
        assert_eq!(hosts(listed), [["a"]]);
        assert_eq!(hosts("{}"), Vec::<Vec<String>>::new());
    }
}
