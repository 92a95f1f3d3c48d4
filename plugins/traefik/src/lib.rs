//! The traefik plugin: a reverse proxy that finds containers by their labels, as Kamal 1.9
//! runs it.

mod api;
mod boot;
pub mod check;
pub mod commands;
mod conflict;
mod container;
pub mod contribute;
mod cords;
pub mod describe;
mod downgrade;
mod drain;
pub mod observe;
mod operation;
mod reboot;
mod role_move;
mod route;
mod settings;
mod tidy;
pub mod traffic;

use check::check;
use commands::plan;
use contribute::contribute;
use describe::describe;
use observe::questions as observe;
use settings::routes;
use traffic::traffic;

/// The plugin.
pub struct Traefik;

windlass_sdk::implement!(Plugin for Traefik: describe, check, observe, plan);
windlass_sdk::implement!(Proxy for Traefik: routes, contribute, traffic);
windlass_sdk::export!(proxy: Traefik);
