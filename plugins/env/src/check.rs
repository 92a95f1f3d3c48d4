//! Findings on `env:` beyond the schema.

use windlass_sdk::steps::pointer_to;
use windlass_sdk::types::{Context, Problem, Severity};

use crate::settings::Settings;

/// Names that are both clear and secret, and tags that mean nothing.
pub fn check(context: &Context) -> Vec<Problem> {
    let settings = match Settings::of(context) {
        Ok(settings) => settings,
        Err(problem) => return vec![problem],
    };
    let mut problems = settings.root.doubtful("/env");
    for (tag, env) in &settings.tags {
        problems.extend(env.doubtful(&pointer_to("/env/tags", tag)));
    }
    for (role, env) in &settings.roles {
        problems.extend(env.doubtful(&format!("{}/env", pointer_to("/servers", role))));
    }
    problems.extend(unknown_tags(context, &settings));
    problems
}

fn unknown_tags(context: &Context, settings: &Settings) -> Vec<Problem> {
    let known = |tag: &String| settings.tags.iter().any(|(name, _)| name == tag);
    let mut problems = Vec::new();
    for host in &context.hosts {
        problems.extend(host.tags.iter().filter(|tag| !known(tag)).map(|tag| Problem {
            severity: Severity::Error,
            message: format!("the tag `{tag}` of this host is not defined"),
            pointer: None,
            host: Some(host.name.clone()),
            help: Some(format!("define `{tag}` under `env: tags:`, or take it off the host")),
        }));
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubtful_names_and_tags_are_found() {
        let mut context = windlass_sdk::testing::context("deploy");
        context.hosts[0].tags = vec!["eu".to_string(), "us".to_string()];
        context.config = r#"{"env": {
            "clear": {"A": "1"}, "secret": ["A", "B", "C:D", "postgres://u:pw@h/db"],
            "tags": {"eu": {"clear": {"C": "1"}, "secret": ["C"]}}
        }}"#
        .to_string();
        let line = |p: Problem| {
            let place = p.pointer.or(p.host).unwrap();
            format!("{:?} {place}: {}", p.severity, p.message)
        };
        let found: Vec<_> = check(&context).into_iter().map(line).collect();
        insta::assert_debug_snapshot!(found, @r#"
        [
            "Severity::Error /env/secret/2: the third item is not a valid name for a secret",
            "Severity::Error /env/secret/3: the fourth item is not a valid name for a secret",
            "Severity::Warning /env/clear/A: `A` is also a secret; containers get the clear value",
            "Severity::Warning /env/tags/eu/clear/C: `C` is also a secret; containers get the clear value",
            "Severity::Error web-1: the tag `us` of this host is not defined",
        ]
        "#);
    }
}
