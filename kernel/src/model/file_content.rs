//! The content of a file of the user that a plan puts on hosts.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A content by its digest, so that plans can be compared, shown and kept without it. The
/// bytes are there only in a plan that was made in this run.
#[derive(Clone, Serialize, Deserialize)]
pub struct FileContent {
    /// SHA-256, lower-case hexadecimal.
    digest: String,
    #[serde(skip)]
    bytes: Option<Arc<[u8]>>,
}

impl FileContent {
    /// A content that is at hand.
    pub fn new(bytes: Vec<u8>) -> Self {
        let digest = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        Self { digest, bytes: Some(bytes.into()) }
    }

    /// SHA-256, lower-case hexadecimal.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The bytes, unless the plan was loaded from a file.
    pub fn bytes(&self) -> Option<&[u8]> {
        self.bytes.as_deref()
    }
}

impl PartialEq for FileContent {
    fn eq(&self, other: &Self) -> bool {
        self.digest == other.digest
    }
}

impl fmt::Debug for FileContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileContent({})", self.digest)
    }
}

#[cfg(test)]
mod tests {
    use super::FileContent;

    #[test]
    fn a_plan_keeps_the_digest_only() {
        let content = FileContent::new(b"password".to_vec());
        let text = serde_json::to_string(&content).unwrap();
        assert!(!text.contains("bytes") && !format!("{content:?}").contains("password"));
        let loaded: FileContent = serde_json::from_str(&text).unwrap();
        assert_eq!(loaded, content);
        assert!(loaded.bytes().is_none() && loaded != FileContent::new(Vec::new()));
    }
}
