//! The health check of a role: its command line, its interval, and the path that answers.

use windlass_sdk::scalar::Stringish;
use windlass_sdk::types::Health;

use crate::settings::HealthCheck;

/// The check that the engine runs; none if port and path are blank and there is no command.
pub fn health(settings: &HealthCheck) -> Option<Health> {
    let command = command(settings)?;
    let interval = settings.interval.as_ref().map_or("1s", Stringish::as_str);
    Some(Health { command, interval_ms: interval_ms(interval) })
}

/// The role's own command, else Kamal's default: ask the port for the path with curl.
fn command(settings: &HealthCheck) -> Option<String> {
    match &settings.cmd {
        Some(cmd) => Some(cmd.0.clone()).filter(|cmd| !cmd.trim().is_empty()),
        None => url(settings).map(|url| format!("curl -f {url} || exit 1")),
    }
}

/// The path joined onto the port of the container itself.
fn url(settings: &HealthCheck) -> Option<String> {
    let port = settings.port.as_ref().map_or("3000", Stringish::as_str).trim();
    let path = settings.path.as_ref().map_or("/up", Stringish::as_str).trim();
    if port.is_empty() && path.is_empty() {
        return None;
    }
    let port = if port.is_empty() || port == "80" { String::new() } else { format!(":{port}") };
    Some(format!("http://localhost{port}{}", absolute(path)))
}

/// The path that answers when the container can serve; none if only a command says so.
pub fn path(settings: &HealthCheck) -> Option<String> {
    match (&settings.cmd, &settings.path) {
        (_, Some(path)) => Some(absolute(path.as_str().trim())),
        (Some(_), None) => None,
        (None, None) => url(settings).map(|_| "/up".to_string()),
    }
}

fn absolute(path: &str) -> String {
    let path = path.replace(' ', "%20");
    if path.starts_with('/') { path } else { format!("/{path}") }
}

/// Milliseconds of a duration as the engine writes it: `1s`, `500ms`, `1m30s`. None for
/// anything else.
pub fn interval_ms(text: &str) -> Option<u32> {
    let mut rest = text.trim();
    let mut total = 0.0_f64;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
        let number: f64 = rest[..digits].parse().ok()?;
        let unit = rest[digits..].find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len() - digits);
        let factor = match &rest[digits..digits + unit] {
            "h" => 3_600_000.0,
            "m" => 60_000.0,
            "s" => 1_000.0,
            "ms" => 1.0,
            _ => return None,
        };
        total += number * factor;
        rest = &rest[digits + unit..];
    }
    (total >= 1.0 && total <= f64::from(u32::MAX)).then_some(total as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str) -> HealthCheck {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn default_command() {
        let command = |json| health(&check(json)).map(|h| h.command);
        assert_eq!(command("{}").unwrap(), "curl -f http://localhost:3000/up || exit 1");
        assert_eq!(
            command(r#"{"port": 80, "path": "a b"}"#).unwrap(),
            "curl -f http://localhost/a%20b || exit 1"
        );
        assert_eq!(command(r#"{"cmd": "/bin/check", "port": 1}"#).unwrap(), "/bin/check");
        assert_eq!(command(r#"{"port": "", "path": ""}"#), None);
    }

    #[test]
    fn a_command_alone_says_nothing_about_a_path() {
        assert_eq!(path(&check("{}")).unwrap(), "/up");
        assert_eq!(path(&check(r#"{"path": "x"}"#)).unwrap(), "/x");
        assert_eq!(path(&check(r#"{"cmd": "true"}"#)), None);
        assert_eq!(path(&check(r#"{"cmd": "true", "path": "/y"}"#)).unwrap(), "/y");
    }

    #[test]
    fn intervals() {
        assert_eq!(interval_ms("1s"), Some(1_000));
        assert_eq!(interval_ms("1m30s"), Some(90_000));
        assert_eq!(interval_ms("1.5s"), Some(1_500));
        assert_eq!(interval_ms("500ms"), Some(500));
        for wrong in ["", "5", "s", "1d", "-1s", "0s", "1 s"] {
            assert_eq!(interval_ms(wrong), None, "{wrong}");
        }
    }
}
