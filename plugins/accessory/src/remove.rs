//! Taking an accessory off its hosts. It is the last thing that happens to a host: an app
//! that is removed in the same run has been using it.

use windlass_sdk::containers::is_up;
use windlass_sdk::steps::container as act;
use windlass_sdk::types::{Action, ContainerAction, Phase, Problem, Step};

use crate::rollout;
use crate::scene::Scene;

const PHASE: Phase = Phase::Cleanup;

/// Container, image, directory and env file. Kamal leaves the env file, with its secrets.
pub fn all(scene: &Scene) -> Result<Vec<Step>, Problem> {
    let stop = scene.facts.container()?.filter(|found| is_up(found));
    let mut steps: Vec<_> =
        stop.map(|found| rollout::halt(scene, found, PHASE)).into_iter().collect();
    steps.extend(container(scene)?);
    steps.extend(image(scene)?);
    steps.push(directory(scene));
    steps.extend(env_file(scene, PHASE));
    Ok(steps)
}

/// The container, in whatever state.
pub fn container(scene: &Scene) -> Result<Vec<Step>, Problem> {
    let found = scene.facts.container()?;
    Ok(found.map(|_| rollout::remove(scene, PHASE)).into_iter().collect())
}

/// The image, unless somebody else runs it.
pub fn image(scene: &Scene) -> Result<Vec<Step>, Problem> {
    if !scene.facts.has_image()? {
        return Ok(Vec::new());
    }
    let image = scene.accessory.image();
    let action = act(ContainerAction::RemoveImage(image.to_string()));
    let step = scene
        .step("remove-image", PHASE, format!("Remove the image {image}"), action)
        .audit(format!("Removed {} accessory image", scene.accessory.name));
    Ok(vec![step.may_fail()])
}

/// Its directory, with uploaded files and data.
pub fn directory(scene: &Scene) -> Step {
    let service = &scene.accessory.service;
    let action = Action::RemoveDirectory(service.clone());
    scene.step("remove-directory", PHASE, format!("Remove the directory {service}"), action)
}

/// Its env file, and the values that stand beside it.
pub fn env_file(scene: &Scene, phase: Phase) -> Vec<Step> {
    let file = scene.accessory.env_file(scene.context);
    let (path, directory) = (file.path.clone(), file.directory());
    vec![
        scene.step("env-file", phase, format!("Remove {path}"), Action::RemoveFile(path.clone())),
        scene.step(
            "env-values",
            phase,
            format!("Remove {directory}"),
            Action::RemoveDirectory(directory.clone()),
        ),
    ]
}
