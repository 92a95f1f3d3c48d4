//! What an operation means to Traefik.

use windlass_sdk::types::{Area, Context, Intent};

/// The noun of the plugin's own commands.
pub const NOUN: &str = "traefik";

/// True for the operations that put Traefik in the place of another proxy.
pub fn is_downgrade(context: &Context) -> bool {
    context.aims(Intent::Replace, Area::Proxies)
}
