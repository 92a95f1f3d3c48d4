//! The history of a host: one line for each role and finished deploy. It explains; it never
//! decides what is in service.

use serde::Serialize;

use crate::model::wit::{OutputKind, OutputRef, Part, Text};

/// Where the image is not known.
const UNKNOWN: &str = "-";
/// The outcome of a deploy that ended well.
const GOOD: &str = "ok";

/// A line: version, role, image, run and outcome, separated by tabs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Record {
    pub version: String,
    pub role: String,
    /// The digest of the image.
    pub image: String,
    /// The run's id.
    pub run: String,
    pub outcome: String,
}

impl Record {
    /// Reads a line. What is missing is empty.
    pub fn read(line: &str) -> Self {
        let mut fields = line.split('\t').map(str::to_string);
        let mut field = || fields.next().unwrap_or_default();
        let (version, role, image) = (field(), field(), field());
        Self { version, role, image, run: field(), outcome: field() }
    }

    /// Whether the version served well.
    pub fn is_good(&self) -> bool {
        self.outcome == GOOD
    }
}

/// The line of a deploy that ended well, as a step writes it. `image`: the step that yields the
/// image's digest.
pub fn line(version: &str, role: &str, image: Option<&str>, run: &str) -> Text {
    let literal = |text: String| Part::Literal(text);
    let image = match image {
        Some(step) => {
            Part::OutputOf(OutputRef { step: step.to_string(), kind: OutputKind::Digest })
        }
        None => literal(UNKNOWN.into()),
    };
    vec![literal(format!("{version}\t{role}\t")), image, literal(format!("\t{run}\t{GOOD}"))]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let written: String = line("v1", "web", None, "0123")
            .iter()
            .map(|part| if let Part::Literal(text) = part { text.as_str() } else { "" })
            .collect();
        let record = Record::read(&written);
        assert!(record.is_good());
        assert_eq!((record.version.as_str(), record.role.as_str()), ("v1", "web"));
        assert_eq!((record.image.as_str(), record.run.as_str()), ("-", "0123"));
        assert!(!Record::read("v1\tweb").is_good(), "a line that was cut off");
    }
}
