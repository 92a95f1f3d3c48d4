//! Taking an accessory off its hosts. It is the last thing that happens to a host: an app
//! that is removed in the same run has been using it.

use windlass_sdk::containers::is_up;
use windlass_sdk::steps::container as act;
use windlass_sdk::types::{Action, ContainerAction, Phase, Problem, Step};

use crate::rollout;
use crate::subject::Subject;

const PHASE: Phase = Phase::Cleanup;

/// Container, image, directory and env file. Kamal leaves the env file, with its secrets.
pub fn all(subject: &Subject) -> Result<Vec<Step>, Problem> {
    let stop = subject.facts.container()?.filter(|found| is_up(found));
    let mut steps: Vec<_> =
        stop.map(|found| rollout::halt(subject, found, PHASE)).into_iter().collect();
    steps.extend(container(subject)?);
    steps.extend(image(subject)?);
    steps.push(directory(subject));
    steps.extend(env_file(subject, PHASE));
    Ok(steps)
}

/// The container, in whatever state.
pub fn container(subject: &Subject) -> Result<Vec<Step>, Problem> {
    let found = subject.facts.container()?;
    Ok(found.map(|_| rollout::remove(subject, PHASE)).into_iter().collect())
}

/// The image, unless somebody else runs it.
pub fn image(subject: &Subject) -> Result<Vec<Step>, Problem> {
    if !subject.facts.has_image()? {
        return Ok(Vec::new());
    }
    let image = subject.accessory.image();
    let action = act(ContainerAction::RemoveImage(image.to_string()));
    let step = subject
        .step("remove-image", PHASE, format!("Remove the image {image}"), action)
        .audit(format!("Removed {} accessory image", subject.accessory.name));
    Ok(vec![step.may_fail()])
}

/// Its directory, with uploaded files and data.
pub fn directory(subject: &Subject) -> Step {
    let service = &subject.accessory.service;
    let action = Action::RemoveDirectory(service.clone());
    subject.step("remove-directory", PHASE, format!("Remove the directory {service}"), action)
}

/// Its env file, and the values that stand beside it.
pub fn env_file(subject: &Subject, phase: Phase) -> Vec<Step> {
    let file = subject.accessory.env_file(subject.context);
    let (path, directory) = (file.path.clone(), file.directory());
    vec![
        subject.step("env-file", phase, format!("Remove {path}"), Action::RemoveFile(path.clone())),
        subject.step(
            "env-values",
            phase,
            format!("Remove {directory}"),
            Action::RemoveDirectory(directory.clone()),
        ),
    ]
}
