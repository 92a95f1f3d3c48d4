//! Warnings for people, through the only import of the world.

/// Writes a warning. Natively, in tests, there is nobody to read it.
pub fn warn(message: &str) {
    #[cfg(target_arch = "wasm32")]
    windlass_sdk::log::write(windlass_sdk::log::Level::Warn, message);
    #[cfg(not(target_arch = "wasm32"))]
    let _ = message;
}
