//! The bindings of `wit/` as `build.rs` generates them: for a guest what its exports are made
//! of, natively the types alone.

mod generated {
    #![allow(warnings, clippy::all, clippy::allow_attributes_without_reason, reason = "generated")]
    include!(concat!(env!("OUT_DIR"), "/bindings.rs"));
}

pub use generated::windlass::plugin::{
    composition, containers, context, description, facts, log, lowering, steps, values,
};

#[cfg(target_arch = "wasm32")]
pub use generated::exports::windlass::plugin::{engine, env, lifecycle, proxy, registry, role};
#[cfg(not(target_arch = "wasm32"))]
pub use generated::windlass::plugin::role;

/// What tells an encoder of components which world a plugin implements, by kind.
#[doc(hidden)]
pub mod worlds {
    pub const STEP: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/step.world"));
    pub const ROLE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/role.world"));
    pub const PROXY: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/proxy.world"));
    pub const ENV: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/env.world"));
    pub const REGISTRY: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/registry.world"));
    pub const ENGINE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/engine.world"));
}
