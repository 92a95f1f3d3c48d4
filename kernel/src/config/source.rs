//! The files that configuration came from, and places in them.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::model::problem::Place;

/// One file: its path as the user would write it, and its text as on disk.
#[derive(PartialEq, Eq)]
pub struct Source {
    path: PathBuf,
    text: String,
    /// Byte offset of the first character of each line.
    lines: Vec<usize>,
}

impl Source {
    /// Index the lines of `text`.
    pub fn new(path: impl Into<PathBuf>, text: impl Into<String>) -> Self {
        let text = text.into();
        let starts =
            text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        let lines = std::iter::once(0).chain(starts).collect();
        Self { path: path.into(), text, lines }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// The place of a byte range, clamped to the text and to whole characters.
    pub fn place(&self, span: Range<usize>) -> Place {
        let start = self.text.floor_char_boundary(span.start);
        let end = self.text.ceil_char_boundary(span.end).max(start);
        let line = self.lines.partition_point(|first| *first <= start);
        // A byte order mark is no column that an editor would count.
        let before = self.text[self.lines[line - 1]..start].trim_start_matches('\u{feff}');
        Place {
            file: self.path.clone(),
            line,
            column: before.chars().count() + 1,
            span: start..end,
        }
    }

    /// The byte range of a line (from 1) without its line break; empty past the end.
    pub fn line(&self, number: usize) -> Range<usize> {
        let Some(start) = number.checked_sub(1).and_then(|index| self.lines.get(index)) else {
            return self.text.len()..self.text.len();
        };
        let end = self.lines.get(number).map_or(self.text.len(), |next| next - 1);
        let text = &self.text[*start..end];
        *start..*start + text.trim_end_matches('\r').len()
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Source({})", self.path.display())
    }
}

/// A byte range in one file. Cheap to copy around with every node of a tree.
#[derive(Debug, Clone)]
pub struct Spot {
    pub source: Arc<Source>,
    pub span: Range<usize>,
}

impl Spot {
    /// The same range, for people.
    pub fn place(&self) -> Place {
        self.source.place(self.span.clone())
    }
}

/// All files of one load, by path.
///
/// Only files whose text may be shown belong here: `.env` files never do.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    files: Vec<Arc<Source>>,
}

impl Sources {
    /// Keep a file and return it for parsing.
    pub fn add(&mut self, path: impl Into<PathBuf>, text: impl Into<String>) -> Arc<Source> {
        let source = Arc::new(Source::new(path, text));
        self.files.push(Arc::clone(&source));
        source
    }

    /// The file of this path, if it was loaded.
    pub fn get(&self, path: &Path) -> Option<&Arc<Source>> {
        self.files.iter().find(|source| source.path() == path)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Arc<Source>> {
        self.files.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_lines_and_characters() {
        let source = Source::new("a.yml", "a: é\r\nbé: 1\n");
        let place = source.place(7..10);
        assert_eq!((place.line, place.column, place.span), (2, 1, 7..10));
        assert_eq!(source.place(11..12).column, 4);
        assert_eq!(source.line(1), 0..5);
        assert_eq!(source.line(2), 7..13);
        assert_eq!(source.line(9), 14..14);
    }

    #[test]
    fn clamps_what_lies_outside() {
        let source = Source::new("a.yml", "é");
        assert_eq!(source.place(1..9).span, 0..2);
        assert_eq!(source.place(50..60).span, 2..2);
    }

    #[test]
    fn byte_order_mark_is_no_column() {
        let source = Source::new("a.yml", "\u{feff}a: 1");
        assert_eq!(source.place(3..4).column, 1);
    }
}
