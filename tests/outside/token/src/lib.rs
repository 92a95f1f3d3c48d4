//! The token plugin: a registry to which the hosts log in with a token that a command of the
//! user's machine prints, such as a cloud's own client. Nobody keeps a password, and no host
//! needs the cloud's client.
//!
//! ```yaml
//! registry:
//!   server: 1234.dkr.ecr.eu-west-1.amazonaws.com
//!   username: AWS
//!   command: aws ecr get-login-password
//!
//! x-windlass:
//!   plugins:
//!     token:
//!       component: ./plugins/token.wasm
//!       grants: [registry, local]
//! ```

mod settings;
#[cfg(test)]
mod tests;

use windlass_sdk::steps::{command, container, step};
use windlass_sdk::texts::{output_of, text};
use windlass_sdk::types::{
    Action, Area, Capability, ContainerAction, Context, Description, Intent, Observation,
    OutputKind, Phase, Problem, RegistryLogin, Step, Text,
};
use windlass_sdk::{Plugin, Problems, Registry, describe};

use settings::Settings;

/// The user's own machine.
const LOCAL: &str = "local";

struct Token;

impl Plugin for Token {
    fn describe() -> Description {
        let about = "Logs in to a registry with a token that a command of this machine prints";
        Description {
            owns: vec![describe::owned("/registry", settings::schema())],
            reads: vec!["/image".to_string()],
            capabilities: vec![
                Capability::Registries(describe::any()),
                Capability::LocalCommands(describe::any_command()),
            ],
            ..describe::plugin("token", env!("CARGO_PKG_VERSION"), about)
        }
    }

    fn check(context: &Context) -> Vec<Problem> {
        let words = Settings::of(context).and_then(|settings| settings.words());
        words.err().into_iter().collect()
    }

    fn plan(context: &Context, _: &[Observation]) -> Result<Vec<Step>, Problems> {
        let planned = Settings::of(context).and_then(|settings| steps(context, &settings));
        planned.map_err(|problem| vec![problem])
    }
}

impl Registry for Token {
    fn repository(context: &Context) -> Result<String, Problems> {
        let settings = Settings::of(context).map_err(|problem| vec![problem])?;
        Ok(format!("{}/{}", settings.registry.server, settings.image))
    }
}

fn steps(context: &Context, settings: &Settings) -> Result<Vec<Step>, Problem> {
    // A token ends after some hours, so whoever pulls needs a new one, too.
    let prepares = |area| context.aims(Intent::Prepare, area);
    if prepares(Area::Registry) || prepares(Area::Image) {
        return log_in(context, settings);
    }
    let logout = || container(ContainerAction::Logout(Some(settings.registry.server.clone())));
    let title = format!("Log out of {}", settings.registry.server);
    let leaves = context.aims(Intent::Remove, Area::Registry);
    let hosts = context.hosts.iter().filter(|_| leaves);
    let steps = hosts.map(|host| {
        step("logout", &host.name, Phase::Cleanup, title.clone(), logout()).why("/registry")
    });
    Ok(steps.collect())
}

/// The token, and a login with it on every host; on this machine if something is pushed.
fn log_in(context: &Context, settings: &Settings) -> Result<Vec<Step>, Problem> {
    let registry = &settings.registry;
    let title = format!("Get a token for {}", registry.server);
    let ask = Action::Run(windlass_sdk::types::Command {
        argv: settings.words()?,
        ..command(Vec::<String>::new())
    });
    let token = step("token", LOCAL, Phase::Stage, title, ask).why("/registry/command");
    let here = context.aims(Intent::Prepare, Area::Build).then_some(LOCAL);
    let hosts = here.into_iter().chain(context.hosts.iter().map(|host| host.name.as_str()));
    let login = |host: &str| {
        let action = container(ContainerAction::Login(RegistryLogin {
            server: Some(registry.server.clone()),
            username: text(&registry.username),
            password: printed_by(&token),
        }));
        let title = format!("Log in to {}", registry.server);
        step("login", host, Phase::Stage, title, action).why("/registry")
    };
    let logins: Vec<Step> = hosts.map(login).collect();
    Ok([token].into_iter().chain(logins).collect())
}

/// What a step prints, seen by nobody.
fn printed_by(step: &Step) -> Text {
    vec![output_of(&step.id, OutputKind::SecretText)]
}

windlass_sdk::export!(registry: Token);
