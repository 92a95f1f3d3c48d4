//! A text after ERB, with the way back to the original: places survive.

use std::ops::Range;

/// A file's text after ERB, with the way back to the original.
#[derive(Debug)]
pub struct Rendered {
    text: String,
    edits: Vec<Edit>,
}

/// `original` was replaced by `rendered`; both are byte ranges.
#[derive(Debug)]
struct Edit {
    rendered: Range<usize>,
    original: Range<usize>,
}

impl Rendered {
    /// A text without ERB.
    pub fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), edits: Vec::new() }
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where a range of the rendered text stands in the original. What touches
    /// replaced text covers the whole tag that it came from.
    pub fn original(&self, span: Range<usize>) -> Range<usize> {
        let start = self.position(span.start, false);
        let end = if span.is_empty() { start } else { self.position(span.end, true) };
        start..end.max(start)
    }

    fn position(&self, at: usize, is_end: bool) -> usize {
        // Edits are in order. For an end, one that begins exactly there lies behind.
        let count = self.edits.partition_point(|edit| {
            if is_end { edit.rendered.start < at } else { edit.rendered.start <= at }
        });
        let Some(edit) = count.checked_sub(1).map(|index| &self.edits[index]) else {
            return at;
        };
        let inside = if is_end { at <= edit.rendered.end } else { at < edit.rendered.end };
        match (inside, is_end) {
            (true, true) => edit.original.end,
            (true, false) => edit.original.start,
            (false, _) => at - edit.rendered.end + edit.original.end,
        }
    }

    /// The next stretch of the original, as it is.
    pub(super) fn keep(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// The next stretch of the original, with something else in its place.
    pub(super) fn replace(&mut self, original: Range<usize>, with: &str) {
        let start = self.text.len();
        self.text.push_str(with);
        self.edits.push(Edit { rendered: start..self.text.len(), original });
    }
}
