//! Loads plugins. The engine starts when the first component must be compiled or called:
//! with descriptions in the cache, `--help` touches no WebAssembly.

use std::fmt;
use std::panic::resume_unwind;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{self, ScopedJoinHandle};

use super::cache::{Cache, Described};
use super::contract;
use super::engine::Inner;
use super::error::PluginError;
use super::guest::{Component, Guest};
use super::limits::{Limits, LogSink};
use super::loaded::Plugin;
use super::shape::Shape;
use super::source::Source;
use crate::model::wit::log;

/// How to run plugins.
#[derive(Clone)]
pub struct LoaderOptions {
    /// Where descriptions and compiled code are kept between runs; made if it is missing.
    pub cache_dir: Option<PathBuf>,
    pub limits: Limits,
    /// Receives what plugins log, and warnings about the cache.
    pub log: LogSink,
}

/// Loads and runs plugins. Cheap to clone.
#[derive(Clone)]
pub struct Loader {
    inner: Arc<Inner>,
}

impl Loader {
    /// A loader. Does nothing yet but look at the cache; one that cannot be used costs time,
    /// and a warning.
    pub fn new(options: LoaderOptions) -> Self {
        let LoaderOptions { cache_dir, limits, log } = options;
        let cache = cache_dir.and_then(|directory| {
            let warn = |error: &std::io::Error| {
                let text = format!("compiled plugins are not kept: {error}");
                log("cache", log::Level::Warn, &text);
            };
            Cache::open(&directory).inspect_err(warn).ok()
        });
        Self { inner: Arc::new(Inner::new(limits, log, cache)) }
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
        if let Some(described) = cached
            && let Some(contract) = contract::of(&described.contract)
        {
            let wasi = described.wasi;
            let component = Component { name, bytes, digest, wasi, contract };
            let guest = Guest::new(Arc::clone(&self.inner), component);
            return Plugin::new(guest, described, source.is_bundled());
        }
        let Shape { kind, wasi, package: contract } = Shape::read(&bytes).map_err(fail)?;
        let component = Component { name, bytes, digest, wasi, contract };
        let guest = Guest::new(Arc::clone(&self.inner), component);
        let contract = contract.version().to_owned();
        let described = Described { kind, wasi, contract, description: guest.describe()? };
        self.inner.keep(|cache| cache.keep_description(guest.digest(), &described));
        Plugin::new(guest, described, source.is_bundled())
    }

    /// Loads plugins, in the same order; those seen for the first time are compiled side by
    /// side.
    ///
    /// # Errors
    /// The first in the order of `sources` that cannot be loaded; see [`Loader::load`].
    pub fn load_all(&self, sources: Vec<Source>) -> Result<Vec<Plugin>, PluginError> {
        thread::scope(|scope| {
            let load = |source| scope.spawn(|| self.load(source));
            let loading: Vec<_> = sources.into_iter().map(load).collect();
            let end =
                |load: ScopedJoinHandle<'_, _>| load.join().unwrap_or_else(|e| resume_unwind(e));
            loading.into_iter().map(end).collect()
        })
    }

    /// How many components this loader compiled, rather than taking their code from the cache.
    pub fn compilations(&self) -> usize {
        self.inner.compilations()
    }
}

impl fmt::Debug for Loader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loader").field("cache", &self.inner.cache).finish_non_exhaustive()
    }
}
