//! `docker buildx`, a program of its own beside the engine: its builders, and builds with them.

use windlass_sdk::names::id_part;
use windlass_sdk::steps::command;
use windlass_sdk::texts::{secret, text};
use windlass_sdk::types::{Command, Condition, Context, EnvVar, Part, Step, Text};

use crate::driver::{Driver, Instance, Node};
use crate::machine::{look, run};
use crate::settings::{Argument, Builder};
use crate::source::Source;

/// Succeeds if Docker's context has this endpoint.
const ENDPOINT: &str =
    r#"[ "$(docker context inspect "$1" --format '{{.Endpoints.docker.Host}}')" = "$2" ]"#;
/// What `docker` ends with if there was nothing to remove.
const GONE: [i32; 2] = [0, 1];
/// Block of the questions whether the builder is as configured, and of what makes it so.
const AS_CONFIGURED: &str = "builder";
const CREATE: &str = "create-builder";

/// That buildx is there.
pub fn check() -> Step {
    let version = command(["docker", "buildx", "version"]);
    look("buildx", "Check that this machine has Docker with buildx", version).help(
        "install Docker and its plugin buildx: the package docker-buildx-plugin of Docker, or \
         docker-buildx of Debian; or build elsewhere and deploy with --skip-push",
    )
}

/// A builder that is missing is created, one that differs is replaced.
pub fn prepare(instance: &Instance) -> Vec<Step> {
    let Instance { name, .. } = instance;
    let mut steps = vec![look(
        "builder-is-there",
        format!("Check whether the builder {name} exists"),
        command(["docker", "buildx", "inspect", name]),
    )];
    for (node, host) in remotes(instance) {
        let context = instance.context(node);
        let title = format!("Check whether {context} is {host}");
        let words = ["sh", "-c", ENDPOINT, "sh", &context, host];
        steps.push(look(format!("endpoint-{}", id_part(&node.arch)), title, command(words)));
    }
    let missing = || Condition::Failed(AS_CONFIGURED.to_string());
    let mut steps: Vec<Step> =
        steps.into_iter().map(|step| step.block(AS_CONFIGURED).may_fail()).collect();
    // What is missing altogether needs no removal; a builder without contexts is only ever that.
    if remotes(instance).next().is_some() {
        steps.extend(remove(instance).into_iter().map(|step| step.when(missing())));
    }
    steps.extend(create(instance).into_iter().map(|step| step.when(missing())));
    steps
}

/// The engines of a builder that are reached by URL.
fn remotes(instance: &Instance) -> impl Iterator<Item = (&Node, &str)> {
    instance.nodes.iter().filter_map(|node| Some((node, node.host.as_deref()?)))
}

/// Makes a builder. It is not made the user's default: every build names it.
fn create(instance: &Instance) -> Vec<Step> {
    let Instance { name, .. } = instance;
    let mut steps = Vec::new();
    for (node, host) in remotes(instance) {
        let answers = command(["docker", "--host", host, "version"]);
        let title = format!("Check that the engine at {host} answers");
        let answers = look(format!("engine-{}", id_part(&node.arch)), title, answers);
        steps.push(answers.help(format!("try: docker --host {host} version")));
        let context = instance.context(node);
        let description = format!("{name} {} native host", node.arch);
        let endpoint = format!("host={host}");
        let words = ["docker", "context", "create", &context, "--description", &description];
        let words = words.into_iter().chain(["--docker", &endpoint]);
        let title = format!("Create the context {context} for {host}");
        steps.push(run(format!("context-{}", id_part(&node.arch)), title, command(words)));
    }
    let title = format!("Create the builder {name}");
    let make = ["docker", "buildx", "create", "--name", name];
    if instance.nodes.is_empty() {
        let words = make.into_iter().chain(["--driver", "docker-container"]);
        steps.push(run("builder-own", title.clone(), command(words)));
    }
    for (i, node) in instance.nodes.iter().enumerate() {
        let context = instance.context(node);
        let platform = format!("linux/{}", node.arch);
        let mut words = make.to_vec();
        words.extend((i > 0).then_some("--append"));
        words.extend(["--platform", &platform]);
        words.extend(node.host.is_some().then_some(context.as_str()));
        let title = if i == 0 { title.clone() } else { format!("Add {context} to the builder") };
        steps.push(run(format!("builder-{}", id_part(&node.arch)), title, command(words)));
    }
    steps.into_iter().map(|step| step.block(CREATE)).collect()
}

/// Removes a builder, if it is there.
pub fn remove(instance: &Instance) -> Vec<Step> {
    let Instance { name, .. } = instance;
    let gone =
        |words: &[&str]| Command { success: GONE.to_vec(), ..command(words.iter().copied()) };
    let title = format!("Remove the builder {name}, if there is one");
    let mut steps = vec![run("remove-builder", title, gone(&["docker", "buildx", "rm", name]))];
    for (node, _) in remotes(instance) {
        let context = instance.context(node);
        let title = format!("Remove the context {context}, if there is one");
        let words = ["docker", "context", "rm", "--force", &context];
        steps.push(run(format!("remove-context-{}", id_part(&node.arch)), title, gone(&words)));
    }
    steps
}

/// Contexts and builders, for people.
pub fn details() -> Vec<Step> {
    let list = |id: &str, words: [&str; 3]| look(id, words.join(" "), command(words));
    vec![
        list("contexts", ["docker", "context", "ls"]),
        list("builders", ["docker", "buildx", "ls"]),
    ]
}

/// Builds and pushes in one go.
pub fn build(
    context: &Context,
    builder: &Builder,
    driver: &Driver,
    source: &Source,
    tags: &[String],
) -> Step {
    let mut words: Vec<Text> = Vec::new();
    let mut env: Vec<EnvVar> = Vec::new();
    let mut add = |more: &[&str]| words.extend(more.iter().map(|word| text(*word)));
    add(&["docker", "buildx", "build", "--push"]);
    match driver {
        Driver::Engine { platform } | Driver::Buildx { platform } => {
            platform.iter().for_each(|platform| add(&["--platform", platform]));
        }
        Driver::Own(instance) => {
            if !instance.platforms.is_empty() {
                add(&["--platform", &instance.platforms.join(",")]);
            }
            add(&["--builder", &instance.name]);
        }
    }
    tags.iter().for_each(|tag| add(&["--tag", tag]));
    if let Some([to, from]) = builder.cache(&context.repository) {
        add(&["--cache-to", &to, "--cache-from", &from]);
    }
    add(&["--label", &format!("service={}", context.service)]);
    for (name, argument) in builder.arguments(&context.secrets) {
        words.push(text("--build-arg"));
        match argument {
            Argument::Value(value) if value.iter().any(|p| matches!(p, Part::Secret(_))) => {
                words.push(text(name.as_str()));
                env.push(EnvVar { name, value });
            }
            Argument::Value(value) => {
                let name = Part::Literal(format!("{name}="));
                words.push([name].into_iter().chain(value).collect());
            }
            Argument::Inherited => words.push(text(name)),
        }
    }
    let mut add = |more: &[&str]| words.extend(more.iter().map(|word| text(*word)));
    for name in &builder.secrets {
        add(&["--secret", &format!("id={name},env={name}")]);
        env.retain(|var| var.name != *name);
        env.push(EnvVar { name: name.clone(), value: secret(name) });
    }
    add(&["--file", &source.dockerfile]);
    builder.target.iter().for_each(|target| add(&["--target", target]));
    builder.ssh.iter().for_each(|ssh| add(&["--ssh", ssh]));
    add(&[&source.context]);
    let title = format!("Build and push {}", tags.join(" and "));
    run("build", title, Command { argv: words, env, ..command([""; 0]) })
}
