//! Who the plugin is: what it owns of deploy.yml, and its commands.

use windlass_sdk::describe::{self, any, any_command, exact, foreign, hook, owned};
use windlass_sdk::types::{Area, Capability, CommandSpec, Description, ForeignKey, Intent, Scope};

use crate::settings;
use crate::steps::PRE_BUILD;

fn command(verb: &str, about: &str) -> CommandSpec {
    describe::command("build", verb, about)
}

/// A command that no host is asked for.
fn local(verb: &str, about: &str) -> CommandSpec {
    CommandSpec { scope: Scope::Local, ..command(verb, about) }
}

fn commands() -> Vec<CommandSpec> {
    use Area::{Build, Image};
    use Intent::{Operate, Prepare, Remove};
    let create = "Create the builder that the configuration asks for, unless it is there";
    vec![
        local("push", "Build the image on this machine and push it to the registry")
            .aiming(Prepare, &[Build]),
        command("pull", "Pull the image from the registry on all hosts").aiming(Prepare, &[Image]),
        command("deliver", "Build and push the image, then pull it on all hosts")
            .aiming(Prepare, &[Build, Image]),
        local("create", create).aiming(Operate, &[]),
        local("remove", "Remove it").aiming(Remove, &[]),
        local("details", "Show the contexts and builders of this machine").reading(),
    ]
}

fn foreign_keys() -> Vec<ForeignKey> {
    let kamal_2 = |key: &str, help: &str| foreign(&format!("/builder/{key}"), "Kamal 2", help);
    let elsewhere = "build elsewhere with the tool that has it, and deploy with `--skip-push`";
    let arch = "`local: {arch: amd64}` builds for this one architecture; without it the machine's \
                own is taken";
    let others = ["driver", "cloud", "provenance", "sbom", "pack"];
    let others = others.map(|key| kamal_2(key, elsewhere));
    [kamal_2("arch", arch)].into_iter().chain(others).collect()
}

/// The description; depends on nothing.
pub fn describe() -> Description {
    let about = "Builds the image of what is committed, pushes it, and pulls it on the hosts";
    Description {
        owns: vec![owned("/builder", settings::SCHEMA)],
        reads: vec!["/registry/server".to_string()],
        commands: commands(),
        capabilities: vec![
            Capability::Images(any()),
            // git and docker buildx, with what deploy.yml says.
            Capability::LocalCommands(any_command()),
            Capability::Hooks(exact([PRE_BUILD])),
            Capability::Secrets(any()),
            Capability::Variables(any()),
        ],
        hooks: vec![hook(PRE_BUILD, "The image is built next: refuse, or prepare something")],
        foreign_keys: foreign_keys(),
        ..describe::plugin("builder", env!("CARGO_PKG_VERSION"), about)
    }
}
