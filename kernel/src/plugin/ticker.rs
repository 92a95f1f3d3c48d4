//! The clock of the time limit: a thread that advances the engine's epoch while a call
//! runs, and sleeps while none does.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use wasmtime::Engine;

/// The grain of the time limit.
pub(super) const TICK: Duration = Duration::from_millis(10);

#[derive(Default)]
struct Shared {
    state: Mutex<Running>,
    changed: Condvar,
}

#[derive(Default)]
struct Running {
    calls: usize,
    closed: bool,
}

/// Ticks while at least one [`Ticking`] is alive. Its thread ends with it.
pub(super) struct Ticker {
    shared: Arc<Shared>,
}

/// One call under way.
pub(super) struct Ticking {
    shared: Arc<Shared>,
}

impl Ticker {
    /// Starts the thread.
    ///
    /// # Errors
    /// The system refuses another thread.
    pub(super) fn start(engine: &Engine) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let (mine, engine) = (Arc::clone(&shared), engine.clone());
        thread::Builder::new().name("plugin-clock".to_owned()).spawn(move || {
            while mine.wait_for_call() {
                thread::sleep(TICK);
                engine.increment_epoch();
            }
        })?;
        Ok(Self { shared })
    }

    pub(super) fn tick(&self) -> Ticking {
        self.shared.change(|running| running.calls += 1);
        Ticking { shared: Arc::clone(&self.shared) }
    }
}

impl Shared {
    fn change(&self, change: impl FnOnce(&mut Running)) {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.notify_one();
    }

    /// Returns at once while a call runs, else when the next one begins; false at the end.
    fn wait_for_call(&self) -> bool {
        let idle = |running: &mut Running| running.calls == 0 && !running.closed;
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let state = self.changed.wait_while(state, idle).unwrap_or_else(PoisonError::into_inner);
        !state.closed
    }
}

impl Drop for Ticking {
    fn drop(&mut self) {
        self.shared.change(|running| running.calls -= 1);
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.shared.change(|running| running.closed = true);
    }
}
