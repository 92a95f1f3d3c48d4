//! Findings on `builder:` beyond the schema: what this builder cannot do yet.

use windlass_sdk::steps::error_at;
use windlass_sdk::types::{Context, Problem, Severity};

use crate::settings::{Builder, Machine};

/// What will not be as the file says. Only a build is stopped by it.
pub fn check(context: &Context) -> Vec<Problem> {
    let builder = match Builder::of(context) {
        Ok(builder) => builder,
        Err(problem) => return vec![problem],
    };
    let mut problems = unsupported(&builder);
    if builder.multiarch == Some(true) {
        problems.push(Problem {
            help: Some("set it to false, or leave it out".to_string()),
            ..error_at("/builder/multiarch", "the image is built for one architecture only")
        });
    }
    problems.into_iter().map(|p| Problem { severity: Severity::Warning, ..p }).collect()
}

/// What cannot be built.
pub fn unsupported(builder: &Builder) -> Vec<Problem> {
    let needs_buildx = |pointer: &str, what: &str| Problem {
        help: Some("build elsewhere, and deploy with `--skip-push`".to_string()),
        ..error_at(pointer, format!("{what} needs buildx, which is not supported yet"))
    };
    let native = builder.multiarch == Some(false);
    let host = |machine: &Option<Machine>| machine.as_ref().is_some_and(|m| m.host.is_some());
    let cached = builder.cache.as_ref().is_some_and(|cache| cache.r#type.is_some());
    let found = [
        (!native && builder.remote.is_some(), "/builder/remote", "a remote builder"),
        (!native && host(&builder.local), "/builder/local/host", "a builder at a URL"),
        (cached, "/builder/cache", "a build cache"),
        (!builder.secrets.is_empty(), "/builder/secrets", "a build with secrets"),
    ];
    found.iter().filter(|(is, ..)| *is).map(|(_, at, what)| needs_buildx(at, what)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(builder: &str) -> Vec<String> {
        let mut context = windlass_sdk::testing::context("deploy");
        context.config = format!(r#"{{"builder":{builder}}}"#);
        let line = |p: Problem| format!("{:?} {} {}", p.severity, p.pointer.unwrap(), p.message);
        check(&context).into_iter().map(line).collect()
    }

    #[test]
    fn what_needs_another_builder_is_told() {
        assert!(findings("{}").is_empty());
        assert!(findings(r#"{"multiarch":false,"remote":{"arch":"arm64"}}"#).is_empty());
        insta::assert_debug_snapshot!(findings(
            r#"{"multiarch":true,"local":{"arch":"amd64","host":"unix:///x"},
                "remote":{"arch":"arm64","host":"ssh://b"},"cache":{"type":"gha"},"secrets":["A"]}"#
        ), @r#"
        [
            "Severity::Warning /builder/remote a remote builder needs buildx, which is not supported yet",
            "Severity::Warning /builder/local/host a builder at a URL needs buildx, which is not supported yet",
            "Severity::Warning /builder/cache a build cache needs buildx, which is not supported yet",
            "Severity::Warning /builder/secrets a build with secrets needs buildx, which is not supported yet",
            "Severity::Warning /builder/multiarch the image is built for one architecture only",
        ]
        "#);
    }
}
