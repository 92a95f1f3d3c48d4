//! Who holds a lock: three lines that Kamal and Windlass both read.

use base64::Engine as _;
use sha2::{Digest as _, Sha256};

/// The decoded details of a lock.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Details {
    /// The decoded text: `Locked by: …`, `Version: …`, `Message: …`.
    pub text: String,
}

impl Details {
    /// Details in Kamal's three lines. `since` is RFC 3339, UTC.
    pub fn new(owner: &str, since: &str, version: &str, message: &str) -> Self {
        Self {
            text: format!("Locked by: {owner} at {since}\nVersion: {version}\nMessage: {message}"),
        }
    }

    /// Reads base64, wrapped or not. What is no base64 is kept as it stands: it is shown.
    pub fn decode(encoded: &str) -> Self {
        let compact: String = encoded.chars().filter(|c| !c.is_whitespace()).collect();
        let text = base64::engine::general_purpose::STANDARD
            .decode(&compact)
            .map(|bytes| String::from_utf8_lossy(&bytes).trim_end().to_string())
            .unwrap_or_else(|_| encoded.trim().to_string());
        Self { text }
    }

    /// Base64 wrapped at 60 characters, as Kamal writes it.
    pub fn encode(&self) -> String {
        let encoded = base64::engine::general_purpose::STANDARD.encode(&self.text);
        let lines: Vec<&str> = encoded
            .as_bytes()
            .chunks(60)
            .map(|line| std::str::from_utf8(line).unwrap_or_default())
            .collect();
        lines.join("\n")
    }

    /// The first 8 hexadecimal digits of the text's SHA-256: every lock has an id, also one
    /// that Kamal made.
    pub fn id(&self) -> String {
        Sha256::digest(self.text.as_bytes()).iter().take(4).map(|b| format!("{b:02x}")).collect()
    }

    /// Who holds it: the first line's name.
    pub fn owner(&self) -> &str {
        let first = self.field("Locked by: ");
        first.rsplit_once(" at ").map_or(first, |(owner, _)| owner)
    }

    /// Since when, as written.
    pub fn since(&self) -> &str {
        self.field("Locked by: ").rsplit_once(" at ").map_or("", |(_, since)| since)
    }

    /// What for.
    pub fn message(&self) -> &str {
        self.field("Message: ")
    }

    /// The version that is being deployed.
    pub fn version(&self) -> &str {
        self.field("Version: ")
    }

    fn field(&self, name: &str) -> &str {
        self.text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or("")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_come_back_from_kamals_encoding() {
        let details = Details::new("Jo Doe", "2026-01-02T03:04:05Z", "abc", &"long ".repeat(30));
        let encoded = details.encode();
        assert!(encoded.lines().all(|line| line.len() <= 60));
        let back = Details::decode(&format!("{encoded}\n"));
        assert_eq!(back.owner(), "Jo Doe");
        assert_eq!(back.since(), "2026-01-02T03:04:05Z");
        assert_eq!(back.version(), "abc");
        assert_eq!(back.id().len(), 8);
    }
}
