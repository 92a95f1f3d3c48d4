//! The traefik plugin: a reverse proxy that finds containers by their labels, as Kamal 1.9
//! runs it.

mod api;
mod boot;
pub mod check;
pub mod commands;
#[cfg(target_arch = "wasm32")]
mod component;
mod conflict;
mod container;
pub mod contribute;
mod cords;
pub mod describe;
mod downgrade;
mod drain;
mod log;
pub mod observe;
mod reboot;
mod route;
mod settings;
pub mod traffic;
