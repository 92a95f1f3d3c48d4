//! The caddy plugin: a proxy as a third party would write it, by other means than the bundled
//! one. No labels and no cord: Caddy serves what files say.
//!
//! * One Caddy per host, on a network of its own that the app's containers join. Each new
//!   container has an alias there that no other ever has, so a file can name it before it
//!   runs, and the name outlives renames and reboots.
//! * A *site* file per role says how it is served, and changes with deploy.yml. Caddy takes
//!   it up by a reload, which does nothing if nothing changed.
//! * A *route* file per role names the container that serves. Caddy reads it for each request:
//!   replacing the file is the switch. A reload would not do for that: Caddy closes the idle
//!   connections of its clients then, and under load some requests are lost.

mod boot;
pub mod commands;
#[cfg(target_arch = "wasm32")]
mod component;
pub mod describe;
mod files;
pub mod observe;
pub mod settings;
pub mod traffic;
#[cfg(test)]
mod traffic_tests;
