//! The forms of ERB that deploy files really use, without Ruby.
//!
//! `tags` finds the tags, `token`, `grammar` and `statement` read the Ruby inside them, `evaluate`
//! gives it a value from a [`World`] that the caller provides; here the pieces are put together
//! again, with `if`, `unless`, `elsif`, `else` and `end` around them. Never a general interpreter:
//! what is not understood is refused, with its place and a way out. Only a tag that prints in
//! a comment line may stay as it is, since it could change nothing.

mod evaluate;
mod expr;
mod grammar;
mod refusal;
mod rendered;
mod statement;
mod tags;
#[cfg(test)]
mod tests;
mod token;
mod value;

use std::ops::Range;

pub use evaluate::World;
pub use rendered::Rendered;

use super::source::Source;
use crate::model::problem::Problem;
use expr::Expr;
use refusal::Refusal;
use statement::Statement;
use tags::{Piece, Tag};

/// Replace the ERB tags of a file by their values.
///
/// # Errors
/// One problem per tag that cannot be understood or has no value.
pub fn render(source: &Source, world: &World<'_>) -> Result<Rendered, Vec<Problem>> {
    let text = source.text();
    let rendered = Rendered::plain(String::with_capacity(text.len()));
    let mut renderer =
        Renderer { source, world, rendered, problems: Vec::new(), branches: Vec::new() };
    for piece in tags::pieces(text) {
        renderer.piece(piece);
    }
    let Renderer { rendered, mut problems, branches, .. } = renderer;
    for branch in branches {
        let problem = Problem::error("ERB: this `if` has no `end`").at(source.place(branch.opened));
        problems.push(problem.help("write `<% end %>` where it ends"));
    }
    if problems.is_empty() { Ok(rendered) } else { Err(problems) }
}

/// An `if` whose `end` has not come yet.
struct Branch {
    opened: Range<usize>,
    /// Whether the text around it counts.
    outside: bool,
    /// Whether an arm was taken already.
    decided: bool,
    /// Whether the text in the present arm counts.
    taken: bool,
    /// Whether `else` has come.
    last: bool,
    /// Whether it is a block that is not understood; nothing in it is looked at.
    foreign: bool,
}

struct Renderer<'a> {
    source: &'a Source,
    world: &'a World<'a>,
    rendered: Rendered,
    problems: Vec<Problem>,
    branches: Vec<Branch>,
}

impl Renderer<'_> {
    fn piece(&mut self, piece: Piece) {
        match piece {
            Piece::Text(span) if self.counts() => self.rendered.keep(&self.source.text()[span]),
            Piece::Text(span) => self.rendered.replace(span, ""),
            Piece::Instead(span, with) => {
                let with = if self.counts() { with } else { "" };
                self.rendered.replace(span, with);
            }
            Piece::Output(tag) => self.output(&tag),
            Piece::Statement(tag) => self.statement(&tag),
            Piece::Unclosed(span) => {
                let problem = Problem::error("`<%` without `%>`").at(self.source.place(span));
                self.problems
                    .push(problem.help("close the tag, or write `<%%` for a literal `<%`"));
            }
        }
    }

    /// Whether what comes now is part of the result.
    fn counts(&self) -> bool {
        self.branches.last().is_none_or(|branch| branch.taken)
    }

    /// `<%= … %>`
    fn output(&mut self, tag: &Tag) {
        if self.branches.iter().any(|branch| branch.foreign) {
            return self.rendered.replace(tag.span.clone(), "");
        }
        let counts = self.counts();
        let value = grammar::expression(self.code(tag)).and_then(|expr| match counts {
            true => evaluate::evaluate(&expr, self.world).map(|value| value.text()),
            false => Ok(String::new()),
        });
        match value {
            Ok(value) => self.rendered.replace(tag.span.clone(), &value),
            Err(_) if in_comment(self.source.text(), &tag.span) => {
                let text = if counts { &self.source.text()[tag.span.clone()] } else { "" };
                self.rendered.replace(tag.span.clone(), text);
            }
            Err(refusal) => self.refuse(tag, refusal),
        }
    }

    /// `<% … %>`
    fn statement(&mut self, tag: &Tag) {
        self.rendered.replace(tag.span.clone(), "");
        let statement = match statement::statement(self.code(tag)) {
            Ok(statement) => statement,
            Err(refusal) => return self.refuse(tag, refusal),
        };
        match statement {
            Statement::Nothing => {}
            Statement::If(condition) => {
                let outside = self.counts();
                let taken = outside && self.holds(tag, &condition);
                let opened = tag.span.clone();
                let decided = taken || !outside;
                self.branches.push(Branch {
                    opened,
                    outside,
                    decided,
                    taken,
                    last: false,
                    foreign: false,
                });
            }
            Statement::Block(refusal) => {
                self.refuse(tag, refusal);
                let (opened, outside) = (tag.span.clone(), self.counts());
                let branch = Branch {
                    opened,
                    outside,
                    decided: true,
                    taken: false,
                    last: true,
                    foreign: true,
                };
                self.branches.push(branch);
            }
            Statement::Elsif(condition) => {
                let Some(open) = self.arm(tag, "elsif", false) else { return };
                let taken = open && self.holds(tag, &condition);
                self.take(taken);
            }
            Statement::Else => {
                let Some(open) = self.arm(tag, "else", true) else { return };
                self.take(open);
            }
            Statement::End => {
                if self.branches.pop().is_none() {
                    self.alone(tag, "end");
                }
            }
        }
    }

    /// Begins another arm; whether it may be the one that counts.
    fn arm(&mut self, tag: &Tag, word: &str, last: bool) -> Option<bool> {
        match self.branches.last_mut().filter(|branch| !branch.last) {
            Some(branch) => {
                branch.last = last;
                Some(branch.outside && !branch.decided)
            }
            None => {
                self.alone(tag, word);
                None
            }
        }
    }

    fn take(&mut self, taken: bool) {
        if let Some(branch) = self.branches.last_mut() {
            branch.taken = taken;
            branch.decided |= taken;
        }
    }

    /// A part of an `if` without the `if`.
    fn alone(&mut self, tag: &Tag, word: &str) {
        let problem = Problem::error(format!("ERB: this `{word}` belongs to no `if`"))
            .at(self.source.place(tag.span.clone()));
        self.problems.push(problem.help("`<% if … %>`, `<% else %>` and `<% end %>` go together"));
    }

    fn holds(&mut self, tag: &Tag, condition: &Expr) -> bool {
        match evaluate::evaluate(condition, self.world) {
            Ok(value) => value.is_true(),
            Err(refusal) => {
                self.refuse(tag, refusal);
                false
            }
        }
    }

    fn code(&self, tag: &Tag) -> &str {
        &self.source.text()[tag.code.clone()]
    }

    fn refuse(&mut self, tag: &Tag, refusal: Refusal) {
        let Refusal { span, mut problem } = refusal;
        let within = tag.code.start + span.start..tag.code.start + span.end;
        let shown = self.source.text()[tag.code.clone()].trim();
        if problem.message.starts_with("ERB: ") && !shown.contains('\n') {
            let short: String = shown.chars().take(60).collect();
            let more = if short.len() < shown.len() { "…" } else { "" };
            problem.message = format!("{}: `{short}{more}`", problem.message);
        }
        // Nothing to mark is no good mark.
        let span = if within.is_empty() { tag.span.clone() } else { within };
        self.problems.push(problem.at(self.source.place(span)));
    }
}

/// Whether a tag stands in a line that is a YAML comment, with nothing that could end it.
fn in_comment(text: &str, span: &Range<usize>) -> bool {
    let line = text[..span.start].rfind('\n').map_or(0, |at| at + 1);
    text[line..span.start].trim_start().starts_with('#') && !text[span.clone()].contains('\n')
}
