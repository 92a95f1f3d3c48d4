//! What the plugin must know about hosts, and how it reads the answers.

use windlass_sdk::All;
use windlass_sdk::arguments::Arguments;
use windlass_sdk::containers::{told, told_images};
use windlass_sdk::steps::question;
use windlass_sdk::types::{
    Area, ContainerQuery, ContainerState, Context, HostInfo, ImageState, Intent, Observation,
    Problem, Query, Question,
};

use crate::current::latest_image;
use crate::names;
use crate::settings::retain;

const CONTAINERS: &str = "containers";
const IMAGES: &str = "images";

/// All containers of the service, in any state and of any destination; what images there are;
/// and who has the names that the new containers will have.
pub fn observe(context: &Context) -> All<Question> {
    // What is typed wrongly is found before a host is asked.
    retain(&Arguments::of(context))?;
    let is_own = ["app", "prune"].iter().any(|noun| context.verb(noun).is_some());
    if !is_own && !context.concerns(Area::Roles) {
        return Ok(Vec::new());
    }
    let mut questions = Vec::new();
    for host in hosts(context) {
        let labels = vec![("service".to_string(), context.service.clone())];
        let ask = |id, query| question(&host.name, id, Query::Container(query));
        questions.push(ask(CONTAINERS.to_string(), ContainerQuery::Containers(labels)));
        let images = ContainerQuery::Images(context.repository.clone());
        questions.push(ask(IMAGES.to_string(), images));
        if context.aims(Intent::Replace, Area::Roles) {
            for role in roles_on(context, host) {
                let name = names::name(context, role);
                questions.push(ask(name_id(role), ContainerQuery::Container(name)));
            }
        }
    }
    Ok(questions)
}

/// The hosts with a role in play. Others carry accessories, or whatever a plugin has there.
pub fn hosts(context: &Context) -> impl Iterator<Item = &HostInfo> {
    context.hosts.iter().filter(|host| !host.roles.is_empty())
}

/// The roles in play on a host, the primary one first.
pub fn roles_on<'a>(context: &'a Context, host: &HostInfo) -> Vec<&'a str> {
    context
        .roles
        .iter()
        .filter(|role| host.roles.contains(&role.name))
        .map(|role| role.name.as_str())
        .collect()
}

/// What one host told.
pub struct HostFacts<'a> {
    pub host: &'a str,
    pub containers: &'a [ContainerState],
    pub images: &'a [ImageState],
    /// Id of the image that was deployed last.
    pub latest: Option<&'a str>,
    observations: &'a [Observation],
}

impl<'a> HostFacts<'a> {
    /// Reads the answers of one host.
    pub fn of(
        context: &Context,
        observations: &'a [Observation],
        host: &'a str,
    ) -> Result<Self, Problem> {
        let images = told_images(observations, host, IMAGES)?;
        Ok(Self {
            host,
            containers: told(observations, host, CONTAINERS)?,
            images,
            latest: latest_image(context, images),
            observations,
        })
    }

    /// The container that has the name of a role's new one. It need not carry our labels.
    pub fn named(&self, name: &str, role: &str) -> Result<Option<&'a ContainerState>, Problem> {
        let holder = told(self.observations, self.host, &name_id(role))?.first();
        Ok(holder.or_else(|| self.containers.iter().find(|c| c.name == name)))
    }
}

fn name_id(role: &str) -> String {
    format!("name.{}", windlass_sdk::names::id_part(role))
}
