//! Words for people who run with `--verbose`. Natively, in tests, there is nobody to read them.

/// Tells something that explains a decision.
pub fn info(message: &str) {
    #[cfg(target_arch = "wasm32")]
    crate::wit::log::write(crate::wit::log::Level::Info, message);
    #[cfg(not(target_arch = "wasm32"))]
    let _ = message;
}

/// Tells something that people should look after.
pub fn warn(message: &str) {
    #[cfg(target_arch = "wasm32")]
    crate::wit::log::write(crate::wit::log::Level::Warn, message);
    #[cfg(not(target_arch = "wasm32"))]
    let _ = message;
}
