//! Loads plugins. The engine starts when the first component must be compiled or called:
//! with descriptions in the cache, `--help` touches no WebAssembly.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::panic::resume_unwind;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::{self, ScopedJoinHandle};

use sha2::{Digest, Sha256};
use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime::{Config, Engine};

use super::cache::{Cache, Described, hexadecimal};
use super::error::{Fault, PluginError};
use super::kind::Shape;
use super::limits::{Limits, LogSink, State};
use super::source::Source;
use super::ticker::Ticker;
use super::{Plugin, guest::Guest};
use crate::model::wit::{composition, description, log, lowering, types};

/// How to run plugins.
#[derive(Clone)]
pub struct HostOptions {
    /// Where descriptions and compiled code are kept between runs; made if it is missing.
    pub cache_dir: Option<PathBuf>,
    pub limits: Limits,
    /// Receives what plugins log, and warnings about the cache.
    pub log: LogSink,
}

/// Loads and runs plugins. Cheap to clone.
#[derive(Clone)]
pub struct Host {
    inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) limits: Limits,
    pub(super) log: LogSink,
    cache: Option<Cache>,
    machine: OnceLock<Result<Machine, String>>,
    compilations: AtomicUsize,
}

/// The engine and what belongs to it.
pub(super) struct Machine {
    pub(super) engine: Engine,
    pub(super) ticker: Ticker,
    linker: Linker<State>,
    /// Identifies everything that compiled code depends on but the component.
    key: String,
}

impl Host {
    /// A host. Does nothing yet but look at the cache; one that cannot be used costs time,
    /// and a warning.
    pub fn new(options: HostOptions) -> Self {
        let HostOptions { cache_dir, limits, log } = options;
        let cache = cache_dir.and_then(|directory| {
            let warn = |error: &std::io::Error| {
                let text = format!("compiled plugins are not kept: {error}");
                log("cache", log::Level::Warn, &text);
            };
            Cache::open(&directory).inspect_err(warn).ok()
        });
        let (machine, compilations) = (OnceLock::new(), AtomicUsize::new(0));
        Self { inner: Arc::new(Inner { limits, log, cache, machine, compilations }) }
    }

    /// Loads a plugin: reads the component, and its description from the cache or, the first
    /// time, from the component itself.
    ///
    /// # Errors
    /// The component cannot be read, is built against another version of the contract,
    /// imports what no plugin is given, or fails to describe itself truthfully.
    pub fn load(&self, source: Source) -> Result<Plugin, PluginError> {
        let name = source.name().to_owned();
        let fail = |fault| PluginError { plugin: name.clone(), call: "load", fault };
        let (bytes, digest) = source.read(self.inner.limits.component).map_err(fail)?;
        let cached = self.inner.cache.as_ref().and_then(|cache| cache.description(&digest));
        // The cache knows components, not the names that files are given.
        let cached = cached.filter(|described| described.description.name == name);
        if let Some(described) = cached {
            let wasi = described.wasi;
            let guest = Guest::new(Arc::clone(&self.inner), name, bytes, digest, wasi);
            return Plugin::new(guest, described, source.is_bundled());
        }
        let Shape { kind, wasi } = Shape::read(&bytes).map_err(fail)?;
        let guest = Guest::new(Arc::clone(&self.inner), name, bytes, digest, wasi);
        let described = Described { kind, wasi, description: guest.describe()? };
        self.inner.keep(|cache| cache.keep_description(guest.digest(), &described));
        Plugin::new(guest, described, source.is_bundled())
    }

    /// Loads plugins, in the same order; those seen for the first time are compiled side by
    /// side.
    ///
    /// # Errors
    /// The first in the order of `sources` that cannot be loaded; see [`Host::load`].
    pub fn load_all(&self, sources: Vec<Source>) -> Result<Vec<Plugin>, PluginError> {
        thread::scope(|scope| {
            let load = |source| scope.spawn(|| self.load(source));
            let loading: Vec<_> = sources.into_iter().map(load).collect();
            let end =
                |load: ScopedJoinHandle<'_, _>| load.join().unwrap_or_else(|e| resume_unwind(e));
            loading.into_iter().map(end).collect()
        })
    }

    /// How many components this host compiled, rather than taking their code from the cache.
    pub fn compilations(&self) -> usize {
        self.inner.compilations.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").field("cache", &self.inner.cache).finish_non_exhaustive()
    }
}

impl Inner {
    /// The engine, started now if it is not running.
    pub(super) fn machine(&self) -> Result<&Machine, Fault> {
        let machine = self.machine.get_or_init(|| {
            Machine::start(&self.limits).map_err(|error| format!("no engine: {error:#}"))
        });
        machine.as_ref().map_err(|reason| Fault::Source(reason.clone()))
    }

    /// The code of a component, from the cache or compiled now, and kept.
    pub(super) fn code(&self, digest: &str, bytes: &[u8]) -> Result<Component, Fault> {
        let machine = self.machine()?;
        let cached = self.cache.as_ref().and_then(|cache| cache.code(digest, &machine.key));
        if let Some(code) = cached {
            // SAFETY: the bytes came out of `serialize` of an engine with the same key: the
            // cache is private to the user, and checked their checksum against our header.
            if let Ok(component) = unsafe { Component::deserialize(&machine.engine, &code) } {
                return Ok(component);
            }
        }
        self.compilations.fetch_add(1, Ordering::Relaxed);
        let component = Component::from_binary(&machine.engine, bytes)
            .map_err(|error| Fault::NotAComponent(format!("{error:#}")))?;
        self.keep(|cache| {
            let code = component.serialize().map_err(std::io::Error::other)?;
            cache.keep_code(digest, &machine.key, &code)
        });
        Ok(component)
    }

    /// Writes to the cache; a full disk is no reason not to deploy.
    fn keep(&self, write: impl FnOnce(&Cache) -> std::io::Result<()>) {
        if let Some(Err(error)) = self.cache.as_ref().map(write) {
            (self.log)("cache", log::Level::Warn, &format!("a plugin was not kept: {error}"));
        }
    }
}

impl Machine {
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
        types::add_to_linker::<_, HasSelf<State>>(&mut linker, |state| state)?;
        composition::add_to_linker::<_, HasSelf<State>>(&mut linker, |state| state)?;
        description::add_to_linker::<_, HasSelf<State>>(&mut linker, |state| state)?;
        lowering::add_to_linker::<_, HasSelf<State>>(&mut linker, |state| state)?;
        log::add_to_linker::<_, HasSelf<State>>(&mut linker, |state| state)?;
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
            linker.define_unknown_imports_as_traps(component)?;
        }
        Ok(linker)
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
