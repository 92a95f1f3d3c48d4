//! One component and the calls to it: each in an instance of its own, under the limits.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use wasmtime::component::InstancePre;
use wasmtime::{Store, WasmBacktrace};

use super::contract::{Contract, Description};
use super::describe;
use super::engine::Inner;
use super::error::{Fault, PluginError};
use super::limits::{Running, State, Stopped};

/// Frames of a crash that are worth showing.
const FRAMES: usize = 3;
/// How the engine says that an answer is too large; the type of that error is private. Only the
/// wording of our own error depends on it: the call has failed in any case.
const TOO_LARGE: &str = "fuel allocated for hostcalls";

/// A component, and what is known of it without running it.
pub(super) struct Component {
    pub name: String,
    pub bytes: Cow<'static, [u8]>,
    pub digest: String,
    /// It imports `wasi:*`.
    pub wasi: bool,
    /// The package that it was built against.
    pub contract: &'static dyn Contract,
}

/// A component that can be called; compiled at the first call.
pub(super) struct Guest {
    host: Arc<Inner>,
    component: Component,
    linked: OnceLock<Result<InstancePre<State>, Fault>>,
}

impl Guest {
    pub(super) fn new(host: Arc<Inner>, component: Component) -> Self {
        Self { host, component, linked: OnceLock::new() }
    }

    pub(super) fn name(&self) -> &str {
        &self.component.name
    }

    pub(super) fn digest(&self) -> &str {
        &self.component.digest
    }

    /// The package of the contract that it was built against.
    pub(super) fn contract(&self) -> &'static dyn Contract {
        self.component.contract
    }

    pub(super) fn items(&self) -> usize {
        self.host.limits.items
    }

    /// Asks the plugin who it is, and checks the answer.
    pub(super) fn describe(&self) -> Result<Description, PluginError> {
        const CALL: &str = "describe";
        let description = self.call(CALL, |running| self.component.contract.describe(running))?;
        match describe::check(&description, &self.component.name) {
            Ok(()) => Ok(description),
            Err(violation) => Err(self.error(CALL, Fault::ContractViolation(violation))),
        }
    }

    /// Runs one function of the component in a fresh instance.
    pub(super) fn call<T>(
        &self,
        call: &'static str,
        run: impl FnOnce(&mut Running) -> wasmtime::Result<T>,
    ) -> Result<T, PluginError> {
        let fail = |fault| self.error(call, fault);
        let linked = self.linked.get_or_init(|| self.link());
        let linked = linked.as_ref().map_err(|fault| fail(fault.clone()))?;
        let runtime = self.host.runtime().map_err(fail)?;
        let limits = self.host.limits;
        let state = State::new(&self.component.name, limits, Arc::clone(&self.host.log));
        let mut store = Store::new(&runtime.engine, state);
        store.limiter(|state| state);
        store.set_hostcall_fuel(limits.answer);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|mut store| store.data_mut().tick());
        let ticking = runtime.ticker.tick();
        let outcome = match linked.instantiate(&mut store) {
            Ok(instance) => {
                let mut running = (store, instance);
                let outcome = run(&mut running);
                store = running.0;
                outcome
            }
            Err(error) => Err(error),
        };
        drop(ticking);
        outcome.map_err(|error| fail(self.fault(&error, store.into_data())))
    }

    pub(super) fn error(&self, call: &'static str, fault: Fault) -> PluginError {
        PluginError { plugin: self.component.name.clone(), call, fault }
    }

    /// Compiles the component, unless the cache has its code, and resolves its imports.
    fn link(&self) -> Result<InstancePre<State>, Fault> {
        let component = self.host.code(&self.component.digest, &self.component.bytes)?;
        let refuse = |error: wasmtime::Error| Fault::NotAComponent(format!("{error:#}"));
        let linker =
            self.host.runtime()?.linker(&component, self.component.wasi).map_err(refuse)?;
        linker.instantiate_pre(&component).map_err(refuse)
    }

    /// What the end of a call means.
    fn fault(&self, error: &wasmtime::Error, state: State) -> Fault {
        let limits = &self.host.limits;
        match error.downcast_ref::<Stopped>() {
            Some(Stopped::Memory) => return Fault::Memory { limit: limits.memory },
            Some(Stopped::Time) => return Fault::Time { limit: limits.time },
            Some(Stopped::Wasi(function)) => return Fault::Wasi(function.clone()),
            None => {}
        }
        let message = error.root_cause().to_string();
        if message.contains(TOO_LARGE) {
            return Fault::Size { limit: limits.answer };
        }
        let backtrace = error.downcast_ref::<WasmBacktrace>().map(frames).unwrap_or_default();
        let message = message.trim_start_matches("wasm trap: ").to_owned();
        Fault::Trap { message, backtrace, said: state.said }
    }
}

fn frames(backtrace: &WasmBacktrace) -> Vec<String> {
    let name = |frame: &wasmtime::FrameInfo| match frame.func_name() {
        Some(name) => name.to_owned(),
        None => format!("function {}", frame.func_index()),
    };
    backtrace.frames().iter().take(FRAMES).map(name).collect()
}
