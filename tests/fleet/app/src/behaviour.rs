//! How the app is to behave: from the files baked into its image, overridden by
//! its environment, so that a broken *image* and a broken *setting* can be tested.

use std::time::Duration;

/// The ways in which a release can be broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Serves.
    Good,
    /// Ends with code 3 as soon as it started.
    Exit,
    /// Runs and answers, but `/up` says 503 forever.
    Unhealthy,
    /// Answers its own health check, but listens on another port than configured.
    OtherPort,
}

/// Everything that can be set.
#[derive(Debug, Clone)]
pub struct Behaviour {
    /// What `/version` answers.
    pub version: String,
    /// The port that the deploy configuration names.
    pub port: u16,
    /// Time before the first byte is accepted.
    pub start_delay: Duration,
    /// Time that each `/slow` request takes.
    pub slow: Duration,
    pub mode: Mode,
}

impl Behaviour {
    /// Reads settings by name through `lookup` (environment first, then the file
    /// `/app/BEHAVIOUR` with lines `NAME=value`).
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let number = |name: &str, default: u64| match lookup(name) {
            None => Ok(default),
            Some(text) => {
                text.trim().parse().map_err(|_| format!("{name}={text:?} is not a number"))
            }
        };
        let mode = match lookup("APP_MODE").as_deref().map(str::trim) {
            None | Some("" | "good") => Mode::Good,
            Some("exit") => Mode::Exit,
            Some("unhealthy") => Mode::Unhealthy,
            Some("other-port") => Mode::OtherPort,
            Some(other) => {
                return Err(format!(
                    "APP_MODE={other:?} is none of good, exit, unhealthy, other-port"
                ));
            }
        };
        let port = number("PORT", 3000)?;
        Ok(Self {
            version: lookup("APP_VERSION")
                .map_or_else(|| "unknown".into(), |text| text.trim().to_string()),
            port: u16::try_from(port).map_err(|_| format!("PORT={port} is no port"))?,
            start_delay: Duration::from_millis(number("APP_START_DELAY_MS", 0)?),
            slow: Duration::from_millis(number("APP_SLOW_MS", 1000)?),
            mode,
        })
    }

    /// The settings of this process and its image.
    pub fn of_this_process() -> Result<Self, String> {
        let baked = std::fs::read_to_string("/app/BEHAVIOUR").unwrap_or_default();
        let version = std::fs::read_to_string("/app/VERSION").ok();
        Self::read(|name| {
            std::env::var(name)
                .ok()
                .or_else(|| setting(&baked, name))
                .or_else(|| version.clone().filter(|_| name == "APP_VERSION"))
        })
    }

    /// The port to listen on.
    pub fn listen_port(&self) -> u16 {
        match self.mode {
            Mode::OtherPort => self.port + 1000,
            Mode::Good | Mode::Exit | Mode::Unhealthy => self.port,
        }
    }
}

fn setting(text: &str, name: &str) -> Option<String> {
    text.lines()
        .filter_map(|line| line.split_once('='))
        .find(|(key, _)| key.trim() == name)
        .map(|(_, value)| value.trim().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_come_from_lines_of_the_baked_file() {
        let text = "APP_MODE=other-port\nPORT = 4000\n";
        let behaviour = Behaviour::read(|name| setting(text, name)).expect("valid settings");
        assert_eq!(behaviour.mode, Mode::OtherPort);
        assert_eq!(behaviour.listen_port(), 5000);
        assert_eq!(behaviour.version, "unknown");
    }

    #[test]
    fn a_mistyped_mode_is_refused() {
        let error = Behaviour::read(|name| (name == "APP_MODE").then(|| "exits".into()))
            .expect_err("no such mode");
        assert!(error.contains("exits"), "{error}");
    }
}
