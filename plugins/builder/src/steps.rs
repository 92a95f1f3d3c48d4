//! Building, pushing and pulling the image.

use windlass_sdk::arguments::Arguments;
use windlass_sdk::containers::latest_reference;
use windlass_sdk::steps::{StepExt, container, step};
use windlass_sdk::types::{BuildOptions, ContainerAction, Context, Phase, Problem, Step};

use crate::check::unsupported;
use crate::settings::Builder;

/// The user's own machine.
const LOCAL: &str = "local";
/// For what moves layers.
const TRANSFER_LIMIT_MS: u32 = 20 * 60 * 1000;

/// The steps of an operation.
pub fn plan(context: &Context) -> Result<Vec<Step>, Vec<Problem>> {
    let skip_push = Arguments::of(context).switch("skip-push");
    let (push, pull) = match context.operation.as_str() {
        "deploy" | "redeploy" | "setup" => (!skip_push, true),
        "build push" => (true, false),
        "build pull" => (false, true),
        "build deliver" => (true, true),
        _ => (false, false),
    };
    let mut steps = Vec::new();
    if push {
        let builder = Builder::of(context).map_err(|problem| vec![problem])?;
        let problems = unsupported(&builder);
        if !problems.is_empty() {
            return Err(problems);
        }
        steps.extend(build_and_push(context, &builder));
    }
    if pull {
        // Hosts without a role have no use for the app's image.
        let hosts = context.hosts.iter().filter(|host| !host.roles.is_empty());
        steps.extend(hosts.flat_map(|host| pulled(context, &host.name)));
    }
    Ok(steps)
}

/// `REPOSITORY:VERSION`.
fn image(context: &Context) -> String {
    format!("{}:{}", context.repository, context.version)
}

fn build_and_push(context: &Context, builder: &Builder) -> Vec<Step> {
    let (image, latest) = (image(context), latest_reference(context));
    let mut options: Vec<String> = Vec::new();
    for name in builder.passed_arguments() {
        options.extend(["--build-arg".to_string(), name]);
    }
    if let Some(platform) = builder.platform() {
        options.extend(["--platform".to_string(), platform]);
    }
    if let Some(ssh) = &builder.ssh {
        options.extend(["--ssh".to_string(), ssh.clone()]);
    }
    let build = ContainerAction::Build(BuildOptions {
        context: builder.context().to_string(),
        dockerfile: builder.dockerfile().to_string(),
        tags: vec![image.clone(), latest.clone()],
        labels: vec![("service".to_string(), context.service.clone())],
        arguments: builder.arguments(),
        target: builder.target.clone(),
        options,
    });
    let local = |id: &str, title: String, action| {
        step(id, LOCAL, Phase::Stage, title, container(action))
            .limit(TRANSFER_LIMIT_MS)
            .why("/builder")
    };
    vec![
        local("build", format!("Build {image}"), build),
        local("push", format!("Push {image}"), ContainerAction::Push(image.clone())),
        local("push-latest", format!("Push {latest}"), ContainerAction::Push(latest.clone())),
    ]
}

fn pulled(context: &Context, host: &str) -> Vec<Step> {
    let (image, service) = (image(context), &context.service);
    let label =
        ContainerAction::RequireLabel((image.clone(), "service".to_string(), service.clone()));
    let on =
        |id: &str, title: String, action| step(id, host, Phase::Stage, title, container(action));
    vec![
        on("pull", format!("Pull {image}"), ContainerAction::Pull(image.clone()))
            .limit(TRANSFER_LIMIT_MS)
            .why("/image")
            .audit(format!("Pulled image with version {}", context.version)),
        on("label", format!("Check that {image} is labelled as {service}"), label).why("/service"),
        on(
            "digest",
            format!("Read the digest of {image}"),
            ContainerAction::InspectImage(image.clone()),
        )
        .why("all hosts must have pulled the same image"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use insta::assert_snapshot;
    use windlass_sdk::testing;

    fn planned(operation: &str, arguments: &str, builder: &str) -> String {
        let mut context = testing::context(operation);
        context.hosts.truncate(1);
        context.arguments = arguments.to_string();
        context.config = format!(r#"{{"builder":{builder}}}"#);
        match plan(&context) {
            Ok(steps) => testing::lines(&steps),
            Err(problems) => format!("{problems:#?}"),
        }
    }

    #[test]
    fn a_deploy_builds_pushes_and_pulls() {
        assert_snapshot!(planned("deploy", "{}", "{}"), @r#"
        local stage build: Build 10.0.0.5/shop:3f9a
          {"Container":{"Build":{"context":".","dockerfile":"Dockerfile","tags":["10.0.0.5/shop:3f9a","10.0.0.5/shop:latest"],"labels":[["service","shop"]],"arguments":[],"target":null,"options":[]}}}
          1200 s; because of /builder
        local stage push: Push 10.0.0.5/shop:3f9a
          {"Container":{"Push":"10.0.0.5/shop:3f9a"}}
          1200 s; because of /builder
        local stage push-latest: Push 10.0.0.5/shop:latest
          {"Container":{"Push":"10.0.0.5/shop:latest"}}
          1200 s; because of /builder
        web-1 stage pull: Pull 10.0.0.5/shop:3f9a
          {"Container":{"Pull":"10.0.0.5/shop:3f9a"}}
          1200 s; because of /image; audit: Pulled image with version 3f9a
        web-1 stage label: Check that 10.0.0.5/shop:3f9a is labelled as shop
          {"Container":{"RequireLabel":["10.0.0.5/shop:3f9a","service","shop"]}}
          60 s; because of /service
        web-1 stage digest: Read the digest of 10.0.0.5/shop:3f9a
          {"Container":{"InspectImage":"10.0.0.5/shop:3f9a"}}
          60 s; because of all hosts must have pulled the same image
        "#);
    }

    #[test]
    fn without_the_push_it_only_pulls() {
        let skip = r#"{"skip-push":true}"#;
        let pulls = planned("build pull", "{}", "{}");
        assert_snapshot!(pulls, @r#"
        web-1 stage pull: Pull 10.0.0.5/shop:3f9a
          {"Container":{"Pull":"10.0.0.5/shop:3f9a"}}
          1200 s; because of /image; audit: Pulled image with version 3f9a
        web-1 stage label: Check that 10.0.0.5/shop:3f9a is labelled as shop
          {"Container":{"RequireLabel":["10.0.0.5/shop:3f9a","service","shop"]}}
          60 s; because of /service
        web-1 stage digest: Read the digest of 10.0.0.5/shop:3f9a
          {"Container":{"InspectImage":"10.0.0.5/shop:3f9a"}}
          60 s; because of all hosts must have pulled the same image
        "#);
        for operation in ["deploy", "redeploy", "setup"] {
            assert_eq!(planned(operation, skip, r#"{"secrets":["A"]}"#), pulls);
        }
    }

    #[test]
    fn the_commands_are_the_halves_of_it() {
        let both = planned("build push", "{}", "{}") + &planned("build pull", "{}", "{}");
        assert_eq!(planned("build deliver", "{}", "{}"), both);
        assert_eq!(planned("rollback", "{}", "{}"), "");
        assert_eq!(planned("app boot", "{}", "{}"), "");
    }

    #[test]
    fn every_setting_of_a_local_build() {
        let builder = r#"{
            "context": "app", "dockerfile": "app/Dockerfile.prod", "target": "production",
            "args": {"RUBY": 3.3, "BY": "me@${HOSTNAME}", "TOKEN": "", "OFF": false, "ON": true},
            "local": {"arch": "amd64"}, "ssh": "default"
        }"#;
        assert_snapshot!(planned("build push", "{}", builder), @r#"
        local stage build: Build 10.0.0.5/shop:3f9a
          {"Container":{"Build":{"context":"app","dockerfile":"app/Dockerfile.prod","tags":["10.0.0.5/shop:3f9a","10.0.0.5/shop:latest"],"labels":[["service","shop"]],"arguments":[["RUBY",[{"Literal":"3.3"}]],["BY",[{"Literal":"me@"},{"HostEnv":"HOSTNAME"}]],["ON",[{"Literal":"true"}]]],"target":"production","options":["--build-arg","TOKEN","--build-arg","OFF","--platform","linux/amd64","--ssh","default"]}}}
          1200 s; because of /builder
        local stage push: Push 10.0.0.5/shop:3f9a
          {"Container":{"Push":"10.0.0.5/shop:3f9a"}}
          1200 s; because of /builder
        local stage push-latest: Push 10.0.0.5/shop:latest
          {"Container":{"Push":"10.0.0.5/shop:latest"}}
          1200 s; because of /builder
        "#);
    }

    #[test]
    fn a_destination_has_its_own_latest() {
        let mut context = testing::context("build push");
        context.destination = Some("staging".to_string());
        let titles: Vec<_> = plan(&context).unwrap().into_iter().map(|s| s.title).collect();
        assert_eq!(titles[2], "Push 10.0.0.5/shop:latest-staging");
    }

    #[test]
    fn what_cannot_be_built_stops_the_build() {
        assert_snapshot!(planned("deploy", "{}", r#"{"secrets":["A"]}"#), @r#"
        [
            Problem {
                severity: Severity::Error,
                message: "a build with secrets needs buildx, which is not supported yet",
                pointer: Some(
                    "/builder/secrets",
                ),
                host: None,
                help: Some(
                    "build elsewhere, and deploy with `--skip-push`",
                ),
            },
        ]
        "#);
    }
}
