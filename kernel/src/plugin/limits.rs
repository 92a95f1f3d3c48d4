//! What one call may use, and the state of a store that enforces it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use wasmtime::component::Instance;
use wasmtime::{ResourceLimiter, Store, UpdateDeadline};

use super::ticker::TICK;
use crate::model::printable::on_one_line;
use crate::model::wit::{
    composition, containers, context, description, facts, log, lowering, steps, values,
};

/// Receives what plugins log: the plugin's name, the level, the text as one line that can be
/// printed. The text is not masked yet.
pub type LogSink = Arc<dyn Fn(&str, log::Level, &str) + Send + Sync>;

/// Bounds of one call. The defaults fit guests in Rust with room for those that bring a
/// language runtime (Python starts with 12.5 MiB, 5,700 table elements and 48 instances).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of linear memory, all memories together.
    pub memory: usize,
    /// Time spent computing, start of the instance included.
    pub time: Duration,
    /// Bytes that an answer, or one message to the log, may come to.
    pub answer: usize,
    /// Items (steps, questions, …) of an answer.
    pub items: usize,
    /// Bytes of a component.
    pub component: usize,
    pub table_elements: usize,
    pub instances: usize,
    pub memories: usize,
    pub tables: usize,
    /// Messages; later ones are dropped.
    pub messages: usize,
    /// Bytes of a message; the rest is cut off.
    pub message: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: 64 << 20,
            time: Duration::from_secs(5),
            answer: 16 << 20,
            items: 10_000,
            component: 64 << 20,
            table_elements: 20_000,
            instances: 64,
            memories: 8,
            tables: 32,
            messages: 1_000,
            message: 8 << 10,
        }
    }
}

/// Why the host ended a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stopped {
    Memory,
    Time,
    /// It called this function of `wasi:`.
    Wasi(String),
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory limit"),
            Self::Time => f.write_str("time limit"),
            Self::Wasi(function) => write!(f, "call to {function}"),
        }
    }
}

impl std::error::Error for Stopped {}

/// A call under way.
pub(super) type Running = (Store<State>, Instance);

/// What a store carries during its one call.
pub(super) struct State {
    plugin: String,
    limits: Limits,
    log: LogSink,
    messages: usize,
    /// The last message, for the error if the guest dies now.
    pub(super) said: Option<String>,
    memory: usize,
    ticks: u128,
}

impl State {
    pub(super) fn new(plugin: &str, limits: Limits, log: LogSink) -> Self {
        let plugin = plugin.to_owned();
        Self { plugin, limits, log, messages: 0, said: None, memory: 0, ticks: 0 }
    }

    /// Called at each tick in which the guest computed. Counting them, rather than setting a
    /// deadline, leaves out the time that the guest waited for us or the machine slept.
    pub(super) fn tick(&mut self) -> wasmtime::Result<UpdateDeadline> {
        self.ticks += 1;
        if self.ticks * TICK.as_millis() > self.limits.time.as_millis() {
            return Err(Stopped::Time.into());
        }
        Ok(UpdateDeadline::Continue(1))
    }
}

impl ResourceLimiter for State {
    /// Ends the call rather than refusing the memory: what a guest does without memory is
    /// its allocator's choice, and no answer made under pressure is worth having.
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        let total = self.memory.saturating_add(desired - current);
        if total > self.limits.memory {
            return Err(Stopped::Memory.into());
        }
        self.memory = total;
        Ok(true)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= self.limits.table_elements.min(maximum.unwrap_or(usize::MAX)))
    }

    fn instances(&self) -> usize {
        self.limits.instances
    }

    fn tables(&self) -> usize {
        self.limits.tables
    }

    fn memories(&self) -> usize {
        self.limits.memories
    }
}

/// Serves interfaces of types alone: there is nothing to call.
macro_rules! serve_types {
    ($($interface:ident),*) => { $(impl $interface::Host for State {})* };
}
#[cfg(test)]
pub(super) use serve_types;

serve_types!(values, containers, facts, context, steps, description, composition, lowering);

impl log::Host for State {
    fn write(&mut self, level: log::Level, message: String) {
        self.messages += 1;
        if self.messages > self.limits.messages {
            return;
        }
        let message = shown(&message, self.limits.message);
        (self.log)(&self.plugin, level, &message);
        self.said = Some(message);
    }
}

/// A guest's text, safe to show: one line of at most `length` bytes.
pub(super) fn shown(text: &str, length: usize) -> String {
    on_one_line(&text[..text.floor_char_boundary(length)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!(shown("aé", 2), "a");
    }

    #[test]
    fn memories_share_one_limit() {
        let limits = Limits { memory: 100, ..Limits::default() };
        let mut state = State::new("x", limits, Arc::new(|_, _, _| {}));
        assert!(state.memory_growing(0, 60, None).unwrap());
        assert!(!state.memory_growing(0, 60, Some(50)).unwrap());
        assert!(state.memory_growing(0, 40, None).unwrap());
        assert!(state.memory_growing(60, 61, None).is_err());
    }
}
