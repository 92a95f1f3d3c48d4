//! What the plugin must know about hosts, and how it reads the answers.

use windlass_sdk::All;
use windlass_sdk::containers::{is_ours, is_up, repository, told};
use windlass_sdk::steps::{answer, error_on, question};
use windlass_sdk::types::{
    Area, ContainerFact, ContainerQuery, ContainerState, Context, Fact, HostInfo, Intent,
    Observation, Problem, Query, Question,
};

use crate::container::{NAME, env_file};
use crate::cords;
use crate::operation::{NOUN, is_downgrade};
use crate::settings::Settings;

const TRAEFIK: &str = "traefik";
const ENV_FILE: &str = "env-file";
const CONTAINERS: &str = "containers";
const CORDS: &str = "cords";
const IMAGES: &str = "images";
const ALL: &str = "all-containers";
const KAMAL_PROXY: &str = "kamal-proxy";

/// Traefik's own container and env file, and for what concerns an app its containers and cords.
pub fn questions(context: &Context) -> All<Question> {
    let (replaces, removes) =
        (context.aims(Intent::Replace, Area::Roles), context.aims(Intent::Remove, Area::Roles));
    let own = context.verb(NOUN);
    let about_proxy = replaces || own.is_some() || context.concerns(Area::Proxies);
    let downgrades = is_downgrade(context);
    let settings = Settings::of(context).map_err(|problem| vec![problem])?;
    let mut questions = Vec::new();
    for host in settings.hosts(context) {
        let mut ask = |id, query| questions.push(question(&host.name, id, query));
        if about_proxy {
            ask(TRAEFIK, Query::Container(ContainerQuery::Container(NAME.to_string())));
            ask(ENV_FILE, Query::EnvNames(env_file(context)));
        }
        let labelled = |labels| Query::Container(ContainerQuery::Containers(labels));
        if replaces || removes {
            ask(CONTAINERS, labelled(vec![("service".to_string(), context.service.clone())]));
            ask(CORDS, Query::Directory(cords::relative(context)));
        }
        if context.aims(Intent::Remove, Area::Proxies) {
            ask(ALL, labelled(Vec::new()));
        }
        if downgrades {
            ask(KAMAL_PROXY, labelled(vec![kamal_proxy()]));
        }
        if downgrades || matches!(own, Some("reboot" | "remove_image")) {
            let repository = repository(settings.traefik.image.as_str()).to_string();
            ask(IMAGES, Query::Container(ContainerQuery::Images(repository)));
        }
    }
    Ok(questions)
}

/// The label of Kamal 2's proxy, on its image and so on its containers.
pub fn kamal_proxy() -> (String, String) {
    ("org.opencontainers.image.title".to_string(), "kamal-proxy".to_string())
}

/// What one host told.
pub struct ProxyFacts<'a> {
    pub host: &'a HostInfo,
    observations: &'a [Observation],
}

impl<'a> ProxyFacts<'a> {
    /// The answers of one host.
    pub fn of(observations: &'a [Observation], host: &'a HostInfo) -> Self {
        Self { host, observations }
    }

    /// Traefik's container, in whatever state.
    pub fn traefik(&self) -> Result<Option<&'a ContainerState>, Problem> {
        Ok(told(self.observations, &self.host.name, TRAEFIK)?.first())
    }

    /// The names in the env file, if it is there.
    pub fn env_names(&self) -> Result<Option<&'a [String]>, Problem> {
        match answer(self.observations, &self.host.name, ENV_FILE) {
            Some(Fact::EnvNames(names)) => Ok(names.as_deref()),
            _ => Err(error_on(
                &self.host.name,
                "it is not known whether the host has Traefik's env file",
                "check that the user may read the run directory",
            )),
        }
    }

    /// All containers of the service.
    pub fn containers(&self) -> Result<&'a [ContainerState], Problem> {
        told(self.observations, &self.host.name, CONTAINERS)
    }

    /// A container that is up, is not of this service and destination, and has something to
    /// tell Traefik.
    pub fn neighbour(&self, context: &Context) -> Result<Option<&'a ContainerState>, Problem> {
        let all = told(self.observations, &self.host.name, ALL)?;
        let is_served = |c: &ContainerState| {
            c.name != NAME && c.labels.iter().any(|(label, _)| label.starts_with("traefik.http."))
        };
        Ok(all.iter().find(|c| is_up(c) && !is_ours(context, c) && is_served(c)))
    }

    /// Containers of Kamal 2's proxy, in whatever state.
    pub fn kamal_proxies(&self) -> Result<&'a [ContainerState], Problem> {
        told(self.observations, &self.host.name, KAMAL_PROXY)
    }

    /// The names of cord directories; none if that is not known.
    pub fn cords(&self) -> &'a [String] {
        match answer(self.observations, &self.host.name, CORDS) {
            Some(Fact::Directory(Some(names))) => names,
            _ => &[],
        }
    }

    /// True if the image is known to be missing.
    pub fn lacks_image(&self, image: &str) -> bool {
        match answer(self.observations, &self.host.name, IMAGES) {
            Some(Fact::Container(ContainerFact::Images(images))) => {
                !images.iter().any(|known| known.reference == image)
            }
            _ => false,
        }
    }
}
