//! Text to [`Tree`]. The only file that knows the YAML parser, so that it can be
//! swapped; it works on the parser's events, because only there are duplicate
//! keys, aliases and raw scalars still visible.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};

use super::erb::Rendered;
use super::source::{Source, Spot};
use super::tree::{Data, Entry, Node, Scalar, Tree, Value};
use super::{merge_key, scalar, syntax};
use crate::model::problem::Problem;

/// Nesting that no honest file reaches; keeps the recursion below bounded.
const MAX_DEPTH: usize = 64;
/// Nodes that aliases may add ("billion laughs").
const MAX_ALIASED: usize = 100_000;

/// A tree, and what is worth knowing about the file.
#[derive(Debug)]
pub struct Parsed {
    pub tree: Tree,
    pub warnings: Vec<Problem>,
}

/// Parse the first document of a file.
///
/// `rendered` is the text of `source` after ERB; spans point into `source`.
///
/// # Errors
/// Every duplicate key, unusable key, tag or alias; or the first place at which
/// the text is no YAML, or at which a version control conflict was left.
pub fn parse(source: &Arc<Source>, rendered: &Rendered) -> Result<Parsed, Vec<Problem>> {
    let conflicts = syntax::conflicts(source);
    if !conflicts.is_empty() {
        return Err(conflicts);
    }
    let text = rendered.text();
    let (skipped, body) = match text.strip_prefix('\u{feff}') {
        Some(body) => (text.len() - body.len(), body),
        None => (0, text),
    };
    let mut builder = Builder {
        source,
        rendered,
        skipped,
        bytes: (!body.is_ascii())
            .then(|| body.char_indices().map(|(at, _)| at).chain([body.len()]).collect()),
        parser: Parser::new_from_str(body),
        anchors: HashMap::new(),
        aliased: 0,
        problems: Vec::new(),
        warnings: Vec::new(),
    };
    match builder.document() {
        Ok(root) if builder.problems.is_empty() => {
            Ok(Parsed { tree: Tree { root }, warnings: builder.warnings })
        }
        Ok(_) => Err(builder.problems),
        Err(stop) => {
            builder.problems.push(*stop);
            Err(builder.problems)
        }
    }
}

/// Why reading cannot go on.
type Stop = Box<Problem>;

struct Builder<'a> {
    source: &'a Arc<Source>,
    rendered: &'a Rendered,
    skipped: usize,
    /// Byte offset of each character; none for plain ASCII.
    bytes: Option<Vec<usize>>,
    parser: Parser<'a, StrInput<'a>>,
    anchors: HashMap<usize, Node>,
    aliased: usize,
    problems: Vec<Problem>,
    warnings: Vec<Problem>,
}

impl<'a> Builder<'a> {
    fn document(&mut self) -> Result<Node, Stop> {
        let mut root = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamStart | Event::DocumentEnd | Event::Nothing => {}
                Event::DocumentStart(_) if root.is_some() => {
                    let place = self.spot(span).place();
                    let warning = Problem::warning("only the first document of this file is read");
                    self.warnings
                        .push(warning.at(place).help("remove what follows the second `---`"));
                    break;
                }
                Event::DocumentStart(_) => {}
                Event::StreamEnd => break,
                event => root = Some(self.node(event, span, 0)?),
            }
        }
        root.filter(|root| !root.is_null()).ok_or_else(|| {
            let problem = Problem::error("this file is empty").at(self.source.place(0..0));
            Box::new(problem.help("`windlass init` writes a file to start from"))
        })
    }

    fn next(&mut self) -> Result<(Event<'a>, Span), Stop> {
        match self.parser.next_event() {
            Some(Ok(found)) => Ok(found),
            Some(Err(error)) => Err(Box::new(self.broken(&error))),
            None => Err(Box::new(Problem::error("the file ends unexpectedly"))),
        }
    }

    fn node(&mut self, event: Event<'a>, span: Span, depth: usize) -> Result<Node, Stop> {
        if depth > MAX_DEPTH {
            let problem = Problem::error(format!("nested deeper than {MAX_DEPTH} levels"));
            return Err(Box::new(problem.at(self.spot(span).place())));
        }
        let (node, anchor) = match event {
            Event::Alias(anchor) => return self.alias(anchor, span),
            Event::Scalar(text, style, anchor, tag) => {
                let spot = self.spot(span);
                let data = self.data(&text, style, tag.as_deref(), &spot);
                (
                    Node { value: Value::Scalar(Scalar { raw: text.into_owned(), data }), spot },
                    anchor,
                )
            }
            Event::SequenceStart(anchor, tag) => {
                self.collection_tag(tag.as_deref(), span, "seq");
                let mut items = Vec::new();
                let end = loop {
                    match self.next()? {
                        (Event::SequenceEnd, end) => break end,
                        (event, span) => items.push(self.node(event, span, depth + 1)?),
                    }
                };
                (Node { value: Value::List(items), spot: self.between(span, end) }, anchor)
            }
            Event::MappingStart(anchor, tag) => {
                self.collection_tag(tag.as_deref(), span, "map");
                let (entries, end) = self.entries(depth)?;
                (Node { value: Value::Map(entries), spot: self.between(span, end) }, anchor)
            }
            other => {
                return Err(Box::new(
                    Problem::error(format!("unexpected {other:?}")).at(self.spot(span).place()),
                ));
            }
        };
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn entries(&mut self, depth: usize) -> Result<(Vec<Entry>, Span), Stop> {
        let mut entries = merge_key::Entries::default();
        loop {
            let (event, span) = self.next()?;
            if event == Event::MappingEnd {
                return Ok((entries.finish(&mut self.warnings), span));
            }
            let plain = matches!(event, Event::Scalar(_, ScalarStyle::Plain, _, None));
            let key = self.node(event, span, depth + 1)?;
            let (event, span) = self.next()?;
            let value = self.node(event, span, depth + 1)?;
            match key.value {
                Value::Scalar(scalar) if plain && scalar.raw == "<<" => {
                    entries.merge(&key.spot, value, &mut self.problems)
                }
                Value::Scalar(scalar) => {
                    let entry = Entry { key: scalar.raw, key_spot: key.spot, value };
                    entries.insert(entry, &mut self.problems);
                }
                _ => {
                    let problem =
                        Problem::error("a list or a map cannot be a key").at(key.spot.place());
                    self.problems
                        .push(problem.help("quote the text if it begins with `{`, `[` or `?`"));
                }
            }
        }
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Result<Node, Stop> {
        let spot = self.spot(span);
        let Some(target) = self.anchors.get(&anchor) else {
            return Err(Box::new(
                Problem::error("this alias is inside its own anchor").at(spot.place()),
            ));
        };
        self.aliased += size(target);
        if self.aliased > MAX_ALIASED {
            let problem =
                Problem::error(format!("aliases expand to more than {MAX_ALIASED} values"));
            return Err(Box::new(
                problem
                    .at(spot.place())
                    .help("aliases of aliases multiply; write out some of them"),
            ));
        }
        // The value is used here, so a problem with it as a whole belongs here;
        // what is inside keeps the places of its definition.
        Ok(Node { value: target.value.clone(), spot })
    }

    fn data(&mut self, text: &str, style: ScalarStyle, tag: Option<&Tag>, spot: &Spot) -> Data {
        let quoted = style != ScalarStyle::Plain;
        let Some(tag) = tag else {
            return if quoted { Data::Text(text.to_owned()) } else { scalar::plain(text) };
        };
        let read = scalar::plain(text);
        match (is_core(tag).then_some(tag.suffix.as_str()), read) {
            (Some("str"), _) => Data::Text(text.to_owned()),
            (None, _) if tag.handle.is_empty() && tag.suffix == "!" => Data::Text(text.to_owned()),
            (Some("null"), _) => Data::Null,
            (Some("int"), Data::Int(value)) => Data::Int(value),
            (Some("float"), Data::Int(value)) => Data::Float(value as f64),
            (Some("float"), Data::Float(value)) => Data::Float(value),
            (Some("bool"), Data::Bool(value)) => Data::Bool(value),
            (_, read) => {
                self.refuse_tag(tag, spot);
                read
            }
        }
    }

    fn collection_tag(&mut self, tag: Option<&Tag>, span: Span, name: &str) {
        if let Some(tag) = tag.filter(|tag| !(is_core(tag) && tag.suffix == name)) {
            let spot = self.spot(span);
            self.refuse_tag(tag, &spot);
        }
    }

    fn refuse_tag(&mut self, tag: &Tag, spot: &Spot) {
        let shown = if is_core(tag) { format!("!!{}", tag.suffix) } else { tag.to_string() };
        let problem =
            Problem::error(format!("the tag `{shown}` cannot be used here")).at(spot.place());
        self.problems.push(problem.help("write the value without a tag"));
    }

    fn broken(&self, error: &ScanError) -> Problem {
        let at = self.byte(error.marker().index());
        syntax::explain(self.source, self.rendered.original(at..at).start, error.info())
    }

    fn byte(&self, character: usize) -> usize {
        let byte = match &self.bytes {
            Some(bytes) => bytes[character.min(bytes.len() - 1)],
            None => character,
        };
        byte + self.skipped
    }

    fn spot(&self, span: Span) -> Spot {
        self.cut(self.byte(span.start.index())..self.byte(span.end.index()))
    }

    fn between(&self, start: Span, end: Span) -> Spot {
        self.cut(self.byte(start.start.index())..self.byte(end.end.index()))
    }

    /// A block's end is where the next token begins; drop the space between.
    fn cut(&self, span: Range<usize>) -> Spot {
        let text = self.rendered.text();
        let end = span.end.clamp(span.start, text.len());
        let kept = text[span.start..end].trim_end().len();
        Spot {
            source: Arc::clone(self.source),
            span: self.rendered.original(span.start..span.start + kept),
        }
    }
}

fn is_core(tag: &Tag) -> bool {
    tag.is_yaml_core_schema() || tag.handle == "!!"
}

fn size(node: &Node) -> usize {
    1 + match &node.value {
        Value::Scalar(_) => 0,
        Value::List(items) => items.iter().map(size).sum(),
        Value::Map(entries) => entries.iter().map(|entry| size(&entry.value)).sum(),
    }
}
