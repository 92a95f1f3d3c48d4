//! Why a tag has no value: where in its code, and what to write instead.

use std::ops::Range;

use crate::model::problem::Problem;

/// A problem at a place in the code of a tag.
#[derive(Debug)]
pub struct Refusal {
    pub span: Range<usize>,
    pub problem: Box<Problem>,
}

impl Refusal {
    /// A problem that says everything but its place.
    pub fn new(span: Range<usize>, problem: Problem) -> Self {
        Self { span, problem: Box::new(problem) }
    }

    /// Code that has no form of those that are understood.
    pub fn unknown(span: Range<usize>) -> Self {
        Self::form(span, "this Ruby is not understood")
    }

    /// The same with a more exact reason.
    pub fn form(span: Range<usize>, why: &str) -> Self {
        let problem = Problem::error(format!("ERB: {why}"));
        Self::new(span, problem.label("not one of the forms that work without Ruby")).help(
            "write the value itself, or put it into the environment (or `.env`) and write \
                 `<%= ENV[\"NAME\"] %>` or `<%= ENV.fetch(\"NAME\", \"default\") %>`",
        )
    }

    /// The same with another way out.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.problem.help = Some(help.into());
        self
    }
}
