//! Logging in and out.

use windlass_sdk::All;
use windlass_sdk::arguments::Arguments;
use windlass_sdk::steps::{container, error_at, question, step};
use windlass_sdk::types::{
    Area, ContainerAction, Context, HostInfo, Intent, Observation, Phase, Query, Question,
    RegistryLogin, Step,
};

use crate::check::secret_username;
use crate::settings::{Registry, Settings};

/// The user's own machine.
const LOCAL: &str = "local";

/// What a host is asked so that it is in play.
pub const THERE: [&str; 1] = ["true"];

/// A question to every host, accessories' included, when somebody logs in or out himself. In
/// other commands only those hosts matter that somebody else asks about.
pub fn questions(context: &Context) -> All<Question> {
    if context.verb("registry").is_none() {
        return Ok(Vec::new());
    }
    let words = || THERE.map(String::from).to_vec();
    let ask = |host: &HostInfo| question(&host.name, "there", Query::Command(words()));
    Ok(context.hosts.iter().map(ask).collect())
}

/// The steps of an operation.
pub fn plan(context: &Context, _: &[Observation]) -> All<Step> {
    let given = Arguments::of(context);
    let local = !given.switch("skip-local");
    let remote = !given.switch("skip-remote");
    match context.verb("registry") {
        Some("login") => login(context, local, remote, true),
        Some("logout") => logout(context, local, remote, Phase::Stage),
        Some(_) => Ok(Vec::new()),
        // The local login is for the push.
        None if context.aims(Intent::Prepare, Area::Registry) => {
            login(context, context.aims(Intent::Prepare, Area::Build), true, false)
        }
        // The user's own session stays.
        None if context.aims(Intent::Remove, Area::Registry) => {
            logout(context, false, true, Phase::Cleanup)
        }
        None => Ok(Vec::new()),
    }
}

fn login(context: &Context, local: bool, remote: bool, typed: bool) -> All<Step> {
    let registry = Settings::of(context).map_err(|problem| vec![problem])?.registry;
    let hosts = hosts(context, local, remote);
    let (Some(username), Some(password)) = (&registry.username, &registry.password) else {
        let problem = error_at("/registry", "there are no credentials to log in with")
            .help("add `username` and `password` to `registry:`");
        return if typed { Err(vec![problem]) } else { Ok(Vec::new()) };
    };
    if let Some(problem) = secret_username(&registry).filter(|_| !hosts.is_empty()) {
        return Err(vec![problem]);
    }
    let steps = hosts.into_iter().map(|host| {
        let action = ContainerAction::Login(RegistryLogin {
            server: registry.server.clone(),
            username: username.text(),
            password: password.text(),
        });
        let title = format!("Log in to {}", name(&registry));
        step("login", host, Phase::Stage, title, container(action)).why("/registry")
    });
    Ok(steps.collect())
}

fn logout(context: &Context, local: bool, remote: bool, phase: Phase) -> All<Step> {
    let registry = Settings::of(context).map_err(|problem| vec![problem])?.registry;
    let steps = hosts(context, local, remote).into_iter().map(|host| {
        let title = format!("Log out of {}", name(&registry));
        let action = container(ContainerAction::Logout(registry.server.clone()));
        step("logout", host, phase, title, action).why("/registry")
    });
    Ok(steps.collect())
}

/// The machines concerned, the user's own first.
fn hosts(context: &Context, local: bool, remote: bool) -> Vec<&str> {
    let hosts = context.hosts.iter().filter(|_| remote).map(|host| host.name.as_str());
    local.then_some(LOCAL).into_iter().chain(hosts).collect()
}

fn name(registry: &Registry) -> &str {
    registry.server.as_deref().unwrap_or("Docker Hub")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::repository;
    use insta::assert_snapshot;
    use windlass_sdk::testing;
    use windlass_sdk::types::Action;

    fn context(operation: &str, arguments: &str, registry: &str) -> Context {
        let context = testing::context_of(&crate::describe::describe(), operation);
        let config = format!(r#"{{"image":"shop","registry":{registry}}}"#);
        let context = Context { config, arguments: arguments.to_string(), ..context };
        if arguments.contains("skip-push") { testing::without_build(context) } else { context }
    }

    fn planned(operation: &str, arguments: &str, registry: &str) -> String {
        match plan(&context(operation, arguments, registry), &[]) {
            Ok(steps) => testing::outline(&steps),
            Err(problems) => format!("{problems:#?}"),
        }
    }

    const LOGIN: &str = "Log in to 10.0.0.5";
    const LOGOUT: &str = "Log out of 10.0.0.5";

    /// Host and title of each step.
    fn titles(operation: &str, arguments: &str, registry: &str) -> Vec<String> {
        let steps = plan(&context(operation, arguments, registry), &[]).unwrap();
        steps.iter().map(|step| format!("{}: {}", step.host, step.title)).collect()
    }

    fn at(hosts: &[&str], title: &str) -> Vec<String> {
        hosts.iter().map(|host| format!("{host}: {title}")).collect()
    }

    const PRIVATE: &str = r#"{"server":"10.0.0.5","username":"dhh","password":["PASSWORD"]}"#;
    const HUB: &str = r#"{"username":"dhh","password":["PASSWORD"]}"#;

    #[test]
    fn a_deploy_logs_in_here_and_there() {
        let hub = "Log in to Docker Hub";
        assert_eq!(titles("deploy", "{}", PRIVATE), at(&["local", "web-1", "web-2"], LOGIN));
        let skipped = titles("setup", r#"{"skip-push":true}"#, HUB);
        assert_eq!(skipped, at(&["web-1", "web-2"], hub));
    }

    #[test]
    fn without_a_server_the_engine_knows_where() {
        let mut context = testing::context("deploy");
        context.config = format!(r#"{{"image":"shop","registry":{HUB}}}"#);
        let login = plan(&context, &[]).unwrap().remove(0).action;
        let secret = windlass_sdk::texts::secret("PASSWORD");
        assert!(
            matches!(
                &login,
                Action::Container(ContainerAction::Login(login))
                    if login.server.is_none() && login.password == secret
            ),
            "{login:?}"
        );
        context.operation.name = "registry logout".to_string();
        let logout = plan(&context, &[]).unwrap().remove(0).action;
        assert_eq!(logout, Action::Container(ContainerAction::Logout(None)));
    }

    #[test]
    fn the_commands_skip_what_they_are_told_to() {
        let both = r#"{"skip-local":true,"skip-remote":true}"#;
        assert_eq!(titles("registry login", both, PRIVATE), [""; 0]);
        let (local, remote) = (r#"{"skip-remote":true}"#, r#"{"skip-local":true}"#);
        assert_eq!(titles("registry login", local, PRIVATE), at(&["local"], LOGIN));
        assert_eq!(titles("registry logout", local, PRIVATE), at(&["local"], LOGOUT));
        assert_eq!(titles("registry logout", remote, PRIVATE), at(&["web-1", "web-2"], LOGOUT));
    }

    #[test]
    fn all_hosts_are_in_play_for_a_login_that_somebody_typed() {
        let asked = |operation: &str| {
            let context = testing::context_of(&crate::describe::describe(), operation);
            questions(&context)
                .unwrap()
                .into_iter()
                .map(|question| question.host)
                .collect::<Vec<_>>()
        };
        assert_eq!(asked("registry login"), ["web-1", "web-2"]);
        assert_eq!(asked("deploy"), [""; 0]);
    }

    #[test]
    fn a_command_that_asks_for_logins_gets_those_of_hosts() {
        let aims = vec![windlass_sdk::describe::aim(Intent::Prepare, &[Area::Registry])];
        let mut context = testing::operation("caddy boot", aims);
        context.config = format!(r#"{{"image":"shop","registry":{PRIVATE}}}"#);
        let hosts: Vec<_> =
            plan(&context, &[]).unwrap().into_iter().map(|step| step.host).collect();
        assert_eq!(hosts, ["web-1", "web-2"]);
    }

    #[test]
    fn removing_keeps_the_users_own_session() {
        assert_eq!(titles("remove", "{}", PRIVATE), at(&["web-1", "web-2"], LOGOUT));
        assert!(planned("remove", "{}", PRIVATE).contains("web-2 cleanup logout"));
    }

    #[test]
    fn without_credentials_only_a_typed_login_is_an_error() {
        assert_eq!(planned("deploy", "{}", "{}"), "");
        assert_eq!(planned("rollback", "{}", PRIVATE) + &planned("redeploy", "{}", PRIVATE), "");
        assert_snapshot!(planned("registry login", "{}", "{}"), @r#"
        [
            Problem {
                severity: Severity::Error,
                message: "there are no credentials to log in with",
                pointer: Some(
                    "/registry",
                ),
                host: None,
                help: Some(
                    "add `username` and `password` to `registry:`",
                ),
            },
        ]
        "#);
    }

    #[test]
    fn a_secret_user_name_is_refused() {
        let registry = r#"{"username":["USER"],"password":["PASSWORD"]}"#;
        assert_snapshot!(planned("deploy", "{}", registry), @r#"
        [
            Problem {
                severity: Severity::Error,
                message: "a secret cannot be the user name: the login would show it to every process",
                pointer: Some(
                    "/registry/username",
                ),
                host: None,
                help: Some(
                    "write the user name itself; only the password has to be secret",
                ),
            },
        ]
        "#);
        assert_eq!(planned("rollback", "{}", registry), "");
    }

    #[test]
    fn the_repository_begins_with_the_server() {
        let of = |config| {
            let found = repository(&testing::configured("deploy", config));
            found.map_err(|problems| problems[0].message.clone())
        };
        assert_eq!(of(r#"{"image":"dhh/app"}"#).as_deref(), Ok("dhh/app"));
        let private = r#"{"image":"shop","registry":{"server":"10.0.0.5:5000"}}"#;
        assert_eq!(of(private).as_deref(), Ok("10.0.0.5:5000/shop"));
        assert_eq!(of("{}").unwrap_err(), "the image has no name");
    }
}
