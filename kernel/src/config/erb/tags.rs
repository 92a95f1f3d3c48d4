//! Where the tags of a text are: `<%= … %>`, `<% … %>`, `<%# … %>`, `<%%`, with the
//! trimming dashes of `<%-` and `-%>`.

use std::ops::Range;

/// A stretch of a file, in bytes.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece {
    Text(Range<usize>),
    /// Text that ERB drops, or the escape of a tag.
    Instead(Range<usize>, &'static str),
    Output(Tag),
    Statement(Tag),
    /// `<%` without `%>`.
    Unclosed(Range<usize>),
}

/// A tag and the Ruby inside it.
#[derive(Debug, PartialEq, Eq)]
pub struct Tag {
    pub span: Range<usize>,
    pub code: Range<usize>,
}

/// All pieces of `text`, in order, without gaps.
pub fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut at = 0;
    while let Some(found) = text[at..].find("<%") {
        let start = at + found;
        let inside = &text[start + 2..];
        if inside.starts_with('%') {
            pieces.push(Piece::Text(at..start));
            pieces.push(Piece::Instead(start..start + 3, "<%"));
            at = start + 3;
            continue;
        }
        let Some(length) = close(inside) else {
            pieces.push(Piece::Text(at..start));
            pieces.push(Piece::Unclosed(start..start + 2));
            return pieces;
        };
        let code = start + 2..start + 2 + length;
        let span = start..code.end + 2;
        at = lead(text, at, start, inside.starts_with('-'), &mut pieces);
        pieces.push(Piece::Text(at..start));
        pieces.push(tag(text, span.clone(), code.clone()));
        at = span.end;
        if text[code].ends_with('-') {
            let rest = &text[at..];
            let line_break = ["\r\n", "\n"].into_iter().find(|end| rest.starts_with(end));
            if let Some(line_break) = line_break {
                pieces.push(Piece::Instead(at..at + line_break.len(), ""));
                at += line_break.len();
            }
        }
    }
    pieces.push(Piece::Text(at..text.len()));
    pieces.retain(|piece| !matches!(piece, Piece::Text(range) if range.is_empty()));
    pieces
}

/// Pushes what stands before a tag; for `<%-` the indentation goes. Where to go on.
fn lead(text: &str, at: usize, start: usize, trims: bool, pieces: &mut Vec<Piece>) -> usize {
    let kept = text[at..start].trim_end_matches([' ', '\t']).len() + at;
    let is_indentation = kept == 0 || text[..kept].ends_with('\n');
    if !(trims && is_indentation && kept < start) {
        return at;
    }
    pieces.push(Piece::Text(at..kept));
    pieces.push(Piece::Instead(kept..start, ""));
    start
}

fn tag(text: &str, span: Range<usize>, code: Range<usize>) -> Piece {
    let body = &text[code.clone()];
    let end = code.end - usize::from(body.ends_with('-'));
    let cut = |start: usize| start.min(end)..end;
    match body.as_bytes().first() {
        Some(b'#') => Piece::Instead(span, ""),
        Some(b'=') => Piece::Output(Tag { span, code: cut(code.start + 1) }),
        Some(b'-') => Piece::Statement(Tag { span, code: cut(code.start + 1) }),
        _ => Piece::Statement(Tag { span, code: cut(code.start) }),
    }
}

/// Bytes before the closing `%>`, which `%%>` is not.
fn close(text: &str) -> Option<usize> {
    text.match_indices("%>").map(|(at, _)| at).find(|at| !text[..*at].ends_with('%'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_cover_the_text() {
        let text = "a <%= x -%>\n  <%- if y -%>\r\n<%% <%# n %><%-%><%=-%>é<% z";
        let spans = pieces(text).into_iter().map(|piece| match piece {
            Piece::Text(span) | Piece::Instead(span, _) | Piece::Unclosed(span) => span,
            Piece::Output(tag) | Piece::Statement(tag) => tag.span,
        });
        let joined: String = spans.map(|span| &text[span]).collect();
        assert_eq!(joined + " z", text);
    }
}
