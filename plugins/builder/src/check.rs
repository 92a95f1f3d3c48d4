//! Findings on `builder:` beyond the schema.

use windlass_sdk::env::misnamed;
use windlass_sdk::names::{is_exportable, is_secret_name};
use windlass_sdk::steps::{error_at, pointer_to};
use windlass_sdk::types::{Context, Problem, Severity};

use crate::driver::Driver;
use crate::settings::Builder;

/// What cannot be built, and what has no effect.
pub fn check(context: &Context) -> Vec<Problem> {
    let builder = match Builder::of(context) {
        Ok(builder) => builder,
        Err(problem) => return vec![problem],
    };
    let mut problems: Vec<Problem> = Driver::of(context, &builder).err().into_iter().collect();
    problems.extend(misnamed("/builder/secrets", &builder.secrets));
    let unfit = |name: &str| is_secret_name(name) && !is_exportable(name);
    for (i, name) in builder.secrets.iter().enumerate().filter(|(_, name)| unfit(name)) {
        problems.push(Problem {
            help: Some("give the secret another name".to_string()),
            ..error_at(
                pointer_to("/builder/secrets", &i.to_string()),
                format!(
                    "`{name}` cannot be the name of a build secret: it is exported around \
                     `docker`, which reads a variable of this name itself, or no shell accepts it"
                ),
            )
        });
    }
    let ignored = |pointer: &str, message: &str, help: &str| Problem {
        severity: Severity::Warning,
        help: Some(help.to_string()),
        ..error_at(pointer, message)
    };
    if builder.multiarch == Some(false) && builder.remote.is_some() {
        let message = "this has no effect beside `multiarch: false`";
        problems.push(ignored("/builder/remote", message, "remove one of the two"));
    } else if builder.remote.is_none() && builder.local.as_ref().is_some_and(|l| l.host.is_some()) {
        let message = "this has no effect without `remote`: the engine of this machine builds";
        problems.push(ignored("/builder/local/host", message, "remove it, or add `remote`"));
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(builder: &str) -> Vec<String> {
        let config = format!(r#"{{"builder":{builder}}}"#);
        let context = windlass_sdk::testing::configured("deploy", config);
        let line = |p: Problem| format!("{:?} {} {}", p.severity, p.pointer.unwrap(), p.message);
        check(&context).into_iter().map(line).collect()
    }

    #[test]
    fn what_is_incomplete_or_without_effect_is_told() {
        assert!(findings("{}").is_empty());
        assert!(findings(r#"{"remote":{"arch":"arm64","host":"ssh://b"}}"#).is_empty());
        insta::assert_debug_snapshot!([
            findings(r#"{"remote":{"host":"ssh://b"}}"#),
            findings(r#"{"remote":{"arch":"arm64"}}"#),
            findings(r#"{"local":{},"remote":{"arch":"arm64","host":"ssh://b"}}"#),
            findings(r#"{"multiarch":false,"remote":{"arch":"arm64","host":"ssh://b"}}"#),
            findings(r#"{"local":{"arch":"amd64","host":"unix:///x"}}"#),
            findings(r#"{"secrets":["TOKEN","DOCKER_HOST"]}"#),
        ]);
    }
}
