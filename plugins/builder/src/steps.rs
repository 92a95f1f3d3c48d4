//! Building, pushing and pulling the image.

use windlass_sdk::All;
use windlass_sdk::containers::latest_reference;
use windlass_sdk::steps::{container, step};
use windlass_sdk::types::{
    Action, Area, BuildOptions, ContainerAction, Context, ImageLabel, Intent, Observation, Phase,
    Problem, Step,
};

use crate::buildx;
use crate::driver::Driver;
use crate::machine::{TRANSFER_LIMIT_MS, local};
use crate::settings::{Argument, Builder};
use crate::source::{Source, source};

/// The hook that can say no to a build.
pub const PRE_BUILD: &str = "pre-build";

/// The steps of an operation.
pub fn plan(context: &Context, _: &[Observation]) -> All<Step> {
    match context.verb("build") {
        Some("create") => return on_builder(context, buildx::prepare),
        Some("remove") => return on_builder(context, buildx::remove),
        Some("details") => return on_builder(context, |_| buildx::details()),
        _ => {}
    }
    let mut steps = Vec::new();
    if context.aims(Intent::Prepare, Area::Build) {
        steps.extend(build_and_push(context).map_err(|problem| vec![problem])?);
    }
    if context.aims(Intent::Prepare, Area::Image) {
        // Hosts without a role have no use for the app's image.
        let hosts = context.hosts.iter().filter(|host| !host.roles.is_empty());
        steps.extend(hosts.flat_map(|host| pulled(context, &host.name)));
    }
    Ok(steps)
}

/// Steps about the builder of this project; none if that is the engine itself.
fn on_builder(
    context: &Context,
    steps: impl Fn(&crate::driver::Instance) -> Vec<Step>,
) -> All<Step> {
    let driver = Builder::of(context).and_then(|builder| Driver::of(context, &builder));
    match driver.map_err(|problem| vec![problem])? {
        Driver::Own(instance) => {
            Ok([buildx::check()].into_iter().chain(steps(&instance)).collect())
        }
        Driver::Engine { .. } | Driver::Buildx { .. } => Ok(Vec::new()),
    }
}

/// `REPOSITORY:VERSION`.
fn image(context: &Context) -> String {
    format!("{}:{}", context.repository, context.version)
}

fn build_and_push(context: &Context) -> Result<Vec<Step>, Problem> {
    let builder = Builder::of(context)?;
    let driver = Driver::of(context, &builder)?;
    let (source, prepare) = source(context, &builder)?;
    let tags = [image(context), latest_reference(context)];
    let mut steps = vec![match &driver {
        Driver::Engine { .. } => engine_answers(context),
        Driver::Buildx { .. } | Driver::Own(_) => buildx::check(),
    }];
    let title = format!("Run the hook {PRE_BUILD}");
    steps.push(local(PRE_BUILD, title, Action::Hook(PRE_BUILD.to_string())));
    steps.extend(prepare);
    if let Driver::Own(instance) = &driver {
        steps.extend(buildx::prepare(instance));
    }
    match &driver {
        Driver::Engine { platform } => {
            steps.push(engine_build(context, &builder, platform.as_deref(), &source, &tags));
            for (id, tag) in ["push", "push-latest"].into_iter().zip(tags) {
                let push = container(ContainerAction::Push(tag.clone()));
                steps.push(local(id, format!("Push {tag}"), push));
            }
        }
        driver => steps.push(buildx::build(context, &builder, driver, &source, &tags)),
    }
    Ok(steps)
}

/// That there is an engine, asked in the engine's own terms.
fn engine_answers(context: &Context) -> Step {
    let list = container(ContainerAction::ListImages(context.repository.clone()));
    local("engine", "Check that the engine of this machine answers", list).limit(60_000).help(
        "install Docker, start it, and check that you may use it (the group docker); or build \
         elsewhere and deploy with --skip-push",
    )
}

fn engine_build(
    context: &Context,
    builder: &Builder,
    platform: Option<&str>,
    source: &Source,
    tags: &[String],
) -> Step {
    let mut options: Vec<String> = Vec::new();
    let mut arguments = Vec::new();
    for (name, argument) in builder.arguments(&context.secrets) {
        match argument {
            Argument::Value(value) => arguments.push((name, value)),
            Argument::Inherited => options.extend(["--build-arg".to_string(), name]),
        }
    }
    options.extend(platform.map(|platform| format!("--platform={platform}")));
    let build = ContainerAction::Build(BuildOptions {
        context: source.context.clone(),
        dockerfile: source.dockerfile.clone(),
        tags: tags.to_vec(),
        labels: vec![("service".to_string(), context.service.clone())],
        arguments,
        target: builder.target.clone(),
        options,
    });
    local("build", format!("Build {}", tags[0]), container(build))
}

fn pulled(context: &Context, host: &str) -> Vec<Step> {
    let (image, service) = (image(context), &context.service);
    let label = ContainerAction::RequireLabel(ImageLabel {
        image: image.clone(),
        label: "service".to_string(),
        value: service.clone(),
    });
    let on =
        |id: &str, title: String, action| step(id, host, Phase::Stage, title, container(action));
    vec![
        on("pull", format!("Pull {image}"), ContainerAction::Pull(image.clone()))
            .limit(TRANSFER_LIMIT_MS)
            .why("/image")
            .audit(format!("Pulled image with version {}", context.version)),
        on("label", format!("Check that {image} is labelled as {service}"), label)
            .why("/service")
            .help(format!(
                "build it with `windlass build push`, or with --label service={service}"
            )),
        on(
            "digest",
            format!("Read the digest of {image}"),
            ContainerAction::InspectImage(image.clone()),
        )
        .why("all hosts must have pulled the same image"),
    ]
}

#[cfg(test)]
mod tests;
