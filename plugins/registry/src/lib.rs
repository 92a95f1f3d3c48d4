//! The container registry: where the image is pushed to and pulled from, and how to log in.

pub mod check;
pub mod describe;
pub mod settings;
pub mod steps;

use check::check;
use describe::describe;
use settings::repository;
use steps::{plan, questions as observe};

struct Login;

windlass_sdk::implement!(Plugin for Login: describe, check, observe, plan);
windlass_sdk::implement!(Registry for Login: repository);
windlass_sdk::export!(registry: Login);
