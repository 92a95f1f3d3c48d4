//! The two views of a result, side by side: what people read, and what programs read.

use serde_json::Value;

/// What a command shows. It is printed by [`super::output::Output::show`].
pub trait View {
    /// For people, without a line break at the end.
    fn human(&self) -> String;

    /// For programs, which get it on one line.
    fn json(&self) -> Value;

    /// Whether revisions are cut short in what people see.
    fn is_brief(&self) -> bool {
        false
    }
}
