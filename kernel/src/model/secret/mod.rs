//! Secrets by name, and keeping them out of everything that is shown.

use std::collections::BTreeMap;
use std::fmt;

use super::problem::Problem;

mod encodings;
mod masker;

pub use masker::{MASK, Masker, SHORTEST};

/// A secret's text. Neither `Debug` nor `Display` nor serde shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself: for stdin, a 0600 file or an environment, never argv.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

/// Nobody has set a secret that is needed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the secret `{name}` is not set")]
pub struct MissingSecret {
    pub name: String,
    pub help: String,
}

impl From<MissingSecret> for Problem {
    fn from(missing: MissingSecret) -> Self {
        Self::error(missing.to_string()).help(missing.help)
    }
}

/// Name to value. `Debug` shows names only.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SecretStore {
    values: BTreeMap<String, Secret>,
}

impl SecretStore {
    /// Add a secret, or replace it; returns the one before.
    pub fn insert(&mut self, name: impl Into<String>, text: impl Into<String>) -> Option<Secret> {
        self.values.insert(name.into(), Secret::new(text))
    }

    /// The secret of this name.
    ///
    /// # Errors
    /// [`MissingSecret`], with what to do.
    pub fn get(&self, name: &str) -> Result<&Secret, MissingSecret> {
        self.values.get(name).ok_or_else(|| MissingSecret {
            name: name.to_owned(),
            help: format!("set `{name}` in the environment or in `.env`"),
        })
    }

    /// Those of `names` that are missing, each with what to do.
    pub fn missing<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Vec<MissingSecret> {
        names.into_iter().filter_map(|name| self.get(name).err()).collect()
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }

    /// A masker that knows all secrets of this store.
    pub fn masker(&self) -> Masker {
        let mut masker = Masker::default();
        masker.extend(self.values.iter().map(|(name, secret)| (name.as_str(), secret.expose())));
        masker
    }
}

impl FromIterator<(String, String)> for SecretStore {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        Self { values: pairs.into_iter().map(|(name, text)| (name, Secret(text))).collect() }
    }
}

impl fmt::Debug for SecretStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_names_only() {
        let store: SecretStore = [("TOKEN".to_owned(), "sesame".to_owned())].into_iter().collect();
        let shown = format!("{store:?} {:?} {:?}", store.get("TOKEN"), store.masker());
        assert!(shown.contains("TOKEN") && !shown.contains("sesame"), "{shown}");
        assert_eq!(store.get("TOKEN").unwrap().expose(), "sesame");
    }

    #[test]
    fn missing_ones_say_what_to_do() {
        let missing = SecretStore::default().get("TOKEN").unwrap_err();
        assert_eq!(missing.to_string(), "the secret `TOKEN` is not set");
        assert!(Problem::from(missing).help.unwrap().contains(".env"));
    }
}
