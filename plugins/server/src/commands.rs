//! What is asked and planned for each command.

use windlass_sdk::All;
use windlass_sdk::types::{Context, Observation, Question, Step};

use crate::{bootstrap, exec};

/// What must be known of the hosts before the context's operation.
pub fn observe(context: &Context) -> All<Question> {
    Ok([bootstrap::questions(context), exec::questions(context)].concat())
}

/// The steps of the context's operation.
///
/// # Errors
/// What cannot be done, with the reason.
pub fn plan(context: &Context, observed: &[Observation]) -> All<Step> {
    if context.is(exec::EXEC) {
        return Ok(exec::plan(context));
    }
    bootstrap::plan(context, observed)
}
