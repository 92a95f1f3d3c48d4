//! What runs components: the engine, which starts when the first one must be compiled or called,
//! and the cache beside it.

use std::hash::{Hash, Hasher};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use sha2::{Digest, Sha256};
use wasmtime::component::types::{ComponentInstance, ComponentItem};
use wasmtime::component::{Component, Linker, LinkerInstance, ResourceType};
use wasmtime::{Config, Engine};

use super::cache::{Cache, hexadecimal};
use super::contract;
use super::error::Fault;
use super::limits::{Limits, LogSink, State, Stopped};
use super::ticker::Ticker;
use crate::model::wit::log;

pub(super) struct Inner {
    pub(super) limits: Limits,
    pub(super) log: LogSink,
    pub(super) cache: Option<Cache>,
    runtime: OnceLock<Result<Runtime, String>>,
    compilations: AtomicUsize,
}

/// The engine and what belongs to it.
pub(super) struct Runtime {
    pub(super) engine: Engine,
    pub(super) ticker: Ticker,
    linker: Linker<State>,
    /// Identifies everything that compiled code depends on but the component.
    key: String,
}

impl Inner {
    pub(super) fn new(limits: Limits, log: LogSink, cache: Option<Cache>) -> Self {
        let (runtime, compilations) = (OnceLock::new(), AtomicUsize::new(0));
        Self { limits, log, cache, runtime, compilations }
    }

    /// How many components were compiled, rather than taking their code from the cache.
    pub(super) fn compilations(&self) -> usize {
        self.compilations.load(Ordering::Relaxed)
    }

    /// The engine, started now if it is not running.
    pub(super) fn runtime(&self) -> Result<&Runtime, Fault> {
        let runtime = self.runtime.get_or_init(|| {
            Runtime::start(&self.limits).map_err(|error| format!("no engine: {error:#}"))
        });
        runtime.as_ref().map_err(|reason| Fault::Source(reason.clone()))
    }

    /// The code of a component, from the cache or compiled now, and kept.
    pub(super) fn code(&self, digest: &str, bytes: &[u8]) -> Result<Component, Fault> {
        let runtime = self.runtime()?;
        let cached = self.cache.as_ref().and_then(|cache| cache.code(digest, &runtime.key));
        if let Some(code) = cached {
            // SAFETY: the bytes came out of `serialize` of an engine with the same key: the
            // cache is private to the user, and checked their checksum against our header.
            if let Ok(component) = unsafe { Component::deserialize(&runtime.engine, &code) } {
                return Ok(component);
            }
        }
        self.compilations.fetch_add(1, Ordering::Relaxed);
        let component = Component::from_binary(&runtime.engine, bytes)
            .map_err(|error| Fault::NotAComponent(format!("{error:#}")))?;
        self.keep(|cache| {
            let code = component.serialize().map_err(std::io::Error::other)?;
            cache.keep_code(digest, &runtime.key, &code)
        });
        Ok(component)
    }

    /// Writes to the cache; a full disk is no reason not to deploy.
    pub(super) fn keep(&self, write: impl FnOnce(&Cache) -> std::io::Result<()>) {
        if let Some(Err(error)) = self.cache.as_ref().map(write) {
            (self.log)("cache", log::Level::Warn, &format!("a plugin was not kept: {error}"));
        }
    }
}

impl Runtime {
    fn start(limits: &Limits) -> wasmtime::Result<Self> {
        let mut config = Config::new();
        config.wasm_component_model(true);
        config.epoch_interruption(true);
        // The same answer on every machine.
        config.cranelift_nan_canonicalization(true);
        config.relaxed_simd_deterministic(true);
        // By default an instance reserves 4 GiB of address space, which fails under
        // `ulimit -v`; more than the limit is never used.
        config.memory_reservation(limits.memory as u64);
        let engine = Engine::new(&config)?;
        let mut linker = Linker::new(&engine);
        contract::all().iter().try_for_each(|package| package.link(&mut linker))?;
        let mut key = Key(Sha256::new());
        engine.precompile_compatibility_hash().hash(&mut key);
        let key = hexadecimal(&key.0.finalize());
        let ticker = Ticker::start(&engine)?;
        Ok(Self { engine, ticker, linker, key })
    }

    /// The imports of a component. With `wasi`, those it has of `wasi:` are functions that
    /// end the call: they are there so that a guest with a language runtime can be linked.
    pub(super) fn linker(
        &self,
        component: &Component,
        wasi: bool,
    ) -> wasmtime::Result<Linker<State>> {
        let mut linker = self.linker.clone();
        if wasi {
            for (interface, import) in component.component_type().imports(&self.engine) {
                if let ComponentItem::ComponentInstance(instance) = import.ty
                    && interface.starts_with("wasi:")
                {
                    self.refuse_calls(&mut linker.instance(interface)?, interface, &instance)?;
                }
            }
        }
        Ok(linker)
    }

    fn refuse_calls(
        &self,
        linker: &mut LinkerInstance<State>,
        interface: &str,
        instance: &ComponentInstance,
    ) -> wasmtime::Result<()> {
        for (name, export) in instance.exports(&self.engine) {
            match export.ty {
                ComponentItem::ComponentFunc(_) => {
                    let called = format!("{interface}#{name}");
                    let refuse = move || Err(Stopped::Wasi(called.clone()).into());
                    linker.func_new(name, move |_, _, _, _| refuse())?;
                }
                ComponentItem::Resource(_) => {
                    linker.resource(name, ResourceType::host::<()>(), |_, _| Ok(()))?;
                }
                // Types need nothing; what else there may be fails when it is linked.
                _ => {}
            }
        }
        Ok(())
    }
}

/// The engine hashes what its code depends on; this makes a stable name of it.
struct Key(Sha256);

impl Hasher for Key {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let digest = self.0.clone().finalize();
        digest.iter().take(8).fold(0, |sum, byte| (sum << 8) | u64::from(*byte))
    }
}
