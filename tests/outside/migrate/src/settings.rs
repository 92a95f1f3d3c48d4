//! `x-windlass: plugins: migrate: settings:`.

use serde::Deserialize;
use windlass_sdk::shell;
use windlass_sdk::steps::error_at;
use windlass_sdk::types::{Context, Problem, Text};

/// The most seconds that the time limit of a step can hold.
const MOST: u32 = u32::MAX / 1000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    command: String,
    role: Option<String>,
    #[serde(default = "ten_minutes")]
    timeout: u32,
    #[serde(default)]
    verify: String,
}

fn ten_minutes() -> u32 {
    600
}

/// What is to be done.
pub struct Settings {
    pub command: Vec<Text>,
    pub role: String,
    pub limit_ms: u32,
    /// Empty: nothing is verified.
    pub verify: Vec<Text>,
}

/// Where a setting stands in deploy.yml.
pub fn pointer(name: &str) -> String {
    format!("/x-windlass/plugins/migrate/settings/{name}")
}

impl Settings {
    /// Reads them. The kernel has no schema of settings, so every mistake is found here.
    pub fn of(context: &Context) -> Result<Self, Problem> {
        let written: Written = serde_json::from_str(&context.settings).map_err(|error| {
            let place = "/x-windlass/plugins/migrate";
            error_at(place, format!("the settings cannot be read: {error}"))
        })?;
        let words = |name: &str, line: &str| {
            shell::split(line).map_err(|why| Problem {
                help: Some(shell::HELP.to_string()),
                ..error_at(pointer(name), format!("this cannot be run as it is: {why}"))
            })
        };
        let command = words("command", &written.command)?;
        if command.is_empty() {
            return Err(error_at(pointer("command"), "there is nothing to run"));
        }
        if !(1..=MOST).contains(&written.timeout) {
            return Err(error_at(pointer("timeout"), format!("this is not from 1 to {MOST}")));
        }
        Ok(Self {
            command,
            role: written.role.unwrap_or_else(|| context.primary_role.clone()),
            limit_ms: written.timeout * 1000,
            verify: words("verify", &written.verify)?,
        })
    }
}
