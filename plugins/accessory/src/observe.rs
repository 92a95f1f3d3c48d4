//! What the plugin must know about hosts, and how it reads the answers.
//!
//! A host without a role is in play only if somebody asks about it. So every operation that
//! concerns accessories asks at least for their env files.

use windlass_sdk::All;
use windlass_sdk::containers::{is_referred_to, label, repository, told, told_images};
use windlass_sdk::env_files::EnvFileState;
use windlass_sdk::steps::{error_on, question};
use windlass_sdk::types::{
    Area, ContainerQuery, ContainerState, Context, HostInfo, ImageState, Observation, Problem,
    Query, Question,
};

use crate::scope::{NOUN, chosen, concerns, hosts};
use crate::settings::{Accessory, Settings};

/// Container, image and env file of each accessory in question.
pub fn questions(context: &Context) -> All<Question> {
    if !concerns(context) {
        return Ok(Vec::new());
    }
    let settings = Settings::of(context).map_err(|problem| vec![problem])?;
    let about_containers = context.verb(NOUN).is_some() || context.concerns(Area::Accessories);
    let mut questions = Vec::new();
    for accessory in chosen(context, &settings).map_err(|problem| vec![problem])? {
        for host in hosts(context, accessory) {
            let file = accessory.env_file(context).questions(&host.name);
            if !about_containers {
                questions.extend(file.into_iter().take(1));
                continue;
            }
            let repository = repository(accessory.image()).to_string();
            questions.extend(file);
            questions.push(question(
                &host.name,
                container(accessory),
                Query::Container(ContainerQuery::Container(accessory.service.clone())),
            ));
            let of_repository = Query::Container(ContainerQuery::Images(repository));
            questions.push(question(&host.name, images(accessory), of_repository));
        }
    }
    Ok(questions)
}

fn container(accessory: &Accessory) -> String {
    format!("container {}", accessory.name)
}

fn images(accessory: &Accessory) -> String {
    format!("images {}", accessory.name)
}

/// What one host told about one accessory.
pub struct Facts<'a> {
    pub observations: &'a [Observation],
    pub host: &'a HostInfo,
    pub accessory: &'a Accessory,
}

impl<'a> Facts<'a> {
    /// Its container, in whatever state. A stranger of its name is nobody's to touch.
    pub fn container(&self) -> Result<Option<&'a ContainerState>, Problem> {
        let told = told(self.observations, &self.host.name, &container(self.accessory))?;
        let service = &self.accessory.service;
        match told.first() {
            Some(found) if label(found, "service") != service => Err(error_on(
                &self.host.name,
                format!(
                    "the container {service} there is not this accessory's: it lacks the label service={service}"
                ),
                format!("rename or remove it, or give `{}` another `service`", self.accessory.name),
            )),
            found => Ok(found),
        }
    }

    /// True if its image is on the host.
    pub fn has_image(&self) -> Result<bool, Problem> {
        let told: &[ImageState] =
            told_images(self.observations, &self.host.name, &images(self.accessory))?;
        Ok(told.iter().any(|image| is_referred_to(image, self.accessory.image())))
    }

    /// What the host has of its env file.
    pub fn env_file(&self, context: &Context) -> Result<EnvFileState, Problem> {
        self.accessory.env_file(context).seen(self.observations, &self.host.name)
    }
}
