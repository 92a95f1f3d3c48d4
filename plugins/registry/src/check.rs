//! Findings on `registry:` beyond the schema.

use windlass_sdk::env::misnamed;
use windlass_sdk::steps::error_at;
use windlass_sdk::types::{Context, Problem, Severity};

use crate::settings::{Credential, Registry, Settings};

/// What a user should know before the first login.
pub fn check(context: &Context) -> Vec<Problem> {
    let settings = match Settings::of(context) {
        Ok(settings) => settings,
        Err(problem) => return vec![problem],
    };
    let warning = |problem| Problem { severity: Severity::Warning, ..problem };
    let plain = matches!(settings.registry.password, Some(Credential::Plain(_))).then(|| {
        error_at("/registry/password", "the password is written in the file itself")
            .help("name a secret instead: `password: [REGISTRY_PASSWORD]`")
    });
    let names = [
        ("/registry/username", &settings.registry.username),
        ("/registry/password", &settings.registry.password),
    ];
    let wrong = names.into_iter().flat_map(|(pointer, credential)| match credential {
        Some(Credential::Secret(name)) => misnamed(pointer, name),
        Some(Credential::Plain(_)) | None => Vec::new(),
    });
    let doubtful = secret_username(&settings.registry).into_iter().chain(plain).map(warning);
    wrong.chain(doubtful).collect()
}

/// A user name goes to the container engine as an argument, which all processes of a host can
/// read: a secret cannot.
pub fn secret_username(registry: &Registry) -> Option<Problem> {
    matches!(registry.username, Some(Credential::Secret(_))).then(|| {
        let message = "a secret cannot be the user name: the login would show it to every process";
        error_at("/registry/username", message)
            .help("write the user name itself; only the password has to be secret")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(registry: &str) -> Vec<String> {
        let config = format!(r#"{{"image":"shop","registry":{registry}}}"#);
        let context = windlass_sdk::testing::configured("deploy", config);
        check(&context).into_iter().map(|p| format!("{:?} {}", p.severity, p.message)).collect()
    }

    #[test]
    fn credentials_in_the_wrong_place_are_found() {
        assert!(findings(r#"{"username":"dhh","password":["P"]}"#).is_empty());
        assert!(findings("{}").is_empty());
        // What stands there may be the password.
        let misplaced = findings(r#"{"username":"dhh","password":["s3cr3t!"]}"#);
        assert_eq!(misplaced, ["Severity::Error the first item is not a valid name for a secret"]);
        insta::assert_debug_snapshot!(findings(r#"{"username":["U"],"password":"p"}"#), @r#"
        [
            "Severity::Warning a secret cannot be the user name: the login would show it to every process",
            "Severity::Warning the password is written in the file itself",
        ]
        "#);
        insta::assert_debug_snapshot!(findings(r#"{"nickname":"x"}"#), @r#"
        [
            "Severity::Error this cannot be read: unknown field `nickname`, expected one of `server`, `username`, `password` at line 1 column 38",
        ]
        "#);
    }
}
