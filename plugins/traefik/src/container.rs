//! The Traefik container, as Kamal 1.9 runs it, with two more arguments.
//!
//! Differences from Kamal, each only where the user's own arguments do not decide:
//! * `api.insecure`, so that it can be asked what it routes to (see [`crate::api`]), and the
//!   label that says where.
//! * `providers.providersThrottleDuration=100ms` instead of Traefik's 2 s: it follows the
//!   health of containers at once.
//! * An empty value of `env` is an empty value; Kamal passes the server's own variable then.

use serde_json::{Map, Value};
use windlass_sdk::run_options::options;
use windlass_sdk::scalar::Stringish;
use windlass_sdk::steps::container_spec;
use windlass_sdk::texts::{text, with_host_env};
use windlass_sdk::types::{ContainerSpec, Context, EnvVar, Part, Text};

use crate::api::{Api, LABEL, argument};
use crate::settings::{Settings, Traefik};

/// The one Traefik of a host, shared by all services there.
pub const NAME: &str = "traefik";

/// Without a running app users get 502 instead of 404.
const LABELS: [(&str, &str); 5] = [
    ("traefik.http.routers.catchall.entryPoints", "http"),
    ("traefik.http.routers.catchall.rule", "PathPrefix(`/`)"),
    ("traefik.http.routers.catchall.service", "unavailable"),
    ("traefik.http.routers.catchall.priority", "1"),
    ("traefik.http.services.unavailable.loadbalancer.server.port", "0"),
];

/// Where the secrets of Traefik's environment are on a host.
pub fn env_file(context: &Context) -> String {
    format!("{}/env/traefik/traefik.env", context.run_directory.trim_end_matches('/'))
}

/// The container to run.
pub fn spec(context: &Context, settings: &Settings) -> ContainerSpec {
    let traefik = &settings.traefik;
    let api = Api::planned(traefik);
    let mut spec = container_spec(NAME, traefik.image.as_str());
    spec.restart = Some("unless-stopped".to_string());
    if traefik.publish {
        spec.publish = vec![format!("{}:80", traefik.host_port.as_str())];
    }
    spec.volumes = vec![text("/var/run/docker.sock:/var/run/docker.sock")];
    spec.env_files = vec![env_file(context)];
    spec.env = clear_env(&traefik.env);
    settings.logging.apply(&mut spec);
    spec.labels = labels(traefik, api.as_ref());
    spec.options = options(&traefik.options);
    spec.command = arguments(traefik, api.as_ref());
    spec
}

fn labels(traefik: &Traefik, api: Option<&Api>) -> Vec<(String, Text)> {
    let own = LABELS.iter().map(|(name, value)| (name.to_string(), text(*value)));
    let mut labels: Vec<(String, Text)> = own.collect();
    for (name, value) in &traefik.labels {
        let value = with_host_env(&Stringish::of(value).unwrap_or_default().0);
        match labels.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => *known = value,
            None => labels.push((name.clone(), value)),
        }
    }
    labels.extend(api.map(|api| (LABEL.to_string(), text(api.label()))));
    labels
}

fn arguments(traefik: &Traefik, api: Option<&Api>) -> Vec<Text> {
    let mut arguments = Map::new();
    // Kamal's DEBUG writes a line for each request, and each request waits until Docker has taken
    // it: a daemon that stalls, on a slow disk say, would stall the site.
    arguments.insert("log.level".to_string(), Value::from("INFO"));
    arguments.extend(traefik.args.clone());
    if let Some(api) = api {
        if argument(traefik, "api.insecure").is_none() {
            arguments.insert("api.insecure".to_string(), Value::from(true));
        }
        if let Some(address) = &api.entry_point {
            arguments
                .insert("entryPoints.traefik.address".to_string(), Value::from(address.as_str()));
        }
    }
    let throttle = "providers.providersThrottleDuration";
    if argument(traefik, throttle).is_none() && argument(traefik, "configFile").is_none() {
        arguments.insert(throttle.to_string(), Value::from("100ms"));
    }
    let words = options(&arguments).into_iter().map(|option| match option.value {
        None => text(format!("--{}", option.name)),
        Some(value) => [vec![Part::Literal(format!("--{}=", option.name))], value].concat(),
    });
    [text("--providers.docker")].into_iter().chain(words).collect()
}

/// True if `env` has the sections `clear` and `secret` rather than the variables themselves.
fn is_structured(env: &Map<String, Value>) -> bool {
    ["clear", "secret", "tags"].iter().any(|key| env.contains_key(*key))
}

fn clear_env(env: &Map<String, Value>) -> Vec<EnvVar> {
    let clear =
        if is_structured(env) { env.get("clear").and_then(Value::as_object) } else { Some(env) };
    let var = |(name, value): (&String, &Value)| EnvVar {
        name: name.clone(),
        value: with_host_env(&Stringish::of(value).unwrap_or_default().0),
    };
    clear.into_iter().flatten().map(var).collect()
}

/// The names of the secrets in Traefik's environment.
pub fn secrets(traefik: &Traefik) -> Vec<String> {
    let secret = if is_structured(&traefik.env) { traefik.env.get("secret") } else { None };
    let names = secret.and_then(Value::as_array).into_iter().flatten();
    names.filter_map(Stringish::of).map(|name| name.0).collect()
}
