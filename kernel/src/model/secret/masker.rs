//! Replaces secrets by their value in a stream of bytes.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Bound;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use aho_corasick::AhoCorasick;

use super::encodings;

/// What stands in the place of a secret.
pub const MASK: &str = "[REDACTED]";

/// Values and forms with fewer bytes are not masked: they would hit everything.
pub const SHORTEST: usize = 4;

/// Masks every known secret in all its usual encodings.
///
/// One masker serves one stream: [`Masker::mask`] keeps back the end of a chunk
/// that may be the beginning of a secret, and [`Masker::finish`] gives it out.
/// For another stream, [`Masker::fresh`] makes a masker that shares the secrets:
/// what one of them learns, all know from the next byte on. Overlapping secrets
/// are covered together, so that no end of one sticks out.
#[derive(Default)]
pub struct Masker {
    known: Arc<RwLock<KnownSecrets>>,
    carry: Vec<u8>,
    /// How much of `carry` a mask already given out covers; `Some(0)` means that
    /// it ended just before, so that a secret at the start needs no second one.
    covered: Option<usize>,
}

#[derive(Default)]
struct KnownSecrets {
    forms: BTreeSet<Vec<u8>>,
    longest: usize,
    search: Option<AhoCorasick>,
    short: Vec<String>,
}

impl Masker {
    /// Learn a secret. From the next byte on it is masked.
    pub fn add(&mut self, name: &str, value: &str) {
        self.extend([(name, value)]);
    }

    /// Learn several secrets at once.
    pub fn extend<'a>(&mut self, secrets: impl IntoIterator<Item = (&'a str, &'a str)>) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        for (name, value) in secrets {
            if value.len() >= SHORTEST {
                known.forms.extend(encodings::forms(value, SHORTEST));
            } else if !value.is_empty() && !known.short.iter().any(|other| other == name) {
                known.short.push(name.to_owned());
            }
        }
        known.longest = known.forms.iter().map(Vec::len).max().unwrap_or(0);
        let search = (!known.forms.is_empty()).then(|| AhoCorasick::new(&known.forms));
        known.search =
            search.map(|search| search.expect("fewer secrets than the automaton can hold"));
    }

    /// Names of secrets that are too short to be masked, for a warning.
    pub fn short(&self) -> Vec<String> {
        self.read().short.clone()
    }

    /// A masker for another stream, with the same secrets now and later.
    #[must_use]
    pub fn fresh(&self) -> Self {
        Self { known: Arc::clone(&self.known), ..Self::default() }
    }

    /// Mask a chunk of the stream. Returns what can be shown now.
    pub fn mask(&mut self, chunk: &[u8]) -> Vec<u8> {
        self.carry.extend_from_slice(chunk);
        let hold = self.read().hold(&self.carry);
        self.give_out(hold)
    }

    /// The rest of the stream. The masker can then be used for another one.
    pub fn finish(&mut self) -> Vec<u8> {
        let rest = self.give_out(self.carry.len());
        self.covered = None;
        rest
    }

    /// Mask a whole text, apart from the stream.
    pub fn mask_str(&self, text: &str) -> String {
        let mut masker = self.fresh();
        let mut masked = masker.mask(text.as_bytes());
        masked.extend(masker.finish());
        // Forms are whole characters of the text or plain ASCII, so this never replaces anything.
        String::from_utf8_lossy(&masked).into_owned()
    }

    fn read(&self) -> RwLockReadGuard<'_, KnownSecrets> {
        // A panic elsewhere must not stop the masking.
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn give_out(&mut self, hold: usize) -> Vec<u8> {
        let mut out = Vec::new();
        // Position up to which everything is given out or under a given mask.
        let mut done = self.covered.unwrap_or(0);
        let mut open = self.covered.is_some();
        let hits = self.read().hits(&self.carry);
        for (start, end) in hits {
            if open && start <= done {
                done = done.max(end);
                continue;
            }
            if start >= hold {
                break;
            }
            out.extend_from_slice(&self.carry[done..start]);
            out.extend_from_slice(MASK.as_bytes());
            (done, open) = (end, true);
        }
        if done < hold {
            out.extend_from_slice(&self.carry[done..hold]);
            (done, open) = (hold, false);
        }
        self.carry.drain(..hold);
        self.covered = open.then(|| done - hold);
        out
    }
}

impl KnownSecrets {
    /// Where the earliest end of `carry` begins that more bytes could complete.
    fn hold(&self, carry: &[u8]) -> usize {
        let first = (carry.len() + 1).saturating_sub(self.longest);
        (first..carry.len()).find(|at| self.begins_a_form(&carry[*at..])).unwrap_or(carry.len())
    }

    fn begins_a_form(&self, tail: &[u8]) -> bool {
        // In order, the forms that begin with `tail` follow directly on it.
        let mut following = self.forms.range::<[u8], _>((Bound::Excluded(tail), Bound::Unbounded));
        following.next().is_some_and(|form| form.starts_with(tail))
    }

    /// Every place of every form, by where it starts.
    fn hits(&self, carry: &[u8]) -> Vec<(usize, usize)> {
        let Some(search) = &self.search else { return Vec::new() };
        let found = search.find_overlapping_iter(carry).map(|hit| (hit.start(), hit.end()));
        let mut hits: Vec<(usize, usize)> = found.collect();
        hits.sort_unstable();
        hits
    }
}

impl fmt::Debug for Masker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Masker({} forms hidden)", self.read().forms.len())
    }
}

#[cfg(test)]
#[path = "masker_tests.rs"]
mod tests;
